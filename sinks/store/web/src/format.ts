// SPDX-License-Identifier: MIT
import type {Bar} from './types';

export const DASH = '–';
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const two = (n: number) => String(n).padStart(2, '0');

/* Two units at most: 850ms, 12s, 3m 05s, 1h 12m, 2d 3h. */
export function duration(ms: number | null | undefined): string {
	if (ms == null) return DASH;
	if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
	const s = Math.round(ms / SECOND);
	if (s < 60) return `${s}s`;
	if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
	if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
	return `${Math.floor(s / 86400)}d ${Math.floor(s / 3600) % 24}h`;
}

/* One unit, for axes and narrow columns. */
export function coarse(ms: number | null | undefined): string {
	if (ms == null) return DASH;
	if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
	if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
	if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
	if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
	return `${Math.floor(ms / DAY)}d`;
}

export const ago = (ms: number) => (ms < 2 * SECOND ? 'just now' : `${coarse(ms)} ago`);

export const percent = (rate: number | null | undefined) =>
	rate == null ? DASH : `${(rate * 100).toFixed(rate >= 0.9995 || rate === 0 ? 0 : 1)}%`;

/* The levels of a rate: green from 80 %, red to 50 %. */
export const level = (rate: number | null | undefined) =>
	rate == null ? 'none' : rate >= 0.8 ? 'good' : rate <= 0.5 ? 'bad' : 'fair';

export const count = (n: number | null | undefined) => (n == null ? DASH : n.toLocaleString('en-US'));

export function bytes(n: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let i = 0;
	for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
	return `${n < 10 && i > 0 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

const moment = new Intl.DateTimeFormat(undefined, {
	year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
});
export const time = (ms: number | null | undefined) => (ms == null ? DASH : moment.format(ms));
const shortMoment = new Intl.DateTimeFormat(undefined, {month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit'});
export const shortTime = (ms: number | null | undefined) => (ms == null ? DASH : shortMoment.format(ms));

export const firstLine = (text: string | null | undefined) => (text ?? '').split('\n', 1)[0];

/* Buildkite's `:emoji:` in front of a job's name says nothing as text. */
export const withoutEmoji = (name: string | null | undefined) => (name ?? '').replace(/^(:[\w+-]+:\s*)+(?=\S)/, '');

/* What a build or job is, in one word: its result, or its state until it has one. */
export type Word = 'success' | 'failure' | 'error' | 'timeout' | 'cancellation' | 'skip' | 'queued' | 'running' | 'blocked' | 'gone';
export const word = (b: {state: Bar['state']; result: Bar['result']}): Word =>
	b.state === 'finished' ? b.result ?? 'gone' : b.state;

export const said: Record<Word, string> = {
	success: 'passed', failure: 'failed', error: 'error', timeout: 'timed out', cancellation: 'cancelled', skip: 'skipped',
	queued: 'queued', running: 'running', blocked: 'blocked', gone: 'gone',
};

export const isRed = (w: Word) => w === 'failure' || w === 'error' || w === 'timeout';
