// SPDX-License-Identifier: MIT
// One pipeline: its builds, how they did over time, and the jobs that cost most.
import {useEffect, useRef} from 'preact/hooks';
import {useJson} from '../api';
import {filterKeys, useBuilds, type Builds, type Filter} from '../builds';
import {word} from '../format';
import {useLive} from '../live';
import {onBranch, withBuild} from '../overview';
import {buildPath} from '../router';
import type {Build, Pipeline} from '../types';
import {Badge} from '../parts/badge';
import {Bars} from '../parts/bars';
import {BuildTable} from '../parts/build_table';
import {Chart} from '../parts/chart';
import {branchOptions, dayOptions, Segments} from '../parts/fields';
import {FigureStrip} from '../parts/figures';
import {Filters} from '../parts/filters';
import {JobLists} from '../parts/job_lists';
import {Mix} from '../parts/mix';
import {PipelineName} from '../parts/pipeline_name';
import {Failed, Loading} from '../parts/states';
import {Ago} from '../parts/time';

const RELOAD_MS = 3000;

function Head({p, query}: {p: Pipeline; query: URLSearchParams}) {
	return (
		<header class="head">
			<div class="head-title">
				<p class="crumbs"><a href="/">Overview</a> / {p.provider}</p>
				<h1><PipelineName of={p} /></h1>
				{p.last && (
					<p class="head-last">
						<a href={buildPath(p.last.id)}><Badge word={word(p.last)} /> #{p.last.number}</a>
						<span class="muted"><Ago at={p.last.finished_at ?? p.last.started_at ?? p.last.created_at} /></span>
						{p.red && <span class="t-failure">red since <a href={buildPath(p.red.first.id)}>#{p.red.first.number}</a>, <Ago at={p.red.since} /></span>}
					</p>
				)}
			</div>
			<Bars bars={p.bars} />
			<div class="head-choices">
				<Segments name="branch" value={query.get('branch') ?? 'default'} label="Branch" options={branchOptions} />
				<Segments name="days" value={query.get('days') ?? '30'} label="Window" options={dayOptions} />
			</div>
		</header>
	);
}

function Charts({p}: {p: Pipeline}) {
	const days = p.percentiles.map((d) => d.day);
	const pick = (key: 'p50_ms' | 'p90_ms' | 'queue_p50_ms' | 'queue_p90_ms') => p.percentiles.map((d) => d[key] ?? null);
	return (
		<div class="charts">
			<Chart title="Duration" series={{days, p50: pick('p50_ms'), p90: pick('p90_ms')}} p50={p.p50_ms} p90={p.p90_ms} />
			<Chart title="Queue" series={{days, p50: pick('queue_p50_ms'), p90: pick('queue_p90_ms')}} p50={p.queue_p50_ms} p90={p.queue_p90_ms} />
			<Mix days={p.percentiles} results={p.results} />
		</div>
	);
}

function useLivePipeline(id: string, branch: string, pipeline: ReturnType<typeof useJson<Pipeline>>, builds: Builds) {
	const timer = useRef(0);
	useEffect(() => () => clearTimeout(timer.current), []);
	useLive(`/api/v1/events?pipeline=${encodeURIComponent(id)}`, {
		builds: (came: Build[]) => {
			const here = came.filter((b) => onBranch(b, branch));
			pipeline.patch((p) => here.reduce((figures, b) => ({...figures, ...withBuild(figures, b)}), p));
			const atTop = !document.querySelector('.scroller')?.scrollTop;
			if (builds.apply(came) && atTop) builds.refresh();
			timer.current ||= window.setTimeout(() => {
				timer.current = 0;
				pipeline.reload();
			}, RELOAD_MS);
		},
		fresh: () => {
			pipeline.reload();
			if (!document.querySelector('.scroller')?.scrollTop) builds.refresh();
		},
	});
}

export function PipelinePage({id, query}: {id: string; query: URLSearchParams}) {
	const branch = query.get('branch') ?? 'default', days = query.get('days') ?? '30';
	const pipeline = useJson<Pipeline>(`/api/v1/pipelines/${encodeURIComponent(id)}?${new URLSearchParams({branch, days})}`);
	const filter: Filter = {pipeline: id, branch};
	for (const key of filterKeys) if (query.get(key)) filter[key] = query.get(key)!;
	const builds = useBuilds(filter);
	useLivePipeline(id, branch, pipeline, builds);

	const p = pipeline.data;
	useEffect(() => {
		if (p) document.title = `${p.red ? '✕ ' : ''}${p.pipeline} – Buildbus`;
	}, [p?.pipeline, !!p?.red]);
	if (!p) return pipeline.error ? <Failed error={pipeline.error} retry={pipeline.reload} /> : <Loading rows={12} />;
	return (
		<div class="stack">
			<Head p={p} query={query} />
			<FigureStrip of={p} days={days} />
			<div class="two">
				<section aria-label="Builds">
					<Filters query={query} builds={builds} />
					<BuildTable builds={builds} />
				</section>
				<Charts p={p} />
			</div>
			<JobLists pipeline={p} />
		</div>
	);
}
