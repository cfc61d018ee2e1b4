// SPDX-License-Identifier: MIT
// A build's jobs as the waterfall shows them: in their order, under their groups, parallel ones together.
import type {Span} from './timescale';
import type {Job} from './types';

export interface Row { key: string; jobs: Job[] }
export interface Group { name: string | null; rows: Row[] }

const parallelKey = (job: Job) => ((job.parallel?.total ?? 0) > 1 ? `${job.group ?? ''}/${job.name ?? ''}` : null);

export function grouped(jobs: Job[]): Group[] {
	const groups: Group[] = [];
	const together = new Map<string, Row>();
	for (const job of jobs) {
		if (job.kind === 'wait') continue;
		const shared = parallelKey(job);
		const row = shared === null ? undefined : together.get(shared);
		if (row) {
			row.jobs.push(job);
			continue;
		}
		const name = job.group ?? null;
		if (groups[groups.length - 1]?.name !== name || groups.length === 0) groups.push({name, rows: []});
		const made = {key: shared ?? job.id, jobs: [job]};
		if (shared !== null) together.set(shared, made);
		groups[groups.length - 1].rows.push(made);
	}
	return groups;
}

/* What a job did, and when: in the queue, at work, waiting for a person. */
export function partsOf(job: Job, now: number): {queue: Span | null; run: Span | null} {
	const ended = job.finished_at ?? (job.state === 'finished' ? job.started_at ?? job.queued_at : now);
	const from = job.queued_at ?? job.started_at;
	if (from == null || ended == null) return {queue: null, run: null};
	const begun = job.started_at ?? (job.kind === 'approval' ? from : null);
	return {
		queue: begun === null ? {from, to: Math.max(from, ended)} : begun > from ? {from, to: begun} : null,
		run: begun === null ? null : {from: begun, to: Math.max(begun, ended)},
	};
}
