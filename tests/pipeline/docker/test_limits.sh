# What a container may, what it costs, and what it tells.
# shellcheck shell=bash

# One line of `docker inspect` of each container: all must be the same.
expect_inspect() {
	local said
	said=$(dc ps -q | xargs docker inspect -f "$1" | sort -u)
	[ "$said" = "$2" ] || fail "$1 is: $said"
}

test_limits_of_a_container_hold() {
	local id largest over
	open_world
	expect_inspect '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Init}}' \
		'true [ALL] [no-new-privileges:true] true'
	expect_inspect '{{.Config.User}} {{.HostConfig.Privileged}} {{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}}' \
		'10001:10001 false json-file 10m'
	expect_inspect '{{.HostConfig.RestartPolicy.Name}}' unless-stopped
	for id in $(dc ps -q); do
		grep -q '^CapEff:\s*0000000000000000$' "/proc/$(docker inspect -f '{{.State.Pid}}' "$id")/status" ||
			fail "a container has capabilities"
		! docker exec "$id" touch /usr/local/bin/x 2>/dev/null || fail "a container can write to its root"
	done
	! docker run --rm "$BUILDBUS_IMAGE" sh -c 'command -v cc gcc make cmake node npm' || fail "a compiler is in the image"
	over=$(($(docker image inspect -f '{{.Size}}' "$BUILDBUS_IMAGE") - $(docker image inspect -f '{{.Size}}' "$base")))
	[ $over -le $((32 << 20)) ] || fail "the image is $over bytes over its base"
	echo "  the image is $((over / 100000))e5 bytes over its base"
	advance 1200000
	expect_truth
	largest=$(docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' $(dc ps -q fetch-buildkite fetch-circleci sink-store) |
		tee "$scratch/memory" | awk '{ print $2 }' | sort -h | tail -n 1)
	sed 's/^/  /' "$scratch/memory"
	! docker inspect -f '{{.State.OOMKilled}}' $(dc ps -q) | grep true || fail "killed for memory"
	echo "  most memory of a fetcher or sink: $largest of 48MiB"
}

# Each container's own files, and nobody else's.
test_limits_of_secrets_hold() {
	local id name
	open_world
	expect_truth
	for name in normalizer fetch-buildkite fetch-circleci sink-store; do
		dc exec -T "$name" sh -c 'ls /run/secrets /certs /keys/* 2>/dev/null; true' >"$scratch/$name.files"
		[ "$(grep -c 'cert_secret$' "$scratch/$name.files")" = "$([ "$name" = normalizer ] && echo 2 || echo 1)" ] ||
			fail "$name has other certificates: $(cat "$scratch/$name.files")"
	done
	grep -qx buildkite_token "$scratch/fetch-buildkite.files" || fail "the fetcher lacks its token"
	! grep -q token "$scratch/normalizer.files" "$scratch/sink-store.files" || fail "a token where it is not needed"
	! grep -q buildkite_token "$scratch/fetch-circleci.files" || fail "a token of another fetcher"
	# The simulator's token is on its command line, as tokens of the demo are.
	{
		dc ps -aq | grep -v "$(container simulator)" | xargs docker inspect
		dc logs --no-color normalizer fetch-buildkite fetch-circleci sink-store keys
		docker history --no-trunc "$BUILDBUS_IMAGE"
		status
	} >"$scratch/told" 2>&1
	! grep -q "$WORLD_TOKEN" "$scratch/told" || fail "the token is told: $(grep -m 1 "$WORLD_TOKEN" "$scratch/told" | cut -c1-200)"
	id=$(sed -n 's/.*secret-key = "\(.*\)"/\1/p' "$(volume certs-fetch-buildkite)/fetch-buildkite.cert_secret")
	[ -n "$id" ] || fail "no secret key found"
	! grep -qF "$id" "$scratch/told" || fail "a secret key is told"
	echo "  $(wc -c <"$scratch/told") bytes of inspect, logs, history and status: no secret"
}
