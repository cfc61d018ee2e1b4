// SPDX-License-Identifier: MIT
// The server's clock, and a tick a second for everything that shows an age.
import {useEffect, useState} from 'preact/hooks';

let ahead = 0; // of the browser's clock
const listeners = new Set<() => void>();
let timer = 0;

export const now = () => Date.now() + ahead;

export function setServerTime(ms: number) {
	// Half a second is the way of the answer, not a wrong clock.
	const difference = ms - Date.now();
	ahead = Math.abs(difference) > 1500 ? difference : 0;
}

function onTick(listener: () => void) {
	listeners.add(listener);
	timer ||= window.setInterval(() => listeners.forEach((l) => l()), 1000);
	return () => {
		listeners.delete(listener);
		if (listeners.size === 0) {
			clearInterval(timer);
			timer = 0;
		}
	};
}

/* Renders its component again whenever what `read` gives for the present moment changes. */
export function useClock<T>(read: (now: number) => T, active = true): T {
	const [, set] = useState<T>();
	useEffect(() => {
		if (!active) return;
		return onTick(() => {
			const value = read(now());
			set(() => value);
		});
	});
	return read(now());
}
