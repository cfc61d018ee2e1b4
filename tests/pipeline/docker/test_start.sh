# The two commands of docs/compose.md.
# shellcheck shell=bash

# As a newcomer: nothing is configured.
test_demo_without_any_configuration() {
	local began page
	unset BUILDBUS_CONFIG
	export BUILDBUS_PORT=0
	began=$SECONDS
	dc up -d >"$scratch/up.log" 2>&1 || fail "up: $(tail -n 3 "$scratch/up.log")"
	until_true 20 all_healthy || fail "not healthy within 20 s: $(dc ps)"
	echo "  healthy after $((SECONDS - began)) s"
	until_true 30 demo_shows_builds || fail "no builds in the store"
	echo "  the store has $(dc exec -T sink-store buildbus builds -n 100000 --json | wc -l) builds"
	page=$(dc port sink-store 8080)
	[[ $page == 127.0.0.1:* ]] || fail "the dashboard is published on $page"
	! grep -q 'listen' "$tree/compose/demo.yml" || until_true 20 dashboard_shows_builds "$page" ||
		fail "no builds on the dashboard at $page"
}

demo_shows_builds() {
	[ "$(dc exec -T sink-store buildbus builds -n 1000 --json 2>/dev/null | wc -l)" -gt 500 ]
}

dashboard_shows_builds() {
	curl -sf --compressed "http://$1/" | grep -q '<div\|<script' &&
		[ "$(curl -sf "http://$1/api/v1/builds?branch=all&limit=50" | jq '.builds | length')" = 50 ]
}

test_start_brings_the_truth_to_the_store() {
	open_world
	expect_truth
	advance 600000
	expect_truth
}

quick_start() {
	test_start_brings_the_truth_to_the_store
}
