// SPDX-License-Identifier: MIT
// Light or dark: what the system prefers, unless the reader chose.
import {useEffect, useState} from 'preact/hooks';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'buildbus.theme', CHANGED = 'buildbus:theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function chosen(): Theme {
	try {
		const value = localStorage.getItem(KEY);
		return value === 'light' || value === 'dark' ? value : 'auto';
	} catch {
		return 'auto';
	}
}

const effective = () => (chosen() === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen());

export function apply() {
	document.documentElement.dataset.theme = effective();
	dispatchEvent(new Event(CHANGED));
}

export function toggle() {
	try {
		localStorage.setItem(KEY, effective() === 'dark' ? 'light' : 'dark');
	} catch {
		// A browser that keeps nothing follows the system.
	}
	apply();
}

dark.addEventListener('change', apply);

export function useTheme(): string {
	const [theme, set] = useState(effective);
	useEffect(() => {
		const changed = () => set(effective());
		addEventListener(CHANGED, changed);
		return () => removeEventListener(CHANGED, changed);
	}, []);
	return theme;
}
