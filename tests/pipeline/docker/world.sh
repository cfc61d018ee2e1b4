# The containers of compose.yaml around a simulator whose clock the test drives.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

fail() {
	echo "  failed: $*" >&2
	return 1
}

# Polls: the engine tells nobody of what a process in a container has come to.
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.2
	done
}

dc() {
	docker compose -p "$project" -f "$tree/compose/compose.yaml" ${world:+-f "$here/world.yaml"} ${extra:+-f "$extra"} "$@"
}

container() {
	dc ps -q "$1" | sed -n "${2:-1}p"
}

# All of the long-running ones are there and well.
all_healthy() {
	local wanted well
	wanted=$(dc config --services | grep -cvx keys)
	well=$(dc ps --format '{{.Service}} {{.State}} {{.Health}}' |
		awk '$2 == "running" && ($3 == "healthy" || $3 == "") { print $1 }' | sort -u | wc -l)
	[ "$well" = "$wanted" ]
}

volume() {
	docker volume inspect -f '{{.Mountpoint}}' "${project}_$1"
}

simulator() {
	curl -sf "http://$simulator_at/_sim/$1" "${@:2}"
}

find_simulator() {
	simulator_at=$(dc port simulator 8099)
	simulator clock >/dev/null
}

# So many ms of the world's time, in steps of 20 s.
advance() {
	local rest=$1
	while [ "$rest" -gt 0 ]; do
		simulator advance -d '{"ms": 20000}' >/dev/null || fail "the simulator does not answer"
		rest=$((rest - 20000))
	done
}

simulator_began() {
	docker inspect -f '{{.State.StartedAt}}' "$(container simulator)"
}

# Its world is in its memory alone: one that was started again (killed for memory, replaced) tells of another.
same_world() {
	[ "$(simulator_began)" = "$world_began" ] || fail "the simulator was started again: the truth is lost"
}

store_holds_truth() {
	simulator truth >"$scratch/truth.buildkite" && simulator 'truth?provider=circleci' >"$scratch/truth.circleci" &&
		cat "$scratch"/truth.* >"$scratch/truth" &&
		"$tests/docker-compare" store "$(volume store)/store.db" "$(volume hub)/hub.db" "$scratch/truth" >"$scratch/difference"
}

all_hold_truth() {
	store_holds_truth && { [ -z "$bigquery" ] || { bigquery_holds_truth && firestore_holds_truth; }; }
}

# What must hold of every destination, after whatever was done. CircleCI's pipelines are asked again by the provider's
# own clock, re-runs after ten minutes of it (docs/config.md): a world that stands still would hide what came last.
expect_truth() {
	local try
	for try in 1 2 3 4; do
		! until_true 60 all_hold_truth || break
		same_world
		[ $try -lt 4 ] || fail "not what the simulator says: $(cat "$scratch/difference")"
		echo "  (eleven minutes of the world's time more: $(cut -c1-100 "$scratch/difference"))"
		advance 660000
	done
	same_world
	echo "  truth = store${bigquery:+ = bigquery}${firestore:+ = firestore}: $(wc -l <"$scratch/truth") builds"
}

status() {
	dc exec -T normalizer buildbus status --json
}

# Each test's world of its own, and everything of it gone at its end.
open_world() {
	world=yes
	export WORLD_SEED=$((RANDOM + 1)) WORLD_TOKEN=s3cret-$RANDOM$RANDOM$RANDOM BUILDBUS_PORT=0
	export BUILDBUS_CONFIG=$scratch/world.yml BUILDKITE_TOKEN_FILE=$scratch/token CIRCLECI_TOKEN_FILE=$scratch/token
	# Firestore takes no build of the future.
	WORLD_START=$(date -u -d '2 days ago' +%FT%TZ)
	export WORLD_START
	printf %s "$WORLD_TOKEN" >"$scratch/token"
	export WORLD_BIGQUERY=$bigquery WORLD_FIRESTORE=$firestore
	cp "$here/world.yml" "$BUILDBUS_CONFIG"
	[ -z "$bigquery" ] || name_destinations >>"$BUILDBUS_CONFIG"
	chmod 755 "$scratch"
	dc up -d --wait "$@" >"$scratch/up.log" 2>&1 || fail "up: $(tail -n 3 "$scratch/up.log")"
	find_simulator
	world_began=$(simulator_began)
}

close_world() {
	docker rm -f "$project-stranger" "$project-impostor" >/dev/null 2>&1 || true
	dc down -v --timeout 15 >/dev/null 2>&1 || true
}

# Of a test that failed.
tell_world() {
	status 2>/dev/null | jq -c '.problems, .sources, [.targets[] | select(.provider == "circleci" or .error != null)]' 2>/dev/null | cut -c1-3000
	dc ps -a 2>/dev/null | cut -c1-120
	dc logs --no-color --tail 8 2>/dev/null | grep -v '"level":"info"' | cut -c1-300 | tail -n 40
}
