// SPDX-License-Identifier: MIT
// Jobs over time: the pale part is the queue, the full part the run.
import {useState} from 'preact/hooks';
import {useClock} from '../clock';
import {coarse, duration, isRed, said, withoutEmoji, word, type Word} from '../format';
import {grouped, partsOf, type Row} from '../jobs';
import {safeUrl} from '../safe';
import {timescale, type Scale, type Span} from '../timescale';
import type {Build, Job} from '../types';
import {Glyph} from './badge';

const plainName = (job: Job) => withoutEmoji(job.name) || job.kind || 'job';
const wordOf = (job: Job): Word => (job.kind === 'approval' && job.state !== 'finished' ? 'blocked' : word(job));
const seriousness: Word[] = ['success', 'skip', 'gone', 'cancellation', 'queued', 'blocked', 'running', 'timeout', 'error', 'failure'];
const worst = (jobs: Job[]) => jobs.filter((j) => !j.superseded).map(wordOf).reduce((a, b) => (seriousness.indexOf(b) > seriousness.indexOf(a) ? b : a), 'success');

function tipOf(job: Job): string {
	const runner = [job.runner?.name, job.runner?.queue, job.runner?.class].filter(Boolean).join(' · ');
	return [
		`${plainName(job)}${job.parallel ? ` ${(job.parallel.index ?? 0) + 1}/${job.parallel.total}` : ''}`,
		`${said[wordOf(job)]}${job.exit_status ? ` (exit ${job.exit_status})` : ''}${job.soft_failed ? ', allowed to fail' : ''}${job.superseded ? ', retried' : ''}`,
		job.queue_ms == null ? '' : `queued ${duration(job.queue_ms)}`,
		job.duration_ms == null ? '' : `ran ${duration(job.duration_ms)}`,
		runner,
	].filter(Boolean).join('\n');
}

function Strip({job, scale, now}: {job: Job; scale: Scale; now: number}) {
	const {queue, run} = partsOf(job, now);
	const box = (span: Span) => {
		const left = scale.place(span.from), width = scale.place(span.to) - left;
		return {left: `${(100 * left).toFixed(3)}%`, width: `max(2px, ${(100 * width).toFixed(3)}%)`};
	};
	return (
		<span class={`strip b-${wordOf(job)}${job.superseded ? ' superseded' : ''}`} data-tip={tipOf(job)}>
			{queue && <i class="wait" style={box(queue)} />}
			{run && <i class="run" style={box(run)} />}
		</span>
	);
}

function Tags({job}: {job: Job}) {
	return (
		<>
			{job.superseded && <span class="tag">retried</span>}
			{(job.attempt ?? 1) > 1 && <span class="tag">attempt {job.attempt}</span>}
			{job.soft_failed && <span class="tag">may fail</span>}
			{job.exit_status ? <span class="tag red">exit {job.exit_status}</span> : null}
		</>
	);
}

function JobName({job, indent}: {job: Job; indent: boolean}) {
	const name = indent && job.parallel ? `${(job.parallel.index ?? 0) + 1} of ${job.parallel.total}` : plainName(job);
	const url = safeUrl(job.url);
	return url ? <a href={url} target="_blank" rel="noopener noreferrer" data-row>{name}</a> : <span>{name}</span>;
}

const lastsOf = (job: Job, now: number) => job.duration_ms ?? (job.started_at && job.state !== 'finished' ? now - job.started_at : null);

function JobRow({job, scale, now, indent = false}: {job: Job; scale: Scale; now: number; indent?: boolean}) {
	return (
		<div role="row" class={`lane${indent ? ' indent' : ''}${isRed(wordOf(job)) && !job.superseded && !job.soft_failed ? ' is-red' : ''}`} data-job={job.id}>
			<div role="rowheader" class="lane-name"><Glyph word={wordOf(job)} /><span class="unseen">{said[wordOf(job)]}</span><JobName job={job} indent={indent} /><Tags job={job} /></div>
			<div role="cell" class="lane-track"><Strip job={job} scale={scale} now={now} /></div>
			<div role="cell" class="lane-runner muted">{job.runner?.name ?? job.runner?.queue ?? ''}</div>
			<div role="cell" class="lane-queue num muted">{duration(job.queue_ms)}</div>
			<div role="cell" class="lane-time num">{duration(lastsOf(job, now))}</div>
		</div>
	);
}

