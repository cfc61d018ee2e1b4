// SPDX-License-Identifier: MIT
// Builds by day and result; what is red stands on the ground, where it can be compared.
import {count, percent, said} from '../format';
import type {Day, Result} from '../types';
import {dayName} from './chart';
import {Glyph} from './badge';

const ORDER: Result[] = ['failure', 'error', 'timeout', 'cancellation', 'skip', 'success'];
const HEIGHT = 146;

function Column({day, top}: {day: Day; top: number}) {
	const present = ORDER.filter((r) => day.results?.[r]);
	const tip = `${dayName(day.day)}: ${day.builds} builds\n${present.map((r) => `${day.results![r]} ${said[r]}`).join('\n')}`;
	return (
		<span class="mix-day" data-tip={tip}>
			{present.map((r) => <i key={r} class={`mix b-${r}`} style={{height: `${(HEIGHT * day.results![r]!) / top}px`}} />)}
		</span>
	);
}

export function Mix({days, results}: {days: Day[]; results: Partial<Record<Result, number>>}) {
	const top = Math.max(1, ...days.map((d) => ORDER.reduce((sum, r) => sum + (d.results?.[r] ?? 0), 0)));
	const total = ORDER.reduce((sum, r) => sum + (results[r] ?? 0), 0);
	const present = ['success', ...ORDER.slice(0, -1)].filter((r) => results[r as Result]) as Result[];
	return (
		<figure class="card chart">
			<figcaption><h2>Results</h2></figcaption>
			<div class="mix-days" role="img" aria-label={`Results by day: ${present.map((r) => `${results[r]} ${said[r]}`).join(', ')}`}>
				{days.map((day) => <Column key={day.day} day={day} top={top} />)}
			</div>
			<ul class="mix-legend">
				{present.map((r) => (
					<li key={r}><Glyph word={r} /> {said[r]} <b class="num">{count(results[r])}</b> <span class="muted num">{percent(results[r]! / total)}</span></li>
				))}
			</ul>
		</figure>
	);
}
