# More fetchers and fewer, while builds flow.
# shellcheck shell=bash

workers() {
	[ "$(status | jq '[.sources[] | select(.name == "buildkite") | .workers | length] | add')" = "$1" ]
}

scale() {
	dc up -d --scale "fetch-buildkite=$1" >"$scratch/up.log" 2>&1 || fail "scale: $(tail -n 3 "$scratch/up.log")"
}

test_scale_up_and_down_under_load() {
	local expired world_moves
	open_world
	advance 200000
	scale 3
	advance 600000
	until_true 30 workers 3 || fail "the hub does not know three workers: $(status | jq -c .sources)"
	expect_truth
	advance 600000 &
	world_moves=$!
	scale 1
	wait "$world_moves"
	until_true 60 workers 1 || fail "the hub still knows $(status | jq -c .sources)"
	expired=$(dc logs --no-color normalizer | grep -c '"lease.expired"' || true)
	[ "$expired" = 0 ] || fail "$expired leases were not handed back"
	expect_truth
}
