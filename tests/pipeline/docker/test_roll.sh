# From one version of the image to the next, and back, while builds flow.
# shellcheck shell=bash

all_say_version() {
	local service
	for service in normalizer fetch-buildkite sink-store; do
		dc exec -T "$service" buildbus --version | grep -q " $1\$" || return
	done
}

have_next_version() {
	next=$BUILDBUS_IMAGE-next
	docker image inspect "$next" >/dev/null 2>&1 && return
	cp -r "$tree" "$scratch/next"
	build_image "$scratch/next" "$next" 0.1.999
}

# At a pace at which the simulator's memory holds the world of a slow machine, too.
flow() {
	while [ ! -e "$scratch/stop" ]; do
		advance 20000
		sleep 1
	done
}

roll_to() {
	BUILDBUS_IMAGE=$1 dc up -d --wait >"$scratch/up.log" 2>&1 || fail "up: $(tail -n 3 "$scratch/up.log")"
	all_say_version "$2" || fail "some are not of version $2"
}

test_roll_to_another_version_and_back() {
	local next flows before=$BUILDBUS_IMAGE
	have_next_version
	open_world
	# The simulator has its world in memory alone: it stays.
	extra=$scratch/keep.yaml
	printf 'services: {simulator: {image: %s}}\n' "$before" >"$extra"
	rm -f "$scratch/stop"
	flow &
	flows=$!
	roll_to "$next" 0.1.999
	status | jq -e '.version == "0.1.999"' >/dev/null || fail "the hub is of another version"
	roll_to "$before" 0.1.0
	touch "$scratch/stop"
	wait "$flows"
	expect_truth
}
