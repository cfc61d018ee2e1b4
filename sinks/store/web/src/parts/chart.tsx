// SPDX-License-Identifier: MIT
// Median and ninth tenth by day, drawn by uPlot; the figures of the day under the pointer stand in the head.
import {useEffect, useRef, useState} from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import {coarse, duration} from '../format';
import {useTheme} from '../theme';

const HEIGHT = 160;
const S = 1000, M = 60 * S, H = 60 * M;
const STEPS = [100, 200, 500, S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S, M, 2 * M, 5 * M, 10 * M, 15 * M, 30 * M, H, 2 * H, 6 * H, 12 * H, 24 * H, 48 * H];

const dayFormat = new Intl.DateTimeFormat(undefined, {month: 'short', day: 'numeric', timeZone: 'UTC'});
export const dayName = (day: string) => dayFormat.format(Date.parse(`${day}T00:00:00Z`));

export interface Series {
	days: string[];
	p50: (number | null)[];
	p90: (number | null)[];
}

/* On a grid of half hours 1h 30m must not read 1h. */
const onAxis = (ms: number) => (ms > H && ms % H ? `${Math.floor(ms / H)}h${Math.round((ms % H) / M)}` : coarse(ms));

/* The canvas knows no variables: what the browser makes of one is asked of an element. */
function colours(element: HTMLElement, names: string[]): string[] {
	const before = element.style.color;
	const found = names.map((name) => {
		element.style.color = `var(${name})`;
		return getComputedStyle(element).color;
	});
	element.style.color = before;
	return found;
}

const wash = (colour: string, alpha: number) => colour.replace(/rgba?\(([^,]+,[^,]+,[^,)]+).*\)/, `rgba($1, ${alpha})`);

function options(element: HTMLElement, onHover: (i: number | null) => void): uPlot.Options {
	const [accent, muted, line] = colours(element, ['--accent', '--muted', '--line']);
	const font = `11px ${getComputedStyle(element).fontFamily}`;
	const axis = {stroke: muted, font, grid: {stroke: line, width: 1}, ticks: {show: false}};
	return {
		width: element.clientWidth, height: HEIGHT, padding: [8, 6, 0, 0],
		legend: {show: false},
		cursor: {y: false, drag: {x: false, y: false}, points: {size: 6}, sync: {key: 'days'}},
		scales: {x: {time: true}, y: {range: (_, __, max) => [0, Math.max(S, max * 1.08)]}},
		axes: [
			{...axis, grid: {show: false}, space: 56, size: 26, values: (_, splits) => splits.map((s) => dayFormat.format(s * 1000))},
			{...axis, incrs: STEPS, space: 24, size: 44, values: (_, splits) => splits.map((ms) => (ms ? onAxis(ms) : '0'))},
		],
		series: [
			{},
			{stroke: wash(accent, 0.5), width: 1, dash: [3, 3], spanGaps: true, points: {show: false}},
			{stroke: accent, width: 1.8, spanGaps: true, points: {show: false}},
		],
		bands: [{series: [1, 2], fill: wash(accent, 0.1)}],
		hooks: {setCursor: [(plot) => onHover(plot.cursor.idx ?? null)]},
	};
}

export function Chart({title, series, p50, p90}: {title: string; series: Series; p50: number | null | undefined; p90: number | null | undefined}) {
	const element = useRef<HTMLDivElement>(null);
	const [hovered, setHovered] = useState<number | null>(null);
	const theme = useTheme();
	const key = JSON.stringify(series);

	useEffect(() => {
		const days = series.days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
		const plot = new uPlot(options(element.current!, setHovered), [days, series.p90, series.p50], element.current!);
		const observer = new ResizeObserver(([entry]) => plot.setSize({width: entry.contentRect.width, height: HEIGHT}));
		observer.observe(element.current!);
		return () => {
			observer.disconnect();
			plot.destroy();
		};
	}, [key, theme]);

	const at = hovered != null && series.days[hovered] ? hovered : null;
	const [middle, high] = at == null ? [p50, p90] : [series.p50[at], series.p90[at]];
	return (
		<figure class="card chart">
			<figcaption>
				<h2>{title}</h2>
				{at != null && <span class="muted">{dayName(series.days[at])}</span>}
				<span class="legend"><i class="solid" />median <b class="num">{duration(middle)}</b></span>
				<span class="legend"><i class="dashed" />p90 {high != null && <b class="num">{duration(high)}</b>}</span>
			</figcaption>
			<div ref={element} class="plot" role="img" aria-label={`${title} by day; median ${duration(p50)}, nine of ten within ${duration(p90)}`} />
		</figure>
	);
}