function ParallelRow({row, scale, now}: {row: Row; scale: Scale; now: number}) {
	const w = worst(row.jobs);
	const [open, setOpen] = useState(false);
	const longest = Math.max(...row.jobs.map((j) => lastsOf(j, now) ?? 0));
	const failed = row.jobs.filter((j) => !j.superseded && isRed(wordOf(j))).length;
	return (
		<>
			<div role="row" class={`lane parallel${isRed(w) ? ' is-red' : ''}`}>
				<div role="rowheader" class="lane-name">
					<Glyph word={w} /><span class="unseen">{said[w]}</span>
					<button type="button" aria-expanded={open} onClick={() => setOpen(!open)} data-row>{plainName(row.jobs[0])} <span class="muted">× {row.jobs.length}</span> <span class="arrow" aria-hidden="true">{open ? '▾' : '▸'}</span></button>
					{failed > 0 && <span class="tag red">{failed} failed</span>}
				</div>
				<div role="cell" class="lane-track stacked">{row.jobs.map((job) => <Strip key={job.id} job={job} scale={scale} now={now} />)}</div>
				<div role="cell" class="lane-runner" />
				<div role="cell" class="lane-queue" />
				<div role="cell" class="lane-time num" data-tip="The longest">{duration(longest)}</div>
			</div>
			{open && row.jobs.map((job) => <JobRow key={job.id} job={job} scale={scale} now={now} indent />)}
		</>
	);
}

function Axis({scale}: {scale: Scale}) {
	return (
		<div role="row" class="lane axis">
			<div role="columnheader" class="lane-name">Job</div>
			<div role="columnheader" class="lane-track">
				<span class="unseen">Queue and run over time</span>
				{scale.ticks.map((tick) => <span key={tick.ms} class="tick" aria-hidden="true" style={{left: `${100 * tick.at}%`}}>{tick.ms ? coarse(tick.ms) : '0'}</span>)}
			</div>
			<div role="columnheader" class="lane-runner">Runner</div>
			<div role="columnheader" class="lane-queue">Queue</div>
			<div role="columnheader" class="lane-time">Run</div>
		</div>
	);
}

function Grid({scale}: {scale: Scale}) {
	return (
		<div class="lane grid" aria-hidden="true">
			<div /><div class="lane-track">
				{scale.ticks.map((tick) => <i key={tick.ms} style={{left: `${100 * tick.at}%`}} />)}
				{scale.gaps.map((gap) => <b key={gap.from} style={{left: `${100 * gap.at}%`, width: `${100 * gap.width}%`}} data-tip={`Nothing happened for ${duration(gap.to - gap.from)}`} />)}
			</div><div class="lane-runner" /><div class="lane-queue" /><div />
		</div>
	);
}

function scaleOf(build: Build, jobs: Job[], now: number): Scale {
	const busy = jobs.filter((j) => j.kind !== 'approval').flatMap((j) => {
		const {queue, run} = partsOf(j, now);
		return [queue, run].filter((s): s is Span => s !== null);
	});
	const from = Math.min(...busy.map((s) => s.from), build.created_at ?? Infinity);
	const to = Math.max(...busy.map((s) => s.to), build.finished_at ?? (build.state === 'finished' ? 0 : now));
	return timescale(busy, Number.isFinite(from) ? from : to, to);
}

export function Waterfall({build}: {build: Build}) {
	const jobs = build.jobs ?? [];
	const live = build.state !== 'finished';
	const now = useClock((t) => (live ? t : 0), live) || Date.now();
	if (jobs.length === 0) return <p class="card pad muted">{live ? 'No job has come up yet.' : 'The provider told of no jobs.'}</p>;
	const scale = scaleOf(build, jobs, now);
	return (
		<div role="table" class="card waterfall" aria-label="Jobs">
			<Grid scale={scale} />
			<div role="rowgroup"><Axis scale={scale} /></div>
			{grouped(jobs).map((group, i) => (
				<div key={i} role="rowgroup" class="lane-group" aria-label={group.name ?? undefined}>
					{group.name && <div role="row" class="lane-title"><div role="cell">{group.name}</div></div>}
					{group.rows.map((row) => row.jobs.length > 1
						? <ParallelRow key={row.key} row={row} scale={scale} now={now} />
						: <JobRow key={row.key} job={row.jobs[0]} scale={scale} now={now} />)}
				</div>
			))}
		</div>
	);
}
