// SPDX-License-Identifier: MIT
// What a build was made of, and the record itself.
import type {ComponentChildren} from 'preact';
import {useState} from 'preact/hooks';
import {count, duration, percent, said, time, word} from '../format';
import {pipelineOf, pipelinePath} from '../router';
import {safeUrl} from '../safe';
import type {Attempt, Build} from '../types';
import {Badge} from './badge';
import {Elapsed} from './time';

const Fact = ({title, children}: {title: string; children: ComponentChildren}) => <div><dt>{title}</dt><dd>{children}</dd></div>;

export function Out({href, children}: {href: string | null | undefined; children: ComponentChildren}) {
	const url = safeUrl(href);
	return url ? <a class="link" href={url} target="_blank" rel="noopener noreferrer">{children}</a> : <>{children}</>;
}

/* Where GitHub and those like it keep commits. */
const commitUrl = (b: Build) => (safeUrl(b.repository) && b.commit ? `${b.repository!.replace(/\.git$/, '')}/commit/${encodeURIComponent(b.commit)}` : null);

function tests(t: NonNullable<Build['tests']>): string {
	return [[t.total, ''], [t.failed, ' failed'], [t.skipped, ' skipped']].filter(([n]) => n).map(([n, w]) => `${count(n as number)}${w}`).join(', ') || '0';
}

export function Facts({build: b}: {build: Build}) {
	const author = b.author?.name ?? b.author?.login ?? b.author?.email;
	return (
		<dl class="facts card">
			{b.branch && <Fact title="Branch"><a class="link" href={`${pipelinePath(pipelineOf(b.id))}?branch=${encodeURIComponent(b.branch)}`}>{b.branch}</a></Fact>}
			{b.tag && <Fact title="Tag">{b.tag}</Fact>}
			{b.commit && <Fact title="Commit"><Out href={commitUrl(b)}><code>{b.commit.slice(0, 10)}</code></Out></Fact>}
			{author && <Fact title="Author">{author}</Fact>}
			{b.trigger && <Fact title="Trigger">{b.trigger.replace('_', ' ')}{b.pull_request != null && ` #${b.pull_request}`}</Fact>}
			<Fact title="Duration"><Elapsed from={b.state === 'finished' ? null : b.started_at} ms={b.duration_ms} /></Fact>
			<Fact title="Queue"><span class="num">{duration(b.queue_ms)}</span></Fact>
			{b.coverage != null && <Fact title="Coverage"><span class="num">{percent(b.coverage)}</span></Fact>}
			{b.tests?.total != null && <Fact title="Tests"><span class="num">{tests(b.tests)}</span></Fact>}
			<Fact title="Created"><span class="num">{time(b.created_at)}</span></Fact>
			{b.started_at != null && <Fact title="Started"><span class="num">{time(b.started_at)}</span></Fact>}
			{b.finished_at != null && <Fact title="Finished"><span class="num">{time(b.finished_at)}</span></Fact>}
			<Fact title={`${b.provider} says`}>{b.provider_state ?? '–'}</Fact>
		</dl>
	);
}

const AttemptItem = ({of}: {of: Attempt}) => (
	<li><span class="muted">Attempt {of.attempt}</span> <Badge word={word(of)} />
		<span class="num muted">{of.started_at != null && of.finished_at != null ? duration(of.finished_at - of.started_at) : ''}</span></li>
);

export function Attempts({attempts}: {attempts: Attempt[] | null | undefined}) {
	if (!attempts || attempts.length < 2) return null;
	return <ol class="attempts card" aria-label="Attempts">{attempts.map((a) => <AttemptItem key={a.attempt} of={a} />)}</ol>;
}

export function TheRecord({build}: {build: Build}) {
	const [open, setOpen] = useState(false);
	const [copied, setCopied] = useState(false);
	const text = open ? JSON.stringify(build, null, 2) : '';
	const copy = () => navigator.clipboard?.writeText(text).then(() => setCopied(true));
	return (
		<details class="record" onToggle={(e) => setOpen(e.currentTarget.open)}>
			<summary>The record, as every sink gets it</summary>
			{open && (
				<>
					<p class="record-tools">
						<button type="button" class="button" onClick={copy}>{copied ? 'Copied' : 'Copy'}</button>
						<a class="link" href={`/api/v1/builds/${encodeURIComponent(build.id)}`} target="_blank">From the API</a>
						<span class="muted">{said[word(build)]}, version {build.version}, {build.origin}</span>
					</p>
					<pre tabIndex={0}>{text}</pre>
				</>
			)}
		</details>
	);
}
