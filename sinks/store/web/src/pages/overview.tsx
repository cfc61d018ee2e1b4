// SPDX-License-Identifier: MIT
// Every pipeline a row; what is red, and since when, before all else.
import {useEffect, useMemo, useRef} from 'preact/hooks';
import {get, useJson} from '../api';
import {setServerTime} from '../clock';
import {count} from '../format';
import {useLive} from '../live';
import {keepSame, onBranch, withBuilds, withRows} from '../overview';
import {pipelineOf} from '../router';
import type {Build, Figures, Overview} from '../types';
import {branchOptions, Choice, dayOptions, Search, Segments, Toolbar} from '../parts/fields';
import {PipelineTable} from '../parts/pipeline_table';
import {RedNow} from '../parts/red_now';
import {Empty, Failed, Loading} from '../parts/states';

const SETTLE_MS = 2000; // the server's figures follow what the stream already shows
const FEW = 4;          // pipelines that are asked for one by one

const urlOf = (branch: string, days: string, pipeline?: string) =>
	`/api/v1/overview?${new URLSearchParams({branch, days, ...(pipeline && {pipeline})})}`;

function useOverview(branch: string, days: string) {
	const overview = useJson<Overview>(urlOf(branch, days));
	const timer = useRef(0), changed = useRef(new Set<string>());
	const settle = async () => {
		const ids = [...changed.current];
		timer.current = 0;
		changed.current.clear();
		if (ids.length > FEW) return overview.reload();
		try {
			const rows = await Promise.all(ids.map((id) => get<Overview>(urlOf(branch, days, id))));
			overview.patch((data) => withRows(data, rows.flatMap((row) => row.pipelines)));
		} catch {
			overview.reload(); // which knows how to wait
		}
	};
	useEffect(() => () => {
		clearTimeout(timer.current);
		timer.current = 0;
	}, [branch, days]);
	useLive('/api/v1/events', {
		builds: (came: Build[]) => {
			const known = new Set(overview.data?.pipelines.map((p) => p.id));
			const here = came.filter((b) => onBranch(b, branch));
			overview.patch((data) => withBuilds(data, here));
			if (here.some((b) => !known.has(pipelineOf(b.id)))) overview.reload();
			here.forEach((b) => changed.current.add(pipelineOf(b.id)));
			timer.current ||= window.setTimeout(settle, SETTLE_MS);
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
	const running = pipelines.reduce((sum, p) => sum + p.bars.filter((b) => b.state === 'running').length, 0);
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
	const drawn = useRef<Figures[]>([]);
	const all = useMemo(() => keepSame(drawn.current, overview.data?.pipelines ?? []), [overview.data]);
	drawn.current = all;
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
