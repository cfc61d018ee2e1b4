// SPDX-License-Identifier: MIT
// One build: what it was, and its jobs over time.
import {useEffect} from 'preact/hooks';
import {useJson} from '../api';
import {firstLine, word} from '../format';
import {useLive} from '../live';
import {buildPath, pipelineOf, pipelinePath} from '../router';
import type {Build, BuildList} from '../types';
import {Badge} from '../parts/badge';
import {Attempts, Facts, Out, TheRecord} from '../parts/facts';
import {PipelineName} from '../parts/pipeline_name';
import {Failed, Loading} from '../parts/states';
import {Ago} from '../parts/time';
import {Waterfall} from '../parts/waterfall';

function Neighbours({build, newest}: {build: Build; newest: number}) {
	const path = (n: number) => buildPath(`${pipelineOf(build.id)}/${n}`);
	return (
		<nav class="neighbours" aria-label="Builds before and after">
			{build.number > 1 && <a class="button" rel="prev" href={path(build.number - 1)}>← #{build.number - 1}</a>}
			{build.number < newest && <a class="button" rel="next" href={path(build.number + 1)}>#{build.number + 1} →</a>}
		</nav>
	);
}

const rest = (message: string) => message.slice(firstLine(message).length).trim();

function Head({build, newest}: {build: Build; newest: number}) {
	const message = build.message ?? '';
	return (
		<header class="head build-head">
			<div class="head-title">
				<p class="crumbs"><a href="/">Overview</a> / <a href={pipelinePath(pipelineOf(build.id))}><PipelineName of={build} /></a></p>
				<h1><Badge word={word(build)} /> <span class="num">#{build.number}</span> {firstLine(message) && <span class="subject">{firstLine(message)}</span>}</h1>
				{rest(message) && <p class="body">{rest(message)}</p>}
				<p class="head-last muted">
					<Ago at={build.finished_at ?? build.started_at ?? build.created_at} />
					<Out href={build.url}>Open at {build.provider} ↗</Out>
				</p>
			</div>
			<Neighbours build={build} newest={newest} />
		</header>
	);
}

export function BuildPage({id}: {id: string}) {
	const build = useJson<Build>(`/api/v1/builds/${encodeURIComponent(id)}`);
	const pipeline = pipelineOf(id);
	const newest = useJson<BuildList>(`/api/v1/builds?${new URLSearchParams({pipeline, branch: 'all', limit: '1'})}`);
	useLive(`/api/v1/events?pipeline=${encodeURIComponent(pipeline)}`, {
		builds: (came) => {
			const same = came.find((b) => b.id === id);
			if (same) {
				build.patch((old) => ({...old, ...same, jobs: same.jobs ?? old.jobs}));
				build.reload();
			}
			if (came.some((b) => b.id !== id)) newest.reload();
		},
		fresh: build.reload,
	});

	const b = build.data;
	useEffect(() => {
		if (b) document.title = `#${b.number} ${b.pipeline} – Buildbus`;
	}, [b?.id]);
	if (!b) return build.error ? <Failed error={build.error} retry={build.reload} /> : <Loading rows={10} />;
	return (
		<div class="stack">
			<Head build={b} newest={newest.data?.builds[0]?.number ?? 0} />
			<Facts build={b} />
			<Attempts attempts={b.attempts} />
			<Waterfall build={b} />
			<TheRecord build={b} />
		</div>
	);
}
