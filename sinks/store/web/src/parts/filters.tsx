// SPDX-License-Identifier: MIT
import {filterKeys, type Builds} from '../builds';
import {count} from '../format';
import {setQuery} from '../router';
import {Choice, Search} from './fields';

const results: [string, string][] = [['', 'Any result'], ['success', 'Passed'], ['failure', 'Failed'], ['error', 'Error'], ['timeout', 'Timed out'], ['cancellation', 'Cancelled'], ['skip', 'Skipped']];
const states: [string, string][] = [['', 'Any state'], ['queued', 'Queued'], ['running', 'Running'], ['blocked', 'Blocked'], ['finished', 'Finished']];
const triggers: [string, string][] = [['', 'Any trigger'], ['push', 'Push'], ['pull_request', 'Pull request'], ['schedule', 'Schedule'], ['api', 'API'], ['manual', 'By hand'], ['upstream', 'Upstream'], ['other', 'Other']];

const Chip = ({name, value}: {name: string; value: string}) => (
	<button type="button" class="chip" onClick={() => setQuery({[name]: null})} aria-label={`Remove the filter ${name} ${value}`}>
		{name} <b>{value}</b> <span aria-hidden="true">×</span>
	</button>
);

export function Filters({query, builds}: {query: URLSearchParams; builds: Builds}) {
	const value = (key: string) => query.get(key) ?? '';
	const branch = value('branch');
	return (
		<div class="filters">
			<Search value={value('q')} label="Search builds" />
			<Choice name="result" value={value('result')} label="Result" options={results} />
			<Choice name="state" value={value('state')} label="State" options={states} />
			<Choice name="trigger" value={value('trigger')} label="Trigger" options={triggers} />
			{branch && branch !== 'all' && <Chip name="branch" value={branch} />}
			{value('author') && <Chip name="author" value={value('author')} />}
			{filterKeys.some((k) => query.has(k)) && (
				<button type="button" class="clear" onClick={() => setQuery(Object.fromEntries(filterKeys.map((k) => [k, null])))}>Clear</button>
			)}
			<span class="summary" aria-live="polite">{builds.loaded && <><b>{builds.exact ? '' : 'over '}{count(builds.total + builds.added)}</b> builds, all time</>}</span>
		</div>
	);
}
