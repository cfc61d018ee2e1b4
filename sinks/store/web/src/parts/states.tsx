// SPDX-License-Identifier: MIT
// What a page says while it has nothing to show.
import type {ComponentChildren} from 'preact';
import type {ApiError} from '../api';

export function Empty({title, children}: {title: string; children?: ComponentChildren}) {
	return <section class="empty"><h1>{title}</h1><div>{children}</div></section>;
}

export function Loading({rows = 8}: {rows?: number}) {
	return (
		<div class="loading" role="status" aria-label="Loading">
			{Array.from({length: rows}, (_, i) => <div key={i} class="ghost" />)}
		</div>
	);
}

export function Failed({error, retry}: {error: ApiError; retry: () => void}) {
	if (error.status === 404) {
		return <Empty title="Not here"><p>{error.message}. The <a href="/">overview</a> lists every pipeline.</p></Empty>;
	}
	return (
		<Empty title={error.status === 0 ? 'Buildbus does not answer' : 'That did not work'}>
			<p role="alert">{error.status === 0 ? 'The store sink that serves this page is away. This page goes on by itself when it is back.' : error.message}</p>
			<button type="button" class="button" onClick={retry}>Try now</button>
		</Empty>
	);
}
