// Badges and cctray.xml.
// SPDX-License-Identifier: MIT
import * as truth from "./truth.mjs";

const WORDS = {success: "passing", failure: "failing", timeout: "timed out", error: "error"};
const STATUS = {success: "Success", failure: "Failure", timeout: "Failure", error: "Exception"};

export async function shared(check, all) {
	const tray = await check.text("/cctray.xml");

	for (const key of new Set(all.map(truth.keyOf))) {
		const bars = truth.scopeOf(all, key, "default").slice(0, 30);
		const verdict = bars.find(truth.isVerdict);
		const building = bars.some((build) => ["queued", "running"].includes(build.state));
		const badge = await check.text(`/badge/${key}.svg?label=it`);
		const project = tray.match(new RegExp(`<Project name="${key}" activity="(\\w+)" lastBuildStatus="(\\w+)"(?: lastBuildLabel="(\\d+)")?`));

		check.same(`badge of ${key}`, badge.match(/<title>(.*)<\/title>/)?.[1], `it: ${WORDS[verdict?.result] ?? "no result"}`);
		check.same(`cctray of ${key}`, project?.slice(1), [building ? "Building" : "Sleeping", STATUS[verdict?.result] ?? "Unknown", verdict && String(verdict.number)]);
	}
	await check.text("/badge/buildkite/acme/none.svg", 404);
	const first = await check.fetch("/badge/buildkite/acme/web.svg");
	const again = await check.fetch("/badge/buildkite/acme/web.svg", {headers: {"If-None-Match": first.headers.get("etag")}});
	check.same("a badge that did not change", again.status, 304);
	check.same("who may keep a badge", first.headers.get("cache-control"), "no-cache");
	check.same("who may show a badge", first.headers.get("cross-origin-resource-policy"), "cross-origin");
}
