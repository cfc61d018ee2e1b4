// SPDX-License-Identifier: MIT
// The overview as a build changes it, ahead of the server's own figures.
import {isRed, word} from './format';
import {pipelineOf} from './router';
import type {Bar, Build, Figures, Overview, Red} from './types';

const BARS = 30;

/* Where a provider names no default branch, main and master are it. */
const isDefault = ({branch, default_branch}: Build) => (default_branch ? branch === default_branch : branch === 'main' || branch === 'master');

export const onBranch = (build: Build, branch: string) =>
	branch === 'all' || (branch === 'default' ? isDefault(build) : build.branch === branch);

const barOf = ({id, number, state, result, created_at, started_at, duration_ms}: Build): Bar =>
	({id, number, state, result, created_at, started_at, duration_ms});

function withBar(bars: Bar[], build: Build): Bar[] {
	const at = bars.findIndex((bar) => bar.id === build.id);
	if (at >= 0) return bars.map((bar, i) => (i === at ? barOf(build) : bar));
	const newer = bars.findIndex((bar) => (bar.created_at ?? 0) > (build.created_at ?? 0));
	const all = newer < 0 ? [...bars, barOf(build)] : [...bars.slice(0, newer), barOf(build), ...bars.slice(newer)];
	return all.slice(-BARS);
}

function redAfter(red: Red | null | undefined, build: Build): Red | null {
	const w = word(build);
	if (w === 'success') return null;
	if (red || !isRed(w)) return red ?? null;
	return {since: build.created_at ?? build.finished_at ?? 0, first: {id: build.id, number: build.number, url: build.url}, last_green_at: null};
}

export function withBuild(figures: Figures, build: Build): Figures {
	const newest = !figures.last || (build.created_at ?? 0) >= (figures.last.created_at ?? 0);
	return {
		...figures,
		bars: withBar(figures.bars, build),
		last: newest ? build : figures.last,
		red: newest ? redAfter(figures.red, build) : figures.red,
	};
}

/* Rows that say the same as before stay the same objects, so that only the others are drawn anew. */
export function keepSame(before: Figures[], after: Figures[]): Figures[] {
	const known = new Map(before.map((row) => [row.id, row]));
	return after.map((row) => {
		const old = known.get(row.id);
		return old && (old === row || JSON.stringify(old) === JSON.stringify(row)) ? old : row;
	});
}

/* The server's figures of some pipelines in place of what was shown. */
export function withRows(overview: Overview, rows: Figures[]): Overview {
	const fresh = new Map(rows.map((row) => [row.id, row]));
	return {...overview, pipelines: overview.pipelines.map((p) => fresh.get(p.id) ?? p)};
}

export function withBuilds(overview: Overview, builds: Build[]): Overview {
	const byPipeline = new Map<string, Build[]>();
	for (const build of builds) {
		const id = pipelineOf(build.id);
		byPipeline.set(id, [...(byPipeline.get(id) ?? []), build]);
	}
	return {
		...overview,
		pipelines: overview.pipelines.map((p) => (byPipeline.get(p.id) ?? []).reduce(withBuild, p)),
	};
}
