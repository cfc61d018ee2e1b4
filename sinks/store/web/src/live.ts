// SPDX-License-Identifier: MIT
// One stream of server-sent events for the page that is shown.
import {useEffect, useRef, useState} from 'preact/hooks';
import type {Build, Bus} from './types';

export type Connection = 'connecting' | 'live' | 'lost' | 'asleep';

interface Handlers {
	builds?: (builds: Build[]) => void;
	bus?: (bus: Bus) => void;
	/* The stream began, or began anew: what is shown may be old. */
	fresh?: () => void;
}

const GATHER_MS = 100;   // a flood of builds renders ten times a second, not ten thousand times
const HIDDEN_MS = 60000; // a browser has six connections for all tabs of a site: one nobody looks at gives its back
const RETRY_MS = 2000;
const QUIET_MS = 20000, PATIENCE_MS = 8000; // a stream says nothing of a server that hangs: it is asked

let connection: Connection = 'connecting';
const watchers = new Set<(c: Connection) => void>();
function say(c: Connection) {
	connection = c;
	watchers.forEach((w) => w(c));
}

export function useConnection(): Connection {
	const [state, set] = useState(connection);
	useEffect(() => {
		watchers.add(set);
		set(connection);
		return () => void watchers.delete(set);
	}, []);
	return state;
}

class Stream {
	private source: EventSource | null = null;
	private retry = 0;
	private gather = 0;
	private hide = 0;
	private quiet = 0;
	private builds = new Map<string, Build>();

	constructor(private url: string, private handlers: () => Handlers) {
		document.addEventListener('visibilitychange', this.onVisible);
		addEventListener('online', this.open);
		this.open();
	}

	private open = () => {
		clearTimeout(this.retry);
		this.source?.close();
		const source = (this.source = new EventSource(this.url));
		if (connection !== 'lost') say('connecting');
		source.onopen = () => {
			say('live');
			this.heard();
			this.handlers().fresh?.();
		};
		source.onerror = () => {
			say('lost');
			// EventSource gives up on an answer other than 200.
			if (source.readyState === EventSource.CLOSED) this.retry = window.setTimeout(this.open, RETRY_MS);
		};
		source.addEventListener('build', (e) => this.onBuild(JSON.parse((e as MessageEvent).data)));
		source.addEventListener('bus', (e) => this.handlers().bus?.(JSON.parse((e as MessageEvent).data)));
		source.addEventListener('reset', () => this.handlers().fresh?.());
	};

	private heard() {
		clearTimeout(this.quiet);
		this.quiet = window.setTimeout(this.isThere, QUIET_MS);
	}

	private isThere = async () => {
		if (!this.source) return;
		const abort = new AbortController();
		const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
		try {
			await fetch('/healthz', {signal: abort.signal});
			this.heard();
		} catch {
			say('lost');
			this.open();
		} finally {
			clearTimeout(timer);
		}
	};

	private onBuild(build: Build) {
		this.heard();
		this.builds.delete(build.id);
		this.builds.set(build.id, build);
		this.gather ||= window.setTimeout(() => {
			this.gather = 0;
			const gathered = [...this.builds.values()];
			this.builds.clear();
			this.handlers().builds?.(gathered);
		}, GATHER_MS);
	}

	private onVisible = () => {
		clearTimeout(this.hide);
		if (document.hidden) {
			this.hide = window.setTimeout(() => {
				this.source?.close();
				this.source = null;
				say('asleep');
			}, HIDDEN_MS);
		} else if (!this.source) this.open();
	};

	close() {
		document.removeEventListener('visibilitychange', this.onVisible);
		removeEventListener('online', this.open);
		[this.retry, this.gather, this.hide, this.quiet].forEach(clearTimeout);
		this.source?.close();
		this.source = null;
	}
}

export function useLive(url: string, handlers: Handlers) {
	const current = useRef(handlers);
	current.current = handlers;
	useEffect(() => {
		const stream = new Stream(url, () => current.current);
		return () => stream.close();
	}, [url]);
}
