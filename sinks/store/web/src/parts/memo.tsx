// SPDX-License-Identifier: MIT
import {Component, type ComponentChild, type FunctionComponent} from 'preact';

/* Renders again only when a property is another: of 200 rows the one whose pipeline changed. */
export function memo<P extends object>(Inner: FunctionComponent<P>): FunctionComponent<P> {
	class Memo extends Component<P> {
		shouldComponentUpdate(next: P) {
			const keys = Object.keys(next) as (keyof P)[];
			return keys.some((key) => next[key] !== this.props[key as keyof typeof this.props]);
		}
		render(): ComponentChild {
			return <Inner {...(this.props as P)} />;
		}
	}
	return Memo as unknown as FunctionComponent<P>;
}
