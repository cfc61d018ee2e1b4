// SPDX-License-Identifier: MIT
export function PipelineName({of}: {of: {organization: string | null | undefined; pipeline: string}}) {
	return <span class="name">{of.organization && <span class="org">{of.organization}/</span>}{of.pipeline}</span>;
}
