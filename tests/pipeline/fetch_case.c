/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fetch_case.h"

#include <string.h>

zloop_t *loop;
struct ingest_peer peer;
struct fake_api api;
struct place *place;
struct child *child;

void fetch_open(void (*on_raw)(void *context, const struct raw *raw))
{
	zsys_init();
	zsys_handler_set(NULL);
	loop = zloop_new();
	place = place_new();
	ingest_peer_init(&peer, loop);
	peer.on_raw = on_raw;
	ingest_peer_bind(&peer);
	fake_api_start(&api);
}

void fetch_close(void)
{
	child_free(&child);
	fake_api_stop(&api);
	ingest_peer_fini(&peer);
	zloop_destroy(&loop);
	place_free(&place);
	zsys_shutdown();
}

void configure(const char *token, const char *pipelines)
{
	place_write(place, "buildbus.yml",
		    "bus: {ingest: \"%s\", state_dir: %s}\nsources:\n  - buildkite:\n      access_token: %s\n"
		    "      organization_slug: acme\n      pipeline_slug: %s\n      since: 30d\n"
		    "      poll_interval: 7s\n      api_url: %s\n",
		    peer.endpoint, place->state, token, pipelines, api.url);
}

void start(void)
{
	child = child_start(&(struct launch){
		.place = place, .program = "buildbus-fetch-buildkite", .args = ARGS("-c", place->config)});
	child_ready(child);
}

void wait_at(struct spot spot, const int *counter, int value)
{
	if (!loop_reaches(loop, counter, value, (int)patience_ms())) {
		fail_at(spot, "waited in vain for %d, have %d", value, *counter);
	}
}

void lease_at(struct spot spot)
{
	const struct peer_lease *last = peer.lease_count ? &peer.leases[peer.lease_count - 1] : NULL;
	int dones = peer.dones;

	if (last && last->cursor_size > 0) {
		peer.cursor = (struct text){last->cursor, last->cursor_size};
	}
	peer.give = 1;
	wait_at(spot, &peer.dones, dones + 1);
}

bool asked_for(const char *what)
{
	for (int i = 0; i < api.asked_count; i++) {
		if (strstr(api.asked[i], what)) {
			return true;
		}
	}
	return false;
}
