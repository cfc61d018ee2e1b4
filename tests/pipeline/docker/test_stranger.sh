# A foreign container on the network of the bus.
# shellcheck shell=bash

# Runs a script there; its image brings a shell, and `buildbus` to speak the protocol with.
stranger() {
	docker run --rm --name "$project-stranger" --network "${project}_bus" -e BUILDBUS_CONFIG=/tmp/none.yml -e BUILDBUS_CONTAINER=0 \
		-e BUILDBUS_INGEST=tcp://normalizer:5550 -e BUILDBUS_FEED=tcp://normalizer:5551 -e BUILDBUS_TAP=tcp://normalizer:5552 \
		-e "BUILDBUS_CURVE_SERVER_KEY=$(sed -n 's/.*public-key = "\(.*\)"/\1/p' "$(volume certs-normalizer)/hub.cert")" "$@"
}

in_stranger() {
	stranger --tmpfs /tmp -i "$BUILDBUS_IMAGE" bash -s
}

test_stranger_reads_and_writes_nothing() {
	open_world
	expect_truth
	in_stranger >"$scratch/stranger" 2>&1 <<-'END' || true
		export BUILDBUS_INSECURE=true
		cd /tmp && echo 'sources: [{buildkite: {access_token: x, organization_slug: acme, pipeline_slug: web}}]' >none.yml
		hub_key=$BUILDBUS_CURVE_SERVER_KEY && unset BUILDBUS_CURVE_SERVER_KEY
		buildbus keys init --dir /tmp/own >/dev/null
		reach() { timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null && echo "reached $1:$2"; }
		for at in "normalizer 9100" "sink-store 9100" "sink-store 8080" "dashboard 8080" "fetch-buildkite 9100" "simulator 8099"; do
			reach $at
		done
		echo "-- plain"
		timeout 10 buildbus status --json && echo "reached: status"
		timeout 5 buildbus tap -n 1 && echo "reached: tap"
		echo "-- with a certificate of its own, and the hub's public key"
		export BUILDBUS_CURVE_CERTIFICATE=/tmp/own/normalizer BUILDBUS_CURVE_SERVER_KEY=$hub_key
		timeout 10 buildbus status --json && echo "reached: status"
		timeout 5 buildbus tap -n 1 && echo "reached: tap"
		timeout 10 buildbus sinks forget store && echo "reached: sinks forget"
		BUILDBUS_CURVE_CERTIFICATE=/tmp/own/sink-store timeout 5 buildbus-sink-store >sink.log 2>&1
		grep sink.attached sink.log && echo "reached: feed"
		grep -m 1 bus.refused sink.log
		echo done
	END
	grep -qx done "$scratch/stranger" || fail "the stranger did not come to its end: $(cat "$scratch/stranger")"
	! grep -q '^reached' "$scratch/stranger" || fail "a stranger $(grep '^reached' "$scratch/stranger" | head -n 3)"
	expect_truth
	sed 's/^/  /' "$scratch/stranger" | cut -c1-160
}

# Connections that say nonsense, and wait, as many as it can.
flood() {
	stranger -d --ulimit nofile=4096:4096 "$BUILDBUS_IMAGE" bash -c '
		for round in $(seq 1 1000); do
			for port in 5550 5551 5552; do
				for i in $(seq 1 300); do exec {fd}<>/dev/tcp/normalizer/$port && head -c 200 /dev/urandom >&$fd; done 2>/dev/null
			done
			for fd in /proc/self/fd/*; do n=${fd##*/}; [ $n -gt 2 ] && [ $n -lt 255 ] && exec {n}>&-; done 2>/dev/null
		done' >/dev/null
}

test_stranger_stalls_nothing() {
	local began
	open_world
	expect_truth
	flood
	# And one that takes the hub's name: who connects anew meets it every other time.
	docker run -d --rm --name "$project-impostor" --network "${project}_bus" --network-alias normalizer "$BUILDBUS_IMAGE" \
		buildbus-sim --listen 0.0.0.0:5550 >/dev/null
	kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(container fetch-buildkite)")"
	kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(container sink-store)")"
	began=$SECONDS
	advance 600000
	expect_truth
	echo "  600 s of builds beside the flood in $((SECONDS - began)) s"
	docker inspect -f '{{.State.Running}}' "$project-stranger" | grep -q true || fail "the flood ended: $(docker logs "$project-stranger" 2>&1 | tail -n 3)"
	all_healthy || fail "not healthy: $(dc ps)"
	docker kill "$project-stranger" "$project-impostor" >/dev/null
}
