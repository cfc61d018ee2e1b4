# Docker Engine, its compose plugin, the base image and the image under test: what there is, or made here.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

skip() {
	echo "SKIP $*"
	exit 77
}

have_tools() {
	local tool
	for tool in docker jq curl git; do
		command -v "$tool" >/dev/null || skip "no $tool here"
	done
	docker compose version >/dev/null 2>&1 ||
		skip "docker has no compose plugin (package docker-compose of Debian 13; docker-compose-plugin of Docker)"
}

# Ours is ended with the run, one that ran before is not.
have_engine() {
	docker info >/dev/null 2>&1 && return
	[ "${1:-}" != quick ] || skip "dockerd does not run; tests/run --docker starts it"
	[ "$(id -u)" = 0 ] || skip "dockerd does not run, and only root can start it"
	command -v dockerd >/dev/null || skip "no dockerd here (package docker.io)"
	setsid dockerd >"$scratch/dockerd.log" 2>&1 &
	engine=$!
	until_true 30 docker info >/dev/null 2>&1 ||
		skip "containers can't be started here: $(tail -n 1 "$scratch/dockerd.log")"
}

# Debian from the archive that this machine uses, where no registry has it.
make_base() {
	local mirror release=bookworm folder=$scratch/base certificates=/usr/local/share/ca-certificates
	command -v debootstrap >/dev/null || skip "no registry can be reached, and there is no debootstrap"
	mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
	[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { print $2; exit }' /etc/apt/sources.list)
	debootstrap --variant=minbase "$release" "$folder" "$mirror" >"$scratch/debootstrap.log" 2>&1 ||
		skip "debootstrap failed: $(tail -n 1 "$scratch/debootstrap.log")"
	# As Debian's own image has it: nobody needs each file of a layer on the disk at once, or documents in it.
	printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n' >"$folder/etc/dpkg/dpkg.cfg.d/docker"
	# A machine behind a proxy of its own trusts that; so must npm in the build.
	mkdir -p "$folder$certificates"
	cp "$certificates"/*.crt "$folder$certificates/" 2>/dev/null || true
	tar -C "$folder" -c . |
		docker import -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$base" >/dev/null
	rm -rf "$folder"
}

have_base() {
	docker image inspect "$base" >/dev/null 2>&1 || timeout 60 docker pull -q "$base" >/dev/null 2>&1 || make_base
}

# A clean copy of what git knows here, with what is changed.
copy_sources() {
	git -C "$top" ls-files -z | (cd "$top" && xargs -0 tar -c --ignore-failed-read 2>/dev/null) | tar -x -C "$1"
}

# Of all that the image is made of, so that a test never meets another one.
hash_sources() {
	(cd "$1" && find CMakeLists.txt compose common fetchers normalizer sinks tests/sim -type f ! -name '*.y*ml' ! -name '.env*' -print0 |
		sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
}

# VERSION of project() in folder $1 becomes $3 in the image $2.
build_image() {
	sed -i "s/^\(project(buildbus VERSION\) [0-9.]*/\1 $3/" "$1/CMakeLists.txt"
	BUILDBUS_IMAGE=$2 BUILDBUS_BASE=$base docker compose -f "$1/compose/compose.yaml" build keys >"$scratch/build.log" 2>&1 || {
		tail -n 40 "$scratch/build.log"
		return 1
	}
}
