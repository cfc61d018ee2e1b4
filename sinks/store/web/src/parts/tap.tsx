// SPDX-License-Identifier: MIT
// Each version of each build as it passes.
import {useState} from 'preact/hooks';
import {duration, firstLine, word} from '../format';
import {buildPath} from '../router';
import type {Build} from '../types';
import {Badge} from './badge';

export const TAP_ROWS = 200;
export interface Passed { at: number; build: Build }

const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});

const Line = ({passed: {at, build: b}}: {passed: Passed}) => (
	<li>
		<time class="muted">{clock.format(at)}</time>
		<Badge word={word(b)} />
		<a href={buildPath(b.id)} data-row>{b.organization}/{b.pipeline} <span class="num">#{b.number}</span></a>
		<span class="muted tap-branch">{b.branch}</span>
		<span class="tap-message">{firstLine(b.message)}</span>
		<span class="num muted">{b.duration_ms == null ? '' : duration(b.duration_ms)}</span>
	</li>
);

export function Tap({passed}: {passed: Passed[]}) {
	const [frozen, freeze] = useState<Passed[] | null>(null);
	const shown = frozen ?? passed;
	return (
		<section aria-labelledby="tap">
			<div class="section-head">
				<h2 id="tap">Live tap</h2>
				<button type="button" class="button" aria-pressed={!!frozen} onClick={() => freeze(frozen ? null : passed)}>{frozen ? 'Go on' : 'Pause'}</button>
			</div>
			{shown.length === 0
				? <p class="card pad muted">Quiet. Each version of a build shows here as it is stored.</p>
				: <ol class="tap card">{shown.map((p) => <Line key={`${p.build.id} ${p.build.version}`} passed={p} />)}</ol>}
		</section>
	);
}
