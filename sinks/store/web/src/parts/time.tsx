// SPDX-License-Identifier: MIT
import {useClock} from '../clock';
import {ago, coarse, DASH, duration, time} from '../format';

/* How long ago, ticking; the moment itself on hover. */
export function Ago({at, short = false}: {at: number | null | undefined; short?: boolean}) {
	const text = useClock((now) => (at == null ? DASH : short ? coarse(Math.max(0, now - at)) : ago(Math.max(0, now - at))), at != null);
	if (at == null) return <span class="none">{DASH}</span>;
	return <time dateTime={new Date(at).toISOString()} data-tip={time(at)}>{text}</time>;
}

/* The duration of what runs, ticking; of what ran, still. */
export function Elapsed({from, ms}: {from: number | null | undefined; ms: number | null | undefined}) {
	const running = ms == null && from != null;
	const text = useClock((now) => duration(running ? Math.max(0, now - from) : ms), running);
	return <span class={running ? 'num ticking' : 'num'}>{text}</span>;
}
