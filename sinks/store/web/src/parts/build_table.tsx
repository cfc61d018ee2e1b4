// SPDX-License-Identifier: MIT
// Up to millions of builds: only the rows in sight exist.
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import type {Builds} from '../builds';
import {count, duration, firstLine, word} from '../format';
import {buildPath, setQuery} from '../router';
import {begin, heightOf, ROW, scrolled} from '../scrolling';
import type {Build} from '../types';
import {Badge} from './badge';
import {Failed} from './states';
import {Ago, Elapsed} from './time';

const SPARE = 6; // rows beyond the edges

/* A value that filters by itself when clicked. */
function Filtering({name, value}: {name: string; value: string | null | undefined}) {
	if (!value) return <span class="none">–</span>;
	return <button type="button" class="filtering" data-tip={`Only ${value}`} onClick={() => setQuery({[name]: value})}>{value}</button>;
}

function BuildRow({build, row, top}: {build: Build; row: number; top: number}) {
	const author = build.author?.name ?? build.author?.login;
	return (
		<div role="row" class="tr" aria-rowindex={row + 2} style={{transform: `translateY(${top}px)`}} data-build={build.id}>
			<div role="rowheader" class="d-build"><a href={buildPath(build.id)} data-row><Badge word={word(build)} /> <span class="num">#{build.number}</span></a></div>
			<div role="cell" class="d-message" data-tip={build.message && build.message.length > 50 ? firstLine(build.message) : undefined}>{firstLine(build.message)}</div>
			<div role="cell" class="d-branch"><Filtering name="branch" value={build.branch} /></div>
			<div role="cell" class="d-author"><Filtering name="author" value={author} /></div>
			<div role="cell" class="d-queue num muted">{duration(build.queue_ms)}</div>
			<div role="cell" class="d-duration"><Elapsed from={build.state === 'finished' ? null : build.started_at} ms={build.duration_ms} /></div>
			<div role="cell" class="d-when muted"><Ago at={build.created_at} short /></div>
		</div>
	);
}

const Ghost = ({row, top}: {row: number; top: number}) => (
	<div role="row" class="tr" aria-rowindex={row + 2} aria-busy="true" style={{transform: `translateY(${top}px)`}}><div role="cell" class="ghost-line" /></div>
);

const titles: [string, string][] = [['build', 'Build'], ['message', 'Message'], ['branch', 'Branch'], ['author', 'Author'], ['queue', 'Queue'], ['duration', 'Duration'], ['when', 'Age']];

export function BuildTable({builds}: {builds: Builds}) {
	const box = useRef<HTMLDivElement>(null), scroll = useRef(begin());
	const [view, setView] = useState({top: 0, height: 600});
	const place = view.top + scroll.current.offset;
	const first = Math.max(0, Math.floor(place / ROW) - SPARE);
	const last = Math.min(builds.total - 1, Math.ceil((place + view.height) / ROW) + SPARE);

	const look = () => {
		const element = box.current!;
		const top = scrolled(scroll.current, builds.total, element.scrollTop, element.clientHeight);
		if (top !== element.scrollTop) element.scrollTop = top;
		setView({top, height: element.clientHeight});
	};
	useLayoutEffect(() => {
		const observer = new ResizeObserver(look);
		observer.observe(box.current!);
		return () => observer.disconnect();
	}, [builds]);
	useEffect(() => {
		scroll.current = begin();
		box.current!.scrollTop = 0;
	}, [builds]);
	useEffect(() => builds.want(first, last));

	const toTop = () => {
		box.current!.scrollTop = 0;
		builds.refresh();
	};
	const rows = builds.loaded ? Array.from({length: Math.max(0, last - first + 1)}, (_, i) => first + i) : [];
	return (
		<div role="table" class="table builds" aria-label="Builds" aria-rowcount={builds.total + 1} aria-busy={!builds.loaded}>
			<div role="rowgroup" class="thead">
				<div role="row" class="tr" aria-rowindex={1}>{titles.map(([key, title]) => <div key={key} role="columnheader" class={`d-${key}`}>{title}</div>)}</div>
			</div>
			{builds.added > 0 && <button type="button" class="pill" onClick={toTop}>{count(builds.added)} new</button>}
			<div class="scroller" ref={box} onScroll={look} role="rowgroup">
				<div class="tall" style={{height: `${heightOf(builds.total)}px`}} role="presentation">
					{rows.map((row) => {
						const build = builds.at(row), top = row * ROW - scroll.current.offset;
						return build ? <BuildRow key={build.id} build={build} row={row} top={top} /> : <Ghost key={row} row={row} top={top} />;
					})}
				</div>
				{builds.loaded && builds.total === 0 && <p class="no-match" role="row"><span role="cell">No build matches these filters.</span></p>}
				{builds.error && !builds.loaded && <Failed error={builds.error} retry={() => builds.refresh()} />}
			</div>
		</div>
	);
}
