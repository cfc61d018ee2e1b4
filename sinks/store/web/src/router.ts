// SPDX-License-Identifier: MIT
// Where we are is the URL, and nothing else: paths name pages, the query holds every filter.
import {useEffect, useState} from 'preact/hooks';

const CHANGED = 'buildbus:navigated';

/* An id is `provider/part/…`, its parts percent-encoded already: as part of a path they are encoded once more. */
const asPath = (id: string) => id.split('/').map(encodeURIComponent).join('/');
export const pipelinePath = (id: string) => `/p/${asPath(id)}`;
export const buildPath = (id: string) => `/b/${asPath(id)}`;
/* `buildkite/acme/web/49` is a build of `buildkite/acme/web`. */
export const pipelineOf = (buildId: string) => buildId.slice(0, buildId.lastIndexOf('/'));

export function idIn(path: string): string {
	try {
		return path.split('/').slice(2).map(decodeURIComponent).join('/');
	} catch {
		return '';
	}
}

export function navigate(to: string, replace = false) {
	if (to === location.pathname + location.search) return;
	history[replace ? 'replaceState' : 'pushState'](null, '', to);
	dispatchEvent(new Event(CHANGED));
	if (!replace) scrollTo(0, 0);
}

/* Sets (null: removes) parameters of the query and keeps the others. */
export function setQuery(change: Record<string, string | null>, replace = false) {
	const query = new URLSearchParams(location.search);
	for (const [key, value] of Object.entries(change)) {
		if (value === null || value === '') query.delete(key);
		else query.set(key, value);
	}
	const text = query.toString();
	navigate(location.pathname + (text ? `?${text}` : ''), replace);
}

export interface Place { path: string; query: URLSearchParams }
const here = (): Place => ({path: location.pathname, query: new URLSearchParams(location.search)});

export function usePlace(): Place {
	const [place, set] = useState(here);
	useEffect(() => {
		const moved = () => set(here());
		addEventListener('popstate', moved);
		addEventListener(CHANGED, moved);
		moved();
		return () => {
			removeEventListener('popstate', moved);
			removeEventListener(CHANGED, moved);
		};
	}, []);
	return place;
}

/* Plain clicks on links of ours stay in the page; with a modifier the browser does what it always does. */
export function onClick(event: MouseEvent) {
	if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	const link = (event.target as Element).closest?.('a');
	const href = link?.getAttribute('href');
	if (!href?.startsWith('/') || href.startsWith('/api/') || link!.target || link!.hasAttribute('download')) return;
	event.preventDefault();
	navigate(href);
}
