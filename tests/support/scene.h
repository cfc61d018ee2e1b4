/* The whole pipeline as processes of a test: simulated provider, hub, fetchers, store sink. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"
#include "tests/support/truth.h"

#define SCENE_FETCHERS 6

struct scene {
	struct place *place;
	struct simulator *sim; /* freed with the scene */
	struct child *hub, *sink;
	struct child *fetchers[SCENE_FETCHERS];
	bool config_written;
	bool circleci; /* its sources are CircleCI's: by scene_circleci */
	bool mortal;   /* who is killed in it is missed after 4 s: leases are short; set before it starts */
	bool per_workflow;
};

/* NULL: what is noted. */
struct scene_source {
	const char *name;         /* buildkite */
	const char *token;        /* SIM_TOKEN */
	const char *organization; /* acme */
	const char *pipelines;    /* YAML: web */
	const char *api;          /* that of scene->sim */
	const char *poll;         /* 1s */
	const char *since;        /* 60d */
	const char *redact;       /* YAML: none */
	const char *coverage;     /* false */
};

/* A place with a simulator in it: scene_new("--builds", "500"). Nothing else runs yet. */
#define scene_new(...) scene_new_at(HERE, ARGS("--token", SIM_TOKEN, "--listen", "127.0.0.1:0", __VA_ARGS__))
struct scene *scene_new_at(struct spot spot, const char *const *sim_args);
/* Stops everything: each process must end by itself with 0, must have said nothing secret, and no file of the
 * state may hold the token. */
#define scene_free(scene) scene_free_at(HERE, scene)
void scene_free_at(struct spot spot, struct scene **scene);

/* Writes the configuration: one or two sources. bus: further lines of bus:, each with two spaces before;
 * NULL: a small min_free. */
void scene_configure(struct scene *scene, const char *bus, const struct scene_source *sources, size_t count);
#define scene_source(scene, ...) scene_configure(scene, NULL, &(const struct scene_source){__VA_ARGS__}, 1)

/* One source of the simulator as CircleCI; projects, YAML: [gh/acme/web]. options: further lines of the
 * section, each with six spaces before, or "". */
void scene_circleci(struct scene *scene, const char *projects, const char *options);

/* Starts a process of the scene and waits until it is ready; scene_configure with defaults if that was not
 * done. */
#define scene_start_hub(scene)     scene_start_hub_at(HERE, scene)
#define scene_start_sink(scene)    scene_start_sink_at(HERE, scene)
#define scene_start_fetcher(scene) scene_start_fetcher_at(HERE, scene)
#define scene_start(scene)         scene_start_at(HERE, scene)
void scene_start_hub_at(struct spot spot, struct scene *scene);
void scene_start_sink_at(struct spot spot, struct scene *scene);
/* One more. */
struct child *scene_start_fetcher_at(struct spot spot, struct scene *scene);
/* Hub, sink and one fetcher. */
void scene_start_at(struct spot spot, struct scene *scene);

/* Waits until a visit that began after now is over: what the provider had before was seen. target NULL: any,
 * of a scene with one. */
#define scene_visited(scene, target) scene_visited_at(HERE, scene, target)
void scene_visited_at(struct spot spot, struct scene *scene, const char *target);
/* Waits until the store holds the truth of the scene's simulator and nothing else. */
#define scene_holds_truth(scene) scene_holds_truth_at(HERE, scene)
void scene_holds_truth_at(struct spot spot, const struct scene *scene);

/* Fails when a file of the place's state holds text. */
void state_holds_no(const struct place *place, const char *text);
