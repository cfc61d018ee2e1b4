// SPDX-License-Identifier: MIT
// Every pipeline a row; what is red, and since when, before all else.
import {useEffect, useRef} from 'preact/hooks';
import {useJson} from '../api';
import {setServerTime} from '../clock';
import {count} from '../format';
import {useLive} from '../live';
import {onBranch, withBuilds} from '../overview';
import {pipelineOf} from '../router';
import type {Build, Figures, Overview} from '../types';
import {branchOptions, Choice, dayOptions, Search, Segments, Toolbar} from '../parts/fields';
import {PipelineTable} from '../parts/pipeline_table';
import {RedNow} from '../parts/red_now';
import {Empty, Failed, Loading} from '../parts/states';

const RELOAD_MS = 3000; // the server's figures follow what the stream already shows

function useOverview(branch: string, days: string) {
	const overview = useJson<Overview>(`/api/v1/overview?branch=${encodeURIComponent(branch)}&days=${days}`);
	const timer = useRef(0);
	const soon = () => {
		timer.current ||= window.setTimeout(() => {
			timer.current = 0;
			overview.reload();
		}, RELOAD_MS);
	};
	useEffect(() => () => clearTimeout(timer.current), []);
	useLive('/api/v1/events', {
		builds: (builds: Build[]) => {
			const known = new Set(overview.data?.pipelines.map((p) => p.id));
			overview.patch((data) => withBuilds(data, builds, branch));
			if (builds.some((b) => onBranch(b, branch) && !known.has(pipelineOf(b.id)))) overview.reload();
			soon();
		},
		fresh: overview.reload,
	});
	useEffect(() => {
		if (overview.data) setServerTime(overview.data.now);
	}, [overview.data?.cursor]);
	return overview;
}

function matches(p: Figures, q: string): boolean {
	const text = `${p.provider} ${p.organization ?? ''}/${p.pipeline}`.toLowerCase();
	return q.toLowerCase().split(/\s+/).every((part) => text.includes(part));
}

const NoBuilds = () => (
	<Empty title="No builds yet">
		<p>The bus is up, and nothing has come over it so far. A source in <code>buildbus.yml</code> brings builds:</p>
		<pre>{'sources:\n  - buildkite:\n      access_token: $BUILDKITE_TOKEN\n      organization_slug: acme\n      pipeline_slug: "*"'}</pre>
		<p><code>buildbus validate --online</code> tells whether it can be read; the <a href="/bus">bus page</a> shows what the fetchers do.
			Builds appear here by themselves.</p>
	</Empty>
);

function Summary({pipelines}: {pipelines: Figures[]}) {
	const running = pipelines.filter((p) => p.last?.state === 'running').length;
	const builds = pipelines.reduce((sum, p) => sum + p.builds, 0);
	return (
		<p class="summary">
			<b>{count(pipelines.length)}</b> pipelines<span class="dot" /><b>{count(builds)}</b> builds<span class="dot" /><b>{running}</b> running
		</p>
	);
}

export function OverviewPage({query}: {query: URLSearchParams}) {
	const branch = query.get('branch') ?? 'default', days = query.get('days') ?? '30', q = query.get('q') ?? '';
	const overview = useOverview(branch, days);
	const all = overview.data?.pipelines ?? [];
	const red = all.filter((p) => p.red).sort((a, b) => a.red!.since - b.red!.since);

	useEffect(() => {
		document.title = red.length ? `(${red.length}) Buildbus` : 'Buildbus';
	}, [red.length]);

	if (!overview.data) return overview.error ? <Failed error={overview.error} retry={overview.reload} /> : <Loading rows={10} />;
	if (all.length === 0 && branch === 'default') return <NoBuilds />;
	const shown = q ? all.filter((p) => matches(p, q)) : all;
	return (
		<>
			<h1 class="unseen">Overview</h1>
			<RedNow red={red} />
			<Toolbar>
				<Search value={q} label="Search pipelines" />
				<Segments name="branch" value={branch} label="Branch" options={branchOptions} />
				<Choice name="group" value={query.get('group') ?? ''} label="Group"
					options={[['', 'No groups'], ['organization', 'By organization'], ['provider', 'By provider'], ['status', 'By status']]} />
				<Segments name="days" value={days} label="Window" options={dayOptions} />
				<Summary pipelines={shown} />
			</Toolbar>
			{shown.length
				? <PipelineTable pipelines={shown} query={query} />
				: <Empty title="No pipeline matches"><p>Nothing here is called “{q}”.</p></Empty>}
		</>
	);
}
