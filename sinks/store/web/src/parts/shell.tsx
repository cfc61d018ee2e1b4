// SPDX-License-Identifier: MIT
// What every page has around it.
import type {ComponentChildren} from 'preact';
import {useJson} from '../api';
import {useConnection, type Connection} from '../live';
import type {Place} from '../router';
import {toggle, useTheme} from '../theme';
import {openHelp} from './help';

const words: Record<Connection, [string, string]> = {
	connecting: ['connecting', 'Connecting to Buildbus'],
	live: ['live', 'Changes show as they happen'],
	lost: ['offline', 'Buildbus does not answer. This page tries again by itself; what it shows may be old.'],
	asleep: ['asleep', 'In the background this page rests'],
};

function Live() {
	const connection = useConnection();
	const [word, meaning] = words[connection];
	return (
		<span class={`live live-${connection}`} role="status" data-tip={meaning}>
			<span class="live-dot" aria-hidden="true" />{word}
		</span>
	);
}

function Lost() {
	return useConnection() === 'lost' ? (
		<div class="lost" role="alert">
			<strong>Buildbus does not answer.</strong> What you see may be old. Trying again every few seconds …
		</div>
	) : null;
}

function ThemeButton() {
	const dark = useTheme() === 'dark';
	return (
		<button class="icon" type="button" onClick={toggle} aria-label={dark ? 'Light theme' : 'Dark theme'} data-tip={`${dark ? 'Light' : 'Dark'} theme (t)`}>
			<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
				{dark
					? <path d="M10 6.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM10 1.5v2m0 13v2M1.5 10h2m13 0h2M4 4l1.4 1.4m9.2 9.2L16 16M4 16l1.4-1.4m9.2-9.2L16 4" />
					: <path d="M16.6 12.3A7 7 0 0 1 7.7 3.4a7 7 0 1 0 8.9 8.9Z" />}
			</svg>
		</button>
	);
}

async function leave() {
	const answer = await fetch('/logout', {method: 'POST'}).catch(() => null);
	if (answer?.ok) location.assign('/login');
}

/* Of whoever came in by the form. */
function LogOut() {
	const user = useJson<{user: string | null}>('/api/v1/session').data?.user;
	return user ? (
		<button class="icon" type="button" onClick={leave} aria-label="Log out" data-tip={`Log out ${user}`}>
			<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
				<path d="M8 3H4.5v14H8M8.5 10h8m-3-3 3 3-3 3" />
			</svg>
		</button>
	) : null;
}

const Mark = () => (
	<svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
		<path d="M2.5 12h19M7 12V6.5M12 12v5.5M17 12V5.5" />
		<circle cx="7" cy="5.5" r="2" /><circle cx="12" cy="18.5" r="2" /><circle cx="17" cy="4.5" r="2" />
	</svg>
);

export function Shell({place, children}: {place: Place; children: ComponentChildren}) {
	const current = (path: string) => (place.path === path ? 'page' : undefined);
	return (
		<>
			<a class="skip" href="#main">Skip to the content</a>
			<header class="top">
				<a class="brand" href="/"><Mark />Buildbus</a>
				<nav aria-label="Pages">
					<a href="/" aria-current={current('/')}>Overview</a>
					<a href="/bus" aria-current={current('/bus')}>Bus</a>
				</nav>
				<div class="top-end">
					<Live />
					<ThemeButton />
					<button class="icon" type="button" onClick={openHelp} aria-label="Keyboard shortcuts" data-tip="Keyboard shortcuts (?)">?</button>
					<LogOut />
				</div>
			</header>
			<Lost />
			<main id="main" tabIndex={-1}>{children}</main>
		</>
	);
}
