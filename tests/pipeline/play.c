/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/play.h"
#include "tests/pipeline/naive.h"

#include <stdlib.h>
#include <string.h>

/* Who plays: the real pipeline or one poller. */
struct actor {
	struct scene *scene; /* with the simulator of this performance */
	struct naive *naive; /* NULL: the real pipeline */
};

static void visit(struct spot spot, struct actor *actor)
{
	if (actor->naive) {
		naive_poll(actor->naive, 0);
		return;
	}
	if (!actor->scene->hub) {
		scene_start_at(spot, actor->scene);
	}
	scene_visited_at(spot, actor->scene, NULL);
}

static void die(struct spot spot, struct actor *actor)
{
	struct scene *scene = actor->scene;

	if (actor->naive) {
		naive_poll(actor->naive, 2);
		return;
	}
	scene->mortal = true;
	scene_start_at(spot, scene);
	child_event_at(spot, scene->fetchers[0], "fetch.page", "n", "2");
	child_kill(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	cr_assert_lt(db_int(scene->place, "hub.db", "SELECT count(*) FROM build"), 300, "it died too late");
	scene_start_fetcher_at(spot, scene);
	child_event_at(spot, scene->hub, "lease.expired", NULL, NULL);
}

static void step(struct spot spot, struct actor *actor, const struct step *step)
{
	if (strcmp(step->control, "visit") == 0) {
		visit(spot, actor);
	} else if (strcmp(step->control, "die") == 0) {
		die(spot, actor);
	} else if (strcmp(step->control, "truth") != 0) {
		simulator_do_at(spot, actor->scene->sim, step->control, step->json);
	} else if (!actor->naive) {
		scene_holds_truth(actor->scene);
	}
}

static void perform(struct spot spot, struct actor *actor, const struct play *play)
{
	for (size_t i = 0; i < play->count; i++) {
		for (int done = 0; done == 0 || done < play->steps[i].times; done++) {
			step(spot, actor, &play->steps[i]);
		}
	}
}

static void perform_naive(struct spot spot, const struct play *play, enum naive_kind kind)
{
	struct actor actor = {.scene = scene_new_at(spot, play->sim)};
	char *truth;
	int lost;

	actor.naive = naive_new(kind, actor.scene->sim, play->naive_page);
	perform(spot, &actor, play);
	naive_poll(actor.naive, 0); /* it won't come by itself either */
	truth = simulator_truth(actor.scene->sim, NULL);
	lost = naive_lost(actor.naive, truth);
	free(truth);
	naive_free(&actor.naive);
	scene_free_at(spot, &actor.scene);
	if (lost == 0) {
		fail_at(spot, "poller %d loses nothing: this scene shows nothing", (int)kind);
	}
}

void play_at(struct spot spot, const struct play *play)
{
	struct actor actor = {.scene = scene_new_at(spot, play->sim)};

	perform_naive(spot, play, NAIVE_LAST_NUMBER);
	perform_naive(spot, play, NAIVE_BY_PAGE);
	perform(spot, &actor, play);
	scene_holds_truth(actor.scene);
	scene_free_at(spot, &actor.scene);
}
