// SPDX-License-Identifier: MIT
// The last builds: height is duration, colour, fill and a mark beneath are the result, what runs moves and grows.
import {now, useClock} from '../clock';
import {duration, isRed, said, shortTime, word} from '../format';
import {buildPath, navigate} from '../router';
import type {Bar} from '../types';

const SHOWN = 30;

const lasts = (bar: Bar) => bar.duration_ms ?? (bar.started_at && bar.state !== 'finished' ? Math.max(0, now() - bar.started_at) : null);

/* One build that hung all night must not flatten the others: from twice the median on, all are as high. */
function highest(bars: Bar[]): number {
	const all = bars.map(lasts).filter((ms): ms is number => ms != null).sort((a, b) => a - b);
	return all.length ? Math.max(1, Math.min(all[all.length - 1], 2 * all[all.length >> 1])) : 1;
}

function summary(bars: Bar[]): string {
	const counts = new Map<string, number>();
	for (const bar of bars) counts.set(said[word(bar)], (counts.get(said[word(bar)]) ?? 0) + 1);
	return `Last ${bars.length} builds: ${[...counts].map(([w, n]) => `${n} ${w}`).join(', ')}`;
}

function open(event: MouseEvent) {
	const id = (event.target as HTMLElement).closest<HTMLElement>('[data-id]')?.dataset.id;
	if (!id) return;
	if (event.metaKey || event.ctrlKey) window.open(buildPath(id), '_blank', 'noopener');
	else navigate(buildPath(id));
}

/* Not a component: of 200 pipelines there are 6000. */
function oneBar(bar: Bar, top: number) {
	const ms = lasts(bar);
	const w = word(bar);
	const height = ms == null ? 8 : Math.max(8, Math.min(100, (100 * ms) / top));
	const tip = `#${bar.number} ${said[w]}${ms == null ? '' : ` · ${duration(ms)}`}\n${shortTime(bar.started_at ?? bar.created_at)}`;
	return <i key={bar.id} class={`bar b-${w}${isRed(w) ? ' red' : ''}`} style={{'--height': `${height.toFixed(1)}%`}} data-id={bar.id} data-tip={tip} />;
}

export function Bars({bars}: {bars: Bar[]}) {
	const running = bars.some((bar) => bar.state === 'running');
	useClock((t) => (running ? t : 0), running);
	const shown = bars.slice(-SHOWN);
	const top = highest(shown);
	if (shown.length === 0) return <span class="none">no builds</span>;
	return (
		<span class="bars" role="img" aria-label={summary(shown)} onClick={open}>
			{shown.map((bar) => oneBar(bar, top))}
		</span>
	);
}
