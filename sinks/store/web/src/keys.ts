// SPDX-License-Identifier: MIT
// The keyboard. A page marks its rows with data-row on their main link and its search field with data-search.
import {navigate, setQuery} from './router';
import {toggle} from './theme';

export const shortcuts: [string, string][] = [
	['/', 'search'],
	['j  k', 'next, previous row'],
	['Enter', 'open the row'],
	['[  ]', 'older, newer build'],
	['b', 'default branch, or all branches'],
	['t', 'light or dark'],
	['g o', 'go to the overview'],
	['g b', 'go to the bus'],
	['Esc', 'leave the search, close this'],
	['?', 'this help'],
];

let prefix = '';

const typing = (target: EventTarget | null) =>
	target instanceof HTMLElement && (target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName));

function move(step: number) {
	const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
	if (rows.length === 0) return;
	const at = rows.findIndex((row) => row === document.activeElement);
	const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
	rows[next].focus({preventScroll: true});
	rows[next].scrollIntoView({block: 'nearest'});
}

function follow(rel: string) {
	document.querySelector<HTMLAnchorElement>(`a[rel="${rel}"]`)?.click();
}

function toggleBranch() {
	const all = new URLSearchParams(location.search).get('branch') === 'all';
	setQuery({branch: all ? null : 'all'});
}

const actions: Record<string, () => void> = {
	'/': () => document.querySelector<HTMLInputElement>('[data-search]')?.focus(),
	'j': () => move(1),
	'k': () => move(-1),
	'[': () => follow('prev'),
	']': () => follow('next'),
	'b': toggleBranch,
	't': toggle,
	'g o': () => navigate('/'),
	'g b': () => navigate('/bus'),
	'?': () => document.querySelector<HTMLDialogElement>('#help')?.showModal(),
};

export function onKey(event: KeyboardEvent) {
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
	if (typing(event.target)) {
		if (event.key === 'Escape') (event.target as HTMLElement).blur();
		return;
	}
	const key = prefix + event.key;
	prefix = event.key === 'g' && !prefix ? 'g ' : '';
	if (document.querySelector('dialog[open]') || !actions[key]) return;
	event.preventDefault();
	actions[key]();
}
