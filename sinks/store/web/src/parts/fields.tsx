// SPDX-License-Identifier: MIT
// Small things to choose with. Each one's value lives in the URL.
import type {ComponentChildren} from 'preact';
import {useEffect, useRef} from 'preact/hooks';
import {setQuery} from '../router';

const SETTLE_MS = 250;

/* Typing changes the URL once the fingers rest, without a new entry for the back button per letter. */
export function Search({name = 'q', value, label, shortcut = true}: {name?: string; value: string; label: string; shortcut?: boolean}) {
	const input = useRef<HTMLInputElement>(null);
	const timer = useRef(0);
	useEffect(() => {
		if (input.current && document.activeElement !== input.current) input.current.value = value;
	}, [value]);
	const typed = (event: Event) => {
		const text = (event.target as HTMLInputElement).value;
		clearTimeout(timer.current);
		timer.current = window.setTimeout(() => setQuery({[name]: text || null}, value !== ''), SETTLE_MS);
	};
	return (
		<label class="search">
			<span class="unseen">{label}</span>
			<input ref={input} type="search" placeholder={label} defaultValue={value} onInput={typed} data-search={shortcut || undefined}
				autocomplete="off" spellcheck={false} />
			{shortcut && <kbd aria-hidden="true">/</kbd>}
		</label>
	);
}

export function Choice({name, value, label, options}: {name: string; value: string; label: string; options: [string, string][]}) {
	return (
		<label class="choice">
			<span class="unseen">{label}</span>
			<select name={name} value={value} onChange={(e) => setQuery({[name]: e.currentTarget.value || null})}>
				{options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
			</select>
		</label>
	);
}

/* One of a few, all in sight; the first is what the URL leaves out. */
export function Segments({name, value, label, options}: {name: string; value: string; label: string; options: [string, string][]}) {
	return (
		<div class="segments" role="group" aria-label={label}>
			{options.map(([key, text], i) => (
				<button key={key} type="button" aria-pressed={key === value} onClick={() => setQuery({[name]: i === 0 ? null : key})}>{text}</button>
			))}
		</div>
	);
}

export const branchOptions: [string, string][] = [['default', 'Default branch'], ['all', 'All branches']];
export const dayOptions: [string, string][] = [['30', '30 days'], ['7', '7'], ['90', '90'], ['365', '365']];

export function Toolbar({children}: {children: ComponentChildren}) {
	return <div class="toolbar">{children}</div>;
}
