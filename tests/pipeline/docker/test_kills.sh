# Containers that die: one after the other, and all at once. Not the simulator, which has its world in memory.
# shellcheck shell=bash

test_kills_of_each_container_in_turn() {
	local service world_moves
	open_world
	for service in normalizer fetch-buildkite fetch-circleci sink-store sink-firestore sink-bigquery; do
		advance 300000 &
		world_moves=$!
		docker kill "$(container "$service")" >/dev/null
		wait "$world_moves"
		dc up -d --wait >"$scratch/up.log" 2>&1 || fail "up after the kill of $service: $(tail -n 3 "$scratch/up.log")"
		find_simulator
		expect_truth
		echo "  $service killed"
	done
}

# As by the kernel: the restart policy alone brings them back.
test_kills_of_all_at_once() {
	local pids
	open_world
	for _ in 1 2 3; do
		advance 300000
		mapfile -t pids < <(dc ps -q | grep -v "$(container simulator)" | xargs docker inspect -f '{{.State.Pid}}')
		kill -9 "${pids[@]}"
		until_true 90 all_healthy || fail "not back: $(dc ps)"
		expect_truth
	done
}
