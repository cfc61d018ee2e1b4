// SPDX-License-Identifier: MIT
// A list taller than a browser can lay out: short moves go by the pixel, long ones by the fraction of the bar.
// The list is cut into pages; within a page bar and list move alike, from one page to the next the bar is put back.

export const ROW = 38;
/* Browsers clip elements at 17 to 33 million pixels. */
const TALLEST = 8_000_000, PAGE = TALLEST / 100;

/* offset: what the place in the list is ahead of the bar, in pixels. before: where the bar was. */
export interface Scroll { offset: number; before: number }

export const begin = (): Scroll => ({offset: 0, before: 0});
export const heightOf = (rows: number) => Math.min(rows * ROW, TALLEST);

/* The bar stands at `top` and the view is so high: where the bar should stand; the place is that + offset. */
export function scrolled(scroll: Scroll, rows: number, top: number, view: number): number {
	const whole = rows * ROW;
	if (whole <= TALLEST) {
		Object.assign(scroll, begin());
		return top;
	}
	const near = Math.abs(top - scroll.before) < view;
	const place = near ? top + scroll.offset : (top / (TALLEST - view)) * (whole - view);
	const pages = Math.floor(whole / PAGE);
	const page = Math.min(pages - 1, Math.floor(place / PAGE));
	const offset = Math.round((page * (whole - TALLEST)) / (pages - 1));
	const to = near ? Math.max(0, Math.min(TALLEST - view, place - offset)) : top;
	scroll.offset = offset;
	scroll.before = to;
	return to;
}
