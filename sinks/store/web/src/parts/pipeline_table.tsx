// SPDX-License-Identifier: MIT
import {memo} from './memo';
import {count, duration, firstLine, isRed, level, percent, word} from '../format';
import {buildPath, pipelinePath, setQuery} from '../router';
import type {Figures} from '../types';
import {Badge} from './badge';
import {Bars} from './bars';
import {PipelineName} from './pipeline_name';
import {Spark} from './spark';
import {Ago} from './time';

interface Column {
	key: string;
	title: string;
	tip?: string;
	/* What to sort by; text sorts upwards at first, numbers downwards. */
	by: (p: Figures) => string | number | null | undefined;
}

const name = (p: Figures) => `${p.organization ?? ''}/${p.pipeline}`.toLowerCase();
const columns: Column[] = [
	{key: 'name', title: 'Pipeline', by: name},
	{key: 'last', title: 'Last build', by: (p) => p.last?.created_at},
	{key: 'bars', title: 'Last 30', tip: 'Red builds first', by: (p) => p.bars.filter((b) => isRed(word(b))).length},
	{key: 'success', title: 'Success', by: (p) => p.success_rate},
	{key: 'week', title: 'A week', tip: 'Builds a week', by: (p) => p.builds_per_week},
	{key: 'p50', title: 'Median', tip: 'Median duration, without the queue', by: (p) => p.p50_ms},
	{key: 'p90', title: 'p90', tip: 'Nine of ten builds take no longer', by: (p) => p.p90_ms},
	{key: 'queue', title: 'Queue', tip: 'Median time in the queue', by: (p) => p.queue_p50_ms},
	{key: 'coverage', title: 'Coverage', by: (p) => p.coverage},
];

function sorted(pipelines: Figures[], key: string, down: boolean): Figures[] {
	const column = columns.find((c) => c.key === key) ?? columns[0];
	const turn = down ? -1 : 1;
	return [...pipelines].sort((a, b) => {
		const x = column.by(a), y = column.by(b);
		if (x == null || y == null) return x == null ? (y == null ? 0 : 1) : -1;
		return (x < y ? -turn : x > y ? turn : 0) || (name(a) < name(b) ? -1 : 1);
	});
}

function Head({sort, down}: {sort: string; down: boolean}) {
	const choose = (key: string) => {
		const text = key === 'name';
		const to = key === sort ? !down : !text;
		setQuery({sort: key === 'name' && !to ? null : key, down: to === !text ? null : to ? '1' : '0'});
	};
	return (
		<div role="rowgroup" class="thead">
			<div role="row" class="tr">
				{columns.map((c) => (
					<div key={c.key} role="columnheader" class={`c-${c.key}`} aria-sort={c.key === sort ? (down ? 'descending' : 'ascending') : undefined}>
						{c.key === 'p50' && <span class="trend" data-tip="Median and p90 of each day">Trend</span>}
						<button type="button" onClick={() => choose(c.key)} data-tip={c.tip}>{c.title}</button>
					</div>
				))}
			</div>
		</div>
	);
}

const LastBuild = ({p}: {p: Figures}) =>
	p.last ? (
		<>
			<a class="last" href={buildPath(p.last.id)} data-tip={firstLine(p.last.message) || undefined}>
				<Badge word={word(p.last)} /> <span class="num">#{p.last.number}</span>
			</a>
			<span class="muted"><Ago at={p.last.finished_at ?? p.last.started_at ?? p.last.created_at} /></span>
		</>
	) : <span class="none">no builds</span>;

const Row = memo(function Row({p}: {p: Figures}) {
	return (
		<div role="row" class={`tr${p.red ? ' is-red' : ''}`} data-pipeline={p.id}>
			<div role="rowheader" class="c-name">
				<a href={pipelinePath(p.id)} data-row><PipelineName of={p} /></a>
				<span class="provider">{p.provider}</span>
			</div>
			<div role="cell" class="c-last"><LastBuild p={p} /></div>
			<div role="cell" class="c-bars"><Bars bars={p.bars} /></div>
			<div role="cell" class={`c-success num l-${level(p.success_rate)}`}>{percent(p.success_rate)}</div>
			<div role="cell" class="c-week num">{count(p.builds_per_week == null ? null : Math.round(p.builds_per_week))}</div>
			<div role="cell" class="c-p50 num"><Spark days={p.days} /><span class="value">{duration(p.p50_ms)}</span></div>
			<div role="cell" class="c-p90 num">{duration(p.p90_ms)}</div>
			<div role="cell" class="c-queue num">{duration(p.queue_p50_ms)}</div>
			<div role="cell" class={`c-coverage num l-${level(p.coverage)}`}>{percent(p.coverage)}</div>
		</div>
	);
});

const groupings: Record<string, (p: Figures) => string> = {
	organization: (p) => p.organization ?? 'no organization',
	provider: (p) => p.provider,
	status: (p) => (p.red ? 'Red' : p.last?.state === 'finished' ? 'Not red' : p.last ? 'At work' : 'Never built'),
};

function grouped(pipelines: Figures[], by: string | null): [string, Figures[]][] {
	const key = groupings[by ?? ''];
	if (!key) return [['', pipelines]];
	const groups = new Map<string, Figures[]>();
	for (const p of pipelines) groups.set(key(p), [...(groups.get(key(p)) ?? []), p]);
	return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function PipelineTable({pipelines, query}: {pipelines: Figures[]; query: URLSearchParams}) {
	const sort = query.get('sort') ?? 'name';
	const down = query.has('down') ? query.get('down') === '1' : sort !== 'name';
	return (
		<div role="table" class="table pipelines" aria-label="Pipelines">
			<Head sort={sort} down={down} />
			{grouped(sorted(pipelines, sort, down), query.get('group')).map(([title, rows]) => (
				<div key={title} role="rowgroup" class="tbody" aria-label={title || undefined}>
					{title && <div role="row" class="group"><div role="cell">{title} <span class="muted">{rows.length}</span></div></div>}
					{rows.map((p) => <Row key={p.id} p={p} />)}
				</div>
			))}
		</div>
	);
}
