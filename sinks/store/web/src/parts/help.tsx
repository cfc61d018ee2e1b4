// SPDX-License-Identifier: MIT
import {shortcuts} from '../keys';
import {Glyph} from './badge';
import {said, type Word} from '../format';

export const openHelp = () => document.querySelector<HTMLDialogElement>('#help')?.showModal();

const words: Word[] = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip', 'queued', 'running', 'blocked'];

export function Help() {
	return (
		<dialog id="help" aria-labelledby="help-title" onClick={(e) => e.target === e.currentTarget && e.currentTarget.close()}>
			<form method="dialog" class="help">
				<h2 id="help-title">Keyboard</h2>
				<dl class="keys">
					{shortcuts.map(([key, does]) => (
						<div key={key}><dt>{key.split(/ +/).map((k) => <kbd key={k}>{k}</kbd>)}</dt><dd>{does}</dd></div>
					))}
				</dl>
				<h2>Signs</h2>
				<ul class="signs">
					{words.map((w) => <li key={w}><Glyph word={w} /> {said[w]}</li>)}
				</ul>
				<p class="muted">
					A bar is a build: its height is the duration, a mark beneath it says that it is red. Success rate: passed of passed, failed,
					error and timed out; green from 80 %, red up to 50 %.
				</p>
				<button type="submit" class="button">Close</button>
			</form>
		</dialog>
	);
}
