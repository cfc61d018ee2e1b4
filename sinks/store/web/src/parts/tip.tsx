// SPDX-License-Identifier: MIT
// One small label near the pointer, for whatever has data-tip. Lines are parted by newlines.
import {useEffect, useRef} from 'preact/hooks';

const GAP = 10, EDGE = 8;

function place(tip: HTMLElement, around: DOMRect) {
	const {width, height} = tip.getBoundingClientRect();
	const left = Math.min(innerWidth - width - EDGE, Math.max(EDGE, around.left + around.width / 2 - width / 2));
	const above = around.top - height - GAP;
	tip.style.left = `${left}px`;
	tip.style.top = `${above >= EDGE ? above : around.bottom + GAP}px`;
}

export function Tip() {
	const element = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const tip = element.current!;
		const show = (event: Event) => {
			const owner = (event.target as Element).closest?.<HTMLElement>('[data-tip]');
			tip.hidden = !owner;
			if (!owner) return;
			tip.textContent = owner.dataset.tip!;
			place(tip, owner.getBoundingClientRect());
		};
		const hide = () => void (tip.hidden = true);
		document.addEventListener('pointerover', show);
		document.addEventListener('pointerdown', hide);
		document.addEventListener('scroll', hide, true);
	}, []);
	return <div class="tip" ref={element} hidden aria-hidden="true" />;
}
