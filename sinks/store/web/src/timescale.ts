// SPDX-License-Identifier: MIT
// Time to place, 0..1. A night in which the build waited for a person is cut short, or nothing else could be seen.

const LONG = 0.2, LEFT = 0.05; // of the time in which something happened

export interface Span { from: number; to: number }
export interface Gap extends Span { at: number; width: number }
export interface Scale { place: (ms: number) => number; gaps: Gap[]; ticks: {at: number; ms: number}[] }

function merged(spans: Span[]): Span[] {
	const out: Span[] = [];
	for (const span of [...spans].sort((a, b) => a.from - b.from)) {
		const last = out[out.length - 1];
		if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
		else out.push({...span});
	}
	return out;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800].map((s) => s * 1000);

export function timescale(busy: Span[], from: number, to: number, tickCount = 7): Scale {
	const active = merged(busy.filter((s) => s.to >= s.from));
	const work = active.reduce((sum, s) => sum + s.to - s.from, 0) || to - from || 1;
	const cuts: (Span & {shown: number})[] = [];
	let before = from;
	for (const span of [...active, {from: to, to}]) {
		const length = span.from - before;
		if (length > LONG * work) cuts.push({from: before, to: span.from, shown: LEFT * work});
		before = Math.max(before, span.to);
	}
	const saved = cuts.reduce((sum, c) => sum + c.to - c.from - c.shown, 0);
	const total = Math.max(1, to - from - saved);
	const place = (ms: number) => {
		let at = Math.min(to, Math.max(from, ms)) - from;
		for (const cut of cuts) {
			if (ms >= cut.to) at -= cut.to - cut.from - cut.shown;
			else if (ms > cut.from) at -= (ms - cut.from) * (1 - cut.shown / (cut.to - cut.from));
		}
		return at / total;
	};
	const step = STEPS.find((s) => total / s <= tickCount) ?? STEPS[STEPS.length - 1];
	const ticks = [];
	for (let ms = 0; from + ms <= to && ticks.length < 4 * tickCount; ms += step) {
		const inCut = cuts.find((c) => from + ms > c.from && from + ms < c.to);
		if (inCut) ms = Math.floor((inCut.to - from) / step) * step;
		else ticks.push({at: place(from + ms), ms});
	}
	return {place, ticks, gaps: cuts.map((c) => ({...c, at: place(c.from), width: c.shown / total}))};
}
