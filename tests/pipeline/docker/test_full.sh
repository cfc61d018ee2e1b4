# A volume that fills up, and gets room again.
# shellcheck shell=bash

takes() {
	[ "$(status | jq .disk.taking)" = "$1" ]
}

test_full_volume_loses_nothing() {
	local filler
	extra=$scratch/small.yaml
	cat >"$extra" <<-END
		services: {normalizer: {environment: {BUILDBUS_MIN_FREE: 16MiB}}}
		volumes: {hub: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=96m,uid=10001,gid=10001,mode=700"}}}
	END
	open_world
	expect_truth
	filler=$(volume hub)/filler
	dd if=/dev/zero of="$filler" bs=1M count=200 2>/dev/null || true
	advance 600000
	until_true 30 takes false || fail "the hub still takes: $(status | jq -c .disk)"
	status | jq -r '"  " + .problems[0].text' | head -n 1
	! store_holds_truth || fail "the store knows what the hub could not keep"
	rm "$filler"
	until_true 60 takes true || fail "there is room, and the hub does not take: $(status | jq -c .disk)"
	expect_truth
}
