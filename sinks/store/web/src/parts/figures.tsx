// SPDX-License-Identifier: MIT
import {count, duration, level, percent} from '../format';
import type {Figures} from '../types';

function Figure({title, tip, value, tone}: {title: string; tip: string; value: string; tone?: string}) {
	return <div data-tip={tip}><dt>{title}</dt><dd class={`num ${tone ?? ''}`}>{value}</dd></div>;
}

export function FigureStrip({of, days}: {of: Figures; days: string}) {
	return (
		<dl class="figures">
			<Figure title="Success" tip="Passed of passed, failed, error and timed out" value={percent(of.success_rate)} tone={`l-${level(of.success_rate)}`} />
			<Figure title="Median" tip="Duration without the queue" value={duration(of.p50_ms)} />
			<Figure title="p90" tip="Nine of ten builds take no longer" value={duration(of.p90_ms)} />
			<Figure title="Queue" tip="Median time in the queue" value={duration(of.queue_p50_ms)} />
			<Figure title={`Builds, ${days} days`} tip="All of this window, also those that run" value={count(of.builds)} />
			<Figure title="A week" tip="Builds a week" value={count(of.builds_per_week == null ? null : Math.round(of.builds_per_week))} />
			<Figure title="Coverage" tip="Of the last build that passed" value={percent(of.coverage)} tone={`l-${level(of.coverage)}`} />
		</dl>
	);
}
