// SPDX-License-Identifier: MIT
// Which jobs cost the most: time, trust, nerves.
import type {ComponentChildren} from 'preact';
import {count, duration, percent, withoutEmoji} from '../format';
import {buildPath} from '../router';
import type {Pipeline} from '../types';
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

const Name = ({name, group, share}: {name: string; group?: string | null; share: number}) => (
	<th scope="row"><Share of={share} /><span data-tip={group ? `${group} / ${name}` : name}>{withoutEmoji(name)}</span></th>
);

export function JobLists({pipeline}: {pipeline: Pipeline}) {
	const {slowest_jobs: slow = [], flakiest_jobs: flaky = [], failing_jobs: failing = []} = pipeline;
	const most = (values: number[]) => Math.max(1, ...values);
	const slowest = most(slow.map((j) => j.p50_ms ?? 0)), flakiest = most(flaky.map((j) => j.flakes)), worst = most(failing.map((j) => j.failures));
	return (
		<div class="three">
			<List title="Slowest jobs" hint="By their median duration" heads={['Job', 'Runs', 'Median', 'p90']} none="No job ran in this window.">
				{slow.map((j) => (
					<tr key={`${j.group}/${j.name}`}><Name name={j.name} group={j.group} share={(j.p50_ms ?? 0) / slowest} /><td>{count(j.runs)}</td><td>{duration(j.p50_ms)}</td><td>{duration(j.p90_ms)}</td></tr>
				))}
			</List>
			<List title="Flakiest jobs" hint="Failed and passed on one commit" heads={['Job', 'Flakes', 'Rate', 'Last']} none="No job failed and passed on one commit.">
				{flaky.map((j) => (
					<tr key={j.name}><Name name={j.name} share={j.flakes / flakiest} /><td>{count(j.flakes)}</td><td>{percent(j.flakes / Math.max(1, j.runs))}</td>
						<td>{j.last ? <a href={buildPath(j.last.id)}><Ago at={j.last.at} short /></a> : '–'}</td></tr>
				))}
			</List>
			<List title="Most failing jobs" hint="By how often they failed" heads={['Job', 'Failures', 'Rate']} none="No job failed in this window.">
				{failing.map((j) => (
					<tr key={j.name}><Name name={j.name} share={j.failures / worst} /><td>{count(j.failures)}</td><td>{percent(j.failures / Math.max(1, j.runs))}</td></tr>
				))}
			</List>
		</div>
	);
}
