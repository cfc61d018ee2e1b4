// SPDX-License-Identifier: MIT
// The median (line) and the ninth tenth (area) of each day.
import {duration} from '../format';
import type {Day} from '../types';

const WIDTH = 96, HEIGHT = 24, PAD = 2;

/* Days without builds are bridged: a line must not fall to a zero that never was. */
function points(days: Day[], read: (d: Day) => number | null | undefined, top: number): [number, number][] {
	const step = WIDTH / Math.max(1, days.length - 1);
	return days.flatMap((day, i): [number, number][] => {
		const ms = read(day);
		return ms == null ? [] : [[i * step, HEIGHT - PAD - ((HEIGHT - 2 * PAD) * Math.min(ms, top)) / top]];
	});
}

const line = (at: [number, number][]) => at.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/* One bad afternoon must not flatten two months: what is beyond is cut off. */
function highest(days: Day[]): number {
	const all = days.flatMap((d) => d.p90_ms ?? d.p50_ms ?? []).sort((a, b) => a - b);
	return all.length ? Math.max(1, Math.min(all[all.length - 1], 2 * all[all.length >> 1])) : 1;
}

export function Spark({days}: {days: Day[]}) {
	const top = highest(days);
	const median = points(days, (d) => d.p50_ms, top), tenth = points(days, (d) => d.p90_ms, top);
	if (median.length === 0) return null;
	const last = median[median.length - 1], first = tenth[0] ?? median[0], end = tenth[tenth.length - 1] ?? last;
	const values = days.flatMap((d) => d.p50_ms ?? []);
	return (
		<svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img"
			aria-label={`Median by day, from ${duration(values[0])} to ${duration(values[values.length - 1])}`}>
			{tenth.length > 1 && <path class="area" d={`${line(tenth)}L${end[0].toFixed(1)} ${HEIGHT}L${first[0].toFixed(1)} ${HEIGHT}Z`} />}
			<path class="line" d={line(median)} />
			<circle cx={last[0]} cy={last[1]} r="1.8" />
		</svg>
	);
}
