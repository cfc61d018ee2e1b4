// SPDX-License-Identifier: MIT
// Which jobs cost the most: time, trust, nerves.
import type {ComponentChildren} from 'preact';
import {count, duration, percent, withoutEmoji} from '../format';
import {buildPath} from '../router';
import type {JobSum, Pipeline} from '../types';
import {Ago} from './time';

function List({title, hint, heads, none, children}: {title: string; hint: string; heads: string[]; none: string; children: ComponentChildren[]}) {
	return (
		<section class="card jobs">
			<h2 data-tip={hint}>{title}</h2>
			{children.length === 0 ? <p class="muted">{none}</p> : (
				<table>
					<thead><tr>{heads.map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
					<tbody>{children}</tbody>
				</table>
			)}
		</section>
	);
}

/* How much of the worst, as a bar behind the name. */
const Share = ({of}: {of: number}) => <i class="share" style={{width: `${Math.round(100 * of)}%`}} />;

const Name = ({of: {name, group}, share}: {of: JobSum; share: number}) => (
	<th scope="row"><Share of={share} /><span data-tip={group ? `${group} / ${name}` : name}>{withoutEmoji(name)}</span></th>
);

const keyOf = (j: JobSum) => `${j.group ?? ''}/${j.name}`;
const most = (jobs: JobSum[], read: (j: JobSum) => number | null | undefined) => Math.max(1, ...jobs.map((j) => read(j) ?? 0));

function Slowest({jobs}: {jobs: JobSum[]}) {
	const top = most(jobs, (j) => j.p90_ms);
	return (
		<List title="Slowest jobs" hint="By the time within which nine of ten end" heads={['Job', 'Runs', 'Median', 'p90']} none="No job ran in this window.">
			{jobs.map((j) => (
				<tr key={keyOf(j)}><Name of={j} share={(j.p90_ms ?? 0) / top} /><td>{count(j.runs)}</td><td>{duration(j.p50_ms)}</td><td>{duration(j.p90_ms)}</td></tr>
			))}
		</List>
	);
}

function Flakiest({jobs}: {jobs: JobSum[]}) {
	const top = most(jobs, (j) => j.flakes);
	return (
		<List title="Flakiest jobs" hint="Failed and passed on one commit" heads={['Job', 'Flakes', 'Runs', 'Last']} none="No job failed and passed on one commit.">
			{jobs.map((j) => (
				<tr key={keyOf(j)}><Name of={j} share={j.flakes / top} /><td>{count(j.flakes)}</td><td>{count(j.runs)}</td>
					<td>{j.last ? <a href={buildPath(j.last.id)}><Ago at={j.last.at} short /></a> : '–'}</td></tr>
			))}
		</List>
	);
}

function Failing({jobs}: {jobs: JobSum[]}) {
	const top = most(jobs, (j) => j.failures);
	return (
		<List title="Most failing jobs" hint="By how often they failed" heads={['Job', 'Failures', 'Rate']} none="No job failed in this window.">
			{jobs.map((j) => (
				<tr key={keyOf(j)}><Name of={j} share={j.failures / top} /><td>{count(j.failures)}</td><td>{percent(j.failures / Math.max(1, j.runs))}</td></tr>
			))}
		</List>
	);
}

export function JobLists({pipeline: {slowest_jobs, flakiest_jobs, failing_jobs, jobs_of}}: {pipeline: Pipeline}) {
	return (
		<>
			<div class="three"><Slowest jobs={slowest_jobs} /><Flakiest jobs={flakiest_jobs} /><Failing jobs={failing_jobs} /></div>
			{jobs_of && !jobs_of.whole && <p class="muted">Of jobs, the newest {count(jobs_of.builds)} builds of the window are counted.</p>}
		</>
	);
}
