# Destinations outside of the containers: Google's Firestore emulator, and the fake of BigQuery.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

# Where a container reaches this machine; nobody else does.
host_address() {
	ip -4 -o address show docker0 | awk '{ sub("/.*", "", $4); print $4 }'
}

start_bigquery() {
	local port
	mkfifo "$scratch/bigquery"
	"$tests/docker-bigquery" >"$scratch/bigquery" 2>"$scratch/bigquery.log" &
	fakes+=($!)
	read -r port <"$scratch/bigquery"
	bigquery=$(host_address):$port
}

start_firestore() {
	local bin jar port
	bin=$(readlink -f "$(command -v gcloud)") || true
	jar=${bin%/bin/gcloud}/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar
	if ! [ -r "$jar" ] || ! command -v java >/dev/null; then
		echo "without Firestore: its emulator is not installed (gcloud components install cloud-firestore-emulator, java)"
		return
	fi
	for port in $(seq 28000 28020); do
		! (exec 3<>"/dev/tcp/$(host_address)/$port") 2>/dev/null && break
	done
	: >"$scratch/firestore.log"
	java -Xmx512m -XX:TieredStopAtLevel=1 -cp "$jar" com.google.cloud.datastore.emulator.firestore.CloudFirestore start \
		"--host=$(host_address)" "--port=$port" "--rules=$top/tests/fakes/firebase/strict.rules" >"$scratch/firestore.log" 2>&1 &
	fakes+=($!)
	firestore=$(host_address):$port
	until_true 60 grep -q 'now running' "$scratch/firestore.log" || fail "no emulator: $(tail -n 2 "$scratch/firestore.log")"
}

start_fakes() {
	fakes=() bigquery='' firestore=''
	start_bigquery
	start_firestore
}

stop_fakes() {
	[ ${#fakes[@]} -eq 0 ] || kill "${fakes[@]}" 2>/dev/null || true
}

# The destinations of a world, for its configuration.
name_destinations() {
	echo "  - bigquery: {project_id: demo, dataset: ci_$WORLD_SEED, interval: 1s, api_url: \"http://$bigquery\"}"
	[ -z "$firestore" ] ||
		echo "  - firestore: {firebase_project_id: world-$WORLD_SEED, projects: {acme/web: web, acme/api: api}, create_project: true}"
}

# The newest version of each build, `id version` a line.
bigquery_has() {
	local table=http://$bigquery/bigquery/v2/projects/demo/datasets/ci_$WORLD_SEED/tables/build_events
	curl -sf "$table" >"$scratch/table" && curl -sf "$table/data?maxResults=1000000" |
		jq -r --slurpfile table "$scratch/table" '
			[$table[0].schema.fields[].name] as $names | ($names | index("id")) as $id | ($names | index("version")) as $version
			| reduce .rows[].f as $row ({}; .[$row[$id].v] |= ([(. // 0), ($row[$version].v | tonumber)] | max))
			| to_entries[] | "\(.key) \(.value)"' | sort
}

store_has() {
	dc exec -T sink-store buildbus builds -n 1000000 --json | jq -r '"\(.id) \(.version)"' | sort
}

bigquery_holds_truth() {
	bigquery_has >"$scratch/rows" && store_has >"$scratch/builds" &&
		diff "$scratch/builds" "$scratch/rows" | sed -n '2s/^/build_events beside the store: /p' >"$scratch/difference" &&
		[ ! -s "$scratch/difference" ]
}

firestore_holds_truth() {
	[ -z "$firestore" ] ||
		BUILDBUS_TEST_FIRESTORE=$firestore "$tests/docker-compare" firestore "world-$WORLD_SEED" "$scratch/truth.buildkite" >"$scratch/difference"
}
