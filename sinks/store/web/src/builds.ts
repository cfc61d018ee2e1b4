// SPDX-License-Identifier: MIT
// The builds of a filter, as far as somebody looked at them: chunks by their offset, newest first.
import {useEffect, useMemo, useReducer} from 'preact/hooks';
import {ApiError, get} from './api';
import {onBranch} from './overview';
import type {Build, BuildList} from './types';

const CHUNK = 100, KEPT = 60, AGAIN_MS = 3000, MOST_GOES = 20;
export const filterKeys = ['q', 'result', 'state', 'author', 'trigger'] as const;
export type Filter = {pipeline: string; branch: string} & Partial<Record<(typeof filterKeys)[number], string>>;

function matches(build: Build, f: Filter): boolean {
	const text = `${build.number} ${build.message ?? ''} ${build.commit ?? ''} ${build.branch ?? ''}`.toLowerCase();
	return onBranch(build, f.branch) && (!f.result || build.result === f.result) && (!f.state || build.state === f.state) &&
		(!f.trigger || build.trigger === f.trigger) && (!f.author || [build.author?.name, build.author?.login, build.author?.email].includes(f.author)) &&
		(!f.q || text.includes(f.q.toLowerCase()));
}

export class Builds {
	total = 0;
	exact = true;
	/* Came since the list was read: everything has moved down by so many. */
	added = 0;
	loaded = false;
	error: ApiError | null = null;
	private chunks = new Map<number, Build[]>();
	private asked = new Map<number, AbortController>();
	private newest = 0;
	private seen = new Set<string>();

	constructor(private filter: Filter, private changed: () => void) {}

	at(row: number): Build | undefined {
		return this.chunks.get(Math.floor(row / CHUNK))?.[row % CHUNK];
	}

	/* Makes the rows there; those nobody waits for any more are not asked for further. */
	want(first: number, last: number) {
		const from = Math.floor(Math.max(0, first) / CHUNK), to = Math.floor(Math.max(0, last) / CHUNK);
		for (const [n, abort] of this.asked) {
			if (n < from || n > to) {
				abort.abort();
				this.asked.delete(n);
			}
		}
		for (let n = from; n <= to; n++) {
			if (!this.chunks.has(n) && !this.asked.has(n) && (n === 0 || n * CHUNK < this.total)) this.load(n);
		}
	}

	private async load(n: number, keepOld = false) {
		const abort = new AbortController();
		this.asked.set(n, abort);
		const query = new URLSearchParams({...this.filter, offset: String(n * CHUNK + (keepOld ? 0 : this.added)), limit: String(CHUNK)});
		try {
			const list = await this.read(query, abort.signal);
			if (keepOld) this.forget();
			this.take(n, list);
		} catch (e) {
			if (abort.signal.aborted) return;
			this.error = e instanceof ApiError ? e : new ApiError(String(e), 0);
			if (this.error.status === 0 || this.error.status >= 429) setTimeout(() => this.changed(), AGAIN_MS);
		}
		this.asked.delete(n);
		this.changed();
	}

	/* A rare word in a long past takes the server several goes. */
	private async read(query: URLSearchParams, signal: AbortSignal): Promise<BuildList> {
		const list = await get<BuildList>(`/api/v1/builds?${query}`, signal);
		for (let go = 1; go < MOST_GOES && list.partial && list.next && list.builds.length < CHUNK; go++) {
			query.delete('offset');
			query.set('after', list.next);
			const more = await get<BuildList>(`/api/v1/builds?${query}`, signal);
			list.builds.push(...more.builds);
			list.partial = more.partial;
			list.next = more.next;
		}
		list.builds.length = Math.min(list.builds.length, CHUNK);
		return list;
	}

	private take(n: number, list: BuildList) {
		this.chunks.set(n, list.builds);
		if (n === 0 && list.builds.length) this.newest = Math.max(this.newest, list.builds[0].created_at ?? 0);
		// A total that is a lower bound grows as the list is read, and is right where it ends.
		const end = n * CHUNK + list.builds.length;
		const short = list.builds.length < CHUNK && !list.partial;
		const exact = list.total_exact !== false && !list.partial;
		if (!short) this.total = Math.max((list.total ?? end) - this.added, exact ? end : end + CHUNK, exact ? 0 : this.total);
		else if (list.builds.length || n === 0) this.total = end;
		this.exact = short || exact;
		this.loaded = true;
		this.error = null;
		for (const old of this.chunks.keys()) {
			if (this.chunks.size <= KEPT) break;
			if (old !== 0 && Math.abs(old - n) > 2) this.chunks.delete(old);
		}
	}

	private forget() {
		this.chunks.clear();
		this.asked.forEach((abort) => abort.abort());
		this.asked.clear();
		this.seen.clear();
		this.added = 0;
	}

	/* Reads the list anew, from its top; what is shown stays until then. */
	refresh() {
		this.load(0, true);
	}

	/* True: one came that was not in the list. */
	apply(builds: Build[]): boolean {
		let came = false;
		for (const build of builds) {
			const [n, i] = this.find(build.id);
			if (i >= 0) {
				const chunk = [...this.chunks.get(n)!];
				chunk[i] = build;
				this.chunks.set(n, chunk);
			} else if ((build.created_at ?? 0) >= this.newest && !this.seen.has(build.id) && matches(build, this.filter)) {
				this.seen.add(build.id);
				this.added++;
				came = true;
			}
		}
		this.changed();
		return came;
	}

	private find(id: string): [number, number] {
		for (const [n, chunk] of this.chunks) {
			const i = chunk.findIndex((b) => b.id === id);
			if (i >= 0) return [n, i];
		}
		return [-1, -1];
	}

	close() {
		this.forget();
	}
}

export function useBuilds(filter: Filter): Builds {
	const [, render] = useReducer((n: number) => n + 1, 0);
	const builds = useMemo(() => new Builds(filter, () => render(0)), [JSON.stringify(filter)]);
	useEffect(() => () => builds.close(), [builds]);
	return builds;
}
