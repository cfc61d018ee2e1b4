// SPDX-License-Identifier: MIT
// From the sources through the hub to the sinks, with what holds each of them up.
import type {ComponentChildren} from 'preact';
import {bytes, coarse, count, duration} from '../format';
import type {Bus, Sink, Source} from '../types';

const SLOW_MS = 10000;
const NO_LIMIT = 1000000; // requests a minute: more than anybody asks

type Tone = 'good' | 'fair' | 'bad';
const marks: Record<Tone, string> = {good: '●', fair: '◐', bad: '✕'};

function Node({title, tone, word, children}: {title: string; tone: Tone; word: string; children: ComponentChildren}) {
	return (
		<li class="node card">
			<h3><span class={`l-${tone}`} aria-hidden="true">{marks[tone]}</span> {title} <span class={`l-${tone} node-word`}>{word}</span></h3>
			<dl>{children}</dl>
		</li>
	);
}

const Row = ({name, value, bad}: {name: string; value: string; bad?: boolean}) => <div><dt>{name}</dt><dd class={`num${bad ? ' l-bad' : ''}`}>{value}</dd></div>;

const budget = (perMinute: number, unit = '') => (perMinute >= NO_LIMIT ? 'no limit' : `${count(perMinute)}${unit}`);

function SourceNode({source: s}: {source: Source}) {
	const bad = (s.failing ?? 0) > 0;
	const workers = s.workers?.length ?? 0;
	return (
		<Node title={s.name} tone={bad ? 'bad' : workers ? 'good' : 'fair'} word={bad ? 'failing' : workers ? 'fetching' : 'nobody fetches'}>
			<Row name="Targets" value={count(s.targets)} />
			<Row name="Failing" value={count(s.failing)} bad={bad} />
			<Row name="Open builds" value={count(s.open)} />
			<Row name="Overdue" value={s.overdue_ms == null ? '–' : coarse(s.overdue_ms)} />
			<Row name="Budget a minute" value={s.budget_per_min == null ? '–' : budget(s.budget_per_min)} />
			{s.workers?.map((w) => <Row key={w.worker} name={w.worker} value={w.budget_per_min == null ? 'at work' : budget(w.budget_per_min, '/min')} />)}
		</Node>
	);
}

function SinkNode({sink: s}: {sink: Sink}) {
	const slow = (s.lag_ms ?? 0) > SLOW_MS;
	const tone = !s.attached || s.lapsed ? 'bad' : slow ? 'fair' : 'good';
	return (
		<Node title={s.name} tone={tone} word={s.lapsed ? 'lapsed' : !s.attached ? 'absent' : slow ? 'behind' : 'up to date'}>
			<Row name="Lag" value={`${count(s.lag_records)} records`} bad={slow} />
			<Row name="Lag in time" value={duration(s.lag_ms)} bad={slow} />
			<Row name="Position" value={count(s.position)} />
			<Row name="Dead letters" value={count(s.dead)} bad={(s.dead ?? 0) > 0} />
			<Row name="Seen" value={s.seen_ms_ago == null ? '–' : `${coarse(s.seen_ms_ago)} ago`} />
		</Node>
	);
}

function HubNode({bus}: {bus: Bus}) {
	const minute = bus.last_minute;
	const taking = bus.disk?.taking !== false;
	return (
		<Node title="normalizer" tone={taking ? 'good' : 'bad'} word={taking ? 'taking' : bus.disk?.why ?? 'not taking'}>
			<Row name="Log" value={count(bus.head)} />
			<Row name="Builds" value={count(bus.builds)} />
			<Row name="Open builds" value={count(bus.open)} />
			{minute && <Row name="Changed, last minute" value={count(minute.changed)} />}
			{minute && <Row name="Stored, last minute" value={count(minute.acked)} />}
			{bus.disk && <Row name="hub.db" value={bytes(bus.disk.db_bytes)} />}
			{bus.disk && <Row name="Disk free" value={bytes(bus.disk.free_bytes)} bad={!taking} />}
			<Row name="Up" value={duration(bus.uptime_ms)} />
		</Node>
	);
}

export function BusFlow({bus}: {bus: Bus}) {
	const sources = bus.sources ?? [];
	return (
		<div class="flow">
			<section aria-labelledby="sources"><h2 id="sources">Sources</h2>
				{sources.length ? <ul>{sources.map((s) => <SourceNode key={s.name} source={s} />)}</ul> : <p class="muted">No source is known.</p>}
			</section>
			<section aria-labelledby="hub"><h2 id="hub">Hub</h2><ul><HubNode bus={bus} /></ul></section>
			<section aria-labelledby="sinks"><h2 id="sinks">Sinks</h2>
				{bus.sinks.length ? <ul>{bus.sinks.map((s) => <SinkNode key={s.name} sink={s} />)}</ul> : <p class="muted">No sink has attached.</p>}
			</section>
		</div>
	);
}
