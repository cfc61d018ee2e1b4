// SPDX-License-Identifier: MIT
import {useState} from 'preact/hooks';
import {buildPath, pipelinePath} from '../router';
import type {Figures} from '../types';
import {Glyph} from './badge';
import {PipelineName} from './pipeline_name';
import {Ago} from './time';

function RedPipeline({pipeline}: {pipeline: Figures}) {
	const red = pipeline.red!;
	return (
		<li>
			<a class="red-name" href={pipelinePath(pipeline.id)}><Glyph word="failure" /><PipelineName of={pipeline} /></a>
			<span class="red-since"><Ago at={red.since} short /></span>
			<span class="red-more">
				since <a href={buildPath(red.first.id)}>#{red.first.number}</a>
				{red.last_green_at != null && <>, green <Ago at={red.last_green_at} /></>}
			</span>
		</li>
	);
}

const FEW = 9;

export function RedNow({red}: {red: Figures[]}) {
	const [all, showAll] = useState(false);
	if (red.length === 0) {
		return <section class="all-green" aria-label="Red now" aria-live="polite"><Glyph word="success" /> Nothing is red.</section>;
	}
	const shown = all ? red : red.slice(0, FEW);
	return (
		<section class="red-now" aria-labelledby="red-now">
			<h2 id="red-now" aria-live="polite">{red.length} red now</h2>
			<ul>{shown.map((p) => <RedPipeline key={p.id} pipeline={p} />)}</ul>
			{red.length > FEW && <button type="button" class="clear" aria-expanded={all} onClick={() => showAll(!all)}>{all ? 'Fewer' : `${red.length - FEW} more`}</button>}
		</section>
	);
}
