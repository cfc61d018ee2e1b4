// SPDX-License-Identifier: MIT
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

export function RedNow({red}: {red: Figures[]}) {
	if (red.length === 0) {
		return <section class="all-green" aria-label="Red now" aria-live="polite"><Glyph word="success" /> Nothing is red.</section>;
	}
	return (
		<section class="red-now" aria-labelledby="red-now">
			<h2 id="red-now" aria-live="polite">{red.length} red now</h2>
			<ul>{red.map((p) => <RedPipeline key={p.id} pipeline={p} />)}</ul>
		</section>
	);
}
