// SPDX-License-Identifier: MIT
// The bus itself: who is there, who lags, what could not be delivered, what passes.
import {useEffect, useRef, useState} from 'preact/hooks';
import {useJson} from '../api';
import {now} from '../clock';
import {useLive} from '../live';
import type {Bus, Dead} from '../types';
import {BusFlow} from '../parts/bus_flow';
import {DeadLetters, Problems, Targets} from '../parts/bus_tables';
import {Empty, Failed, Loading} from '../parts/states';
import {Tap, TAP_ROWS, type Passed} from '../parts/tap';

function Unreachable({bus}: {bus: Bus}) {
	return (
		<Empty title="The hub is not to be reached">
			<p>The store still shows what it has, but nothing new comes until the normalizer is back. This page goes on by itself.</p>
			{bus.said && <p class="muted">{bus.said}</p>}
		</Empty>
	);
}

export function BusPage(_: {query: URLSearchParams}) {
	const first = useJson<Bus>('/api/v1/bus');
	const dead = useJson<Dead>('/api/v1/dead');
	const [passed, setPassed] = useState<Passed[]>([]);
	const deadBefore = useRef(0);
	useLive('/api/v1/events?bus=1', {
		bus: (bus) => {
			first.patch(() => bus);
			if (!first.data) first.reload();
			if (bus.dead !== deadBefore.current) dead.reload();
			deadBefore.current = bus.dead;
		},
		builds: (came) => {
			const lines = came.map((build) => ({at: now(), build})).reverse();
			setPassed((old) => [...lines, ...old].slice(0, TAP_ROWS));
		},
		fresh: () => {
			first.reload();
			dead.reload();
		},
	});
	useEffect(() => {
		document.title = 'Bus – Buildbus';
	}, []);

	const bus = first.data;
	if (!bus) return first.error ? <Failed error={first.error} retry={first.reload} /> : <Loading rows={6} />;
	return (
		<div class="stack bus">
			<h1>Bus</h1>
			{bus.unreachable ? <Unreachable bus={bus} /> : (
				<>
					<Problems bus={bus} />
					<BusFlow bus={bus} />
				</>
			)}
			<Tap passed={passed} />
			{!bus.unreachable && <Targets targets={bus.targets ?? []} />}
			<DeadLetters letters={dead.data?.letters ?? []} />
		</div>
	);
}
