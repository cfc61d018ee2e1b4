// SPDX-License-Identifier: MIT
import {useCallback, useEffect, useRef, useState} from 'preact/hooks';

export class ApiError extends Error {
	constructor(message: string, readonly status: number) {
		super(message);
	}
}

const PATIENCE_MS = 20000;

/* Ends when `signal` says so, or when there is no answer for too long. */
async function ask(url: string, signal?: AbortSignal): Promise<{answer: Response; body: {error?: string} | null}> {
	const abort = new AbortController();
	const stop = () => abort.abort();
	const timer = setTimeout(stop, PATIENCE_MS);
	signal?.addEventListener('abort', stop);
	try {
		const answer = await fetch(url, {signal: abort.signal, headers: {accept: 'application/json'}});
		return {answer, body: await answer.json().catch(() => null)};
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', stop);
	}
}

export async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
	const {answer, body} = await ask(url, signal).catch((error) => {
		throw signal?.aborted ? error : new ApiError('Buildbus does not answer', 0);
	});
	if (answer.status === 401) location.assign(`/login?${new URLSearchParams({to: location.pathname + location.search})}`);
	if (!answer.ok) throw new ApiError(body?.error ?? `Buildbus answered ${answer.status}`, answer.status);
	return body as T;
}

export interface Resource<T> {
	data: T | null;
	error: ApiError | null;
	/* Asks again now; what is shown stays until the answer is there. */
	reload: () => void;
	/* Changes what is shown before the server says so. */
	patch: (change: (data: T) => T) => void;
}

const FIRST_RETRY_MS = 1000, LAST_RETRY_MS = 15000;

/* What `url` answers. Trouble on the way is tried again by itself, ever less often; a refusal (4xx) is not. */
export function useJson<T>(url: string | null): Resource<T> {
	const [data, setData] = useState<{url: string; data: T} | null>(null);
	const [error, setError] = useState<ApiError | null>(null);
	const wanted = useRef<{url: string | null; load: () => void}>({url: null, load: () => {}});

	useEffect(() => {
		if (!url) return;
		const abort = new AbortController();
		let timer = 0, wait = FIRST_RETRY_MS, busy = false, again = false;
		const load = async () => {
			clearTimeout(timer);
			if (busy) {
				again = true;
				return;
			}
			busy = true;
			try {
				const answer = await get<T>(url, abort.signal);
				wait = FIRST_RETRY_MS;
				setData({url, data: answer});
				setError(null);
			} catch (e) {
				if (abort.signal.aborted) return;
				const failed = e instanceof ApiError ? e : new ApiError(String(e), 0);
				setError(failed);
				if (failed.status === 0 || failed.status >= 500 || failed.status === 429) {
					timer = window.setTimeout(load, wait);
					wait = Math.min(wait * 2, LAST_RETRY_MS);
				}
			} finally {
				busy = false;
			}
			if (again) {
				again = false;
				load();
			}
		};
		wanted.current = {url, load};
		load();
		return () => {
			abort.abort();
			clearTimeout(timer);
		};
	}, [url]);

	const reload = useCallback(() => wanted.current.load(), []);
	const patch = useCallback((change: (data: T) => T) => setData((old) => old && {...old, data: change(old.data)}), []);
	const known = data && samePath(data.url, url) ? data.data : null;
	return {data: known, error, reload, patch};
}

/* Another window or branch of the same thing may show the old figures until the new ones come. */
const samePath = (a: string, b: string | null) => a.split('?', 1)[0] === b?.split('?', 1)[0];
