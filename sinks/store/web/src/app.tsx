// SPDX-License-Identifier: MIT
import {useEffect} from 'preact/hooks';
import {onKey} from './keys';
import {BuildPage} from './pages/build';
import {BusPage} from './pages/bus';
import {OverviewPage} from './pages/overview';
import {PipelinePage} from './pages/pipeline';
import {Help} from './parts/help';
import {Shell} from './parts/shell';
import {Empty} from './parts/states';
import {Tip} from './parts/tip';
import {idIn, onClick, usePlace, type Place} from './router';

function Page({place}: {place: Place}) {
	const {path, query} = place;
	if (path === '/') return <OverviewPage query={query} />;
	if (path === '/bus') return <BusPage query={query} />;
	if (path.startsWith('/p/')) return <PipelinePage key={path} id={idIn(path)} query={query} />;
	if (path.startsWith('/b/')) return <BuildPage key={path} id={idIn(path)} />;
	return <Empty title="There is no such page"><p>The <a href="/">overview</a> lists every pipeline.</p></Empty>;
}

export function App() {
	const place = usePlace();
	useEffect(() => {
		document.addEventListener('click', onClick);
		document.addEventListener('keydown', onKey);
	}, []);
	return (
		<>
			<Shell place={place}><Page place={place} /></Shell>
			<Help />
			<Tip />
		</>
	);
}
