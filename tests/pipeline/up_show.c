/* `buildbus up --show` on the terminal of somebody who watches: everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/simulator.h"
#include "tests/support/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(show, .timeout = 120);

static struct place *place;
static struct simulator *sim;
static struct child *up;
static int changes;

static void open_place(void)
{
	place = place_new();
	sim = simulator_new(place, "--builds", "60", "--pipelines", "2", "--start", "now");
	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\n"
		    "sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		    "      pipeline_slug: '*'\n      since: 90d\n      poll_interval: 1s\n      api_url: %s\n"
		    "destinations:\n  - store: {listen: '127.0.0.1:0'}\n",
		    place->state, SIM_TOKEN, sim->api);
	changes = watch_open(place->folder);
	up = child_start(&(struct launch){.place = place,
					  .program = "buildbus",
					  .args = ARGS("up", "--show", "--quiet", "-c", place->config),
					  .no_ready = true,
					  .stdout_path = place_path(place, "out")});
}

static void close_place(void)
{
	child_stop(up);
	child_free(&up);
	close(changes);
	simulator_free(&sim);
	place_free(&place);
}

/* Waits until it is on the screen; what is there then, heap. */
#define screen_has(text) screen_has_at(HERE, text)
static char *screen_has_at(struct spot spot, const char *text)
{
	int64_t until = test_now_ms() + patience_ms();

	for (;;) {
		size_t size;
		char *screen = place_read(place, "out", &size);

		if (screen && strstr(screen, text)) {
			return screen;
		}
		if (test_now_ms() >= until) {
			fail_at(spot, "no `%s` on the screen: %s", text, screen ? screen : "nothing");
		}
		free(screen);
		watch_wait(changes, until);
	}
}

Test(show, says_where_the_page_is_counts_the_past_and_shows_what_changes, .init = open_place,
     .fini = close_place)
{
	char *screen;

	free(screen_has("The page: http://127.0.0.1:"));
	screen = screen_has(" records of older builds)");
	cr_expect_null(strstr(screen, " main "), "a build of the past has a line: %s", screen);
	free(screen);
	simulator_do(sim, "advance", "{'ms': 60000}"); /* the world stood still since before we came */
	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'branch': 'news', 'duration_ms': null}");
	free(screen_has("news"));
}
