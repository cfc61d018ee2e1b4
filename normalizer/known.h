/* What the destinations of a `buildbus sync` without state have already, as their sinks said before the run
 * (docs/protocol.md section 5): which builds the first visits of this hub bring, beside the newest. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <stddef.h>
#include <stdint.h>

/* A finished build of which nothing is owed. */
struct known_whole {
	char *key;
	int64_t finished_at;
	double coverage; /* REAL_NULL: it has none */
};

struct known_pipeline {
	char *slug; /* as in the target's name: "acme/web"; NULL: whatever there is, of the only one */
	int64_t finished_to; /* the newest end that is known; INT_NULL: none is */
	char **open;         /* keys of builds that may have gone on since */
	size_t open_count;
	struct known_whole *whole;
	size_t whole_count;
};

/* Zeroed: nothing is known. */
struct known {
	struct known_pipeline *pipelines; /* one for each of the sinks' */
	size_t count;
	size_t sinks;
	int64_t newest; /* how many of a pipeline that is known are read anew */
};

/* What one target's first visit is to bring. */
struct known_window {
	int64_t newest;        /* -1: as the source's `since` says */
	int64_t finished_from; /* INT_NULL: nothing more */
};

/* ERR_SYS, ERR_DATA: not such a file. known_fini in any case. */
enum status known_read(struct known *known, const char *path, struct err *err) MUST_CHECK;
void known_fini(struct known *known);
/* A pipeline of which some sink knows nothing is new. */
struct known_window known_window(const struct known *known, struct text slug);
/* Whether all sinks have the build whole as it finished then; *coverage is then what they have. */
bool known_is_whole(const struct known *known, struct text slug, struct text key, int64_t finished_at,
		    double *coverage);
/* The keys to be asked for, each once: put is called for each. */
void known_open(const struct known *known, struct text slug, void (*put)(void *context, const char *key),
		void *context);
