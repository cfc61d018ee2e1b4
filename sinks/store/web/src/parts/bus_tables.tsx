// SPDX-License-Identifier: MIT
import {coarse, count} from '../format';
import type {Bus, DeadLetter, Target} from '../types';
import {Ago} from './time';

export function Problems({bus}: {bus: Bus}) {
	const problems = bus.problems ?? [];
	if (problems.length === 0) return null;
	return (
		<section class="red-now" role="alert" aria-labelledby="problems">
			<h2 id="problems">{problems.length === 1 ? 'Something is stuck' : `${problems.length} things are stuck or slow`}</h2>
			<ul class="problems">{problems.map((p) => <li key={p.code + p.where}><b>{p.where}</b> {p.text}</li>)}</ul>
		</section>
	);
}

const TargetRow = ({of: t}: {of: Target}) => (
	<tr>
		<th scope="row">{t.target}</th>
		<td data-title="Lease">{t.lease ? t.lease.worker ?? 'leased' : <span class="muted">–</span>}</td>
		<td class="num" data-title="Due">{t.due_in_ms == null ? '–' : t.due_in_ms <= 0 ? 'now' : `in ${coarse(t.due_in_ms)}`}</td>
		<td class="num" data-title="Visited">{t.visited_ms_ago == null ? 'never' : `${coarse(t.visited_ms_ago)} ago`}</td>
		<td class="num" data-title="Open">{count(t.open)}</td>
		<td class="wide l-bad">{t.last_error}</td>
	</tr>
);

export function Targets({targets}: {targets: Target[]}) {
	const sorted = [...targets].sort((a, b) => Number(!!b.last_error) - Number(!!a.last_error) || (a.target < b.target ? -1 : 1));
	return (
		<section aria-labelledby="targets">
			<h2 id="targets">Targets and leases</h2>
			{targets.length === 0 ? <p class="card pad muted">No target yet: a fetcher publishes them when it has asked its provider.</p> : (
				<div class="card plain" tabIndex={0} role="region" aria-labelledby="targets">
					<table>
						<thead><tr>{['Target', 'Lease', 'Due', 'Visited', 'Open', 'Last error'].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
						<tbody>{sorted.map((t) => <TargetRow key={t.target} of={t} />)}</tbody>
					</table>
				</div>
			)}
		</section>
	);
}

export function DeadLetters({letters}: {letters: DeadLetter[]}) {
	return (
		<section aria-labelledby="dead">
			<h2 id="dead">Dead letters</h2>
			{letters.length === 0 ? <p class="card pad muted">None: everything that came could be read and stored.</p> : (
				<>
					<div class="card plain" tabIndex={0} role="region" aria-labelledby="dead">
						<table>
							<thead><tr>{['Number', 'When', 'Stage', 'From or to', 'Key', 'Times', 'Why'].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
							<tbody>
								{letters.map((l) => (
									<tr key={l.number}>
										<th scope="row" class="num">{l.number}</th><td><Ago at={l.at} /></td><td data-title="Stage">{l.stage ?? '–'}</td><td>{l.target ?? '–'}</td>
										<td data-title="Key">{l.key ?? '–'}</td><td class="num" data-title="Times">{count(l.times)}</td><td class="wide">{l.reason}</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
					<p class="muted hint"><code>buildbus dead show NUMBER</code> prints one, <code>buildbus dead retry NUMBER</code> sends it again.</p>
				</>
			)}
		</section>
	);
}
