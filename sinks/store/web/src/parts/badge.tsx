// SPDX-License-Identifier: MIT
// A result is told by shape first, so that it is told without colour too.
import {said, type Word} from '../format';

const shapes: Record<Word, string> = {
	success: 'M4.5 8.4 7 10.8l4.6-5.4',
	failure: 'm5.2 5.2 5.6 5.6m0-5.6-5.6 5.6',
	error: 'M8 4.2v4.6m0 2.4v.3',
	timeout: 'M8 4.6V8l2.4 1.6',
	cancellation: 'M4.8 8h6.4',
	skip: 'm5.6 5 3 3-3 3m4-6v6',
	queued: 'M5 8h.1M8 8h.1m2.9 0h.1',
	running: 'M8 4.5A3.5 3.5 0 1 1 4.5 8',
	blocked: 'M6.3 5.2v5.6m3.4-5.6v5.6',
	gone: 'M6.2 6.2a1.9 1.9 0 1 1 2.6 1.9c-.5.2-.8.5-.8 1m0 2v.2',
};

export function Glyph({word}: {word: Word}) {
	return (
		<svg class={`glyph r-${word}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
			<circle cx="8" cy="8" r="7" /><path d={shapes[word]} />
		</svg>
	);
}

export function Badge({word, label = true}: {word: Word; label?: boolean}) {
	return (
		<span class={`badge t-${word}`}>
			<Glyph word={word} /><span class={label ? undefined : 'unseen'}>{said[word]}</span>
		</span>
	);
}
