/* Connections to store.db, as many as the server has threads, opened when first needed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/reader.h"

#include <pthread.h>

enum { READERS_MAX = 4 };

struct readers {
	pthread_mutex_t lock;
	const char *path;
	struct reader at[READERS_MAX];
	bool taken[READERS_MAX];
};

void readers_init(struct readers *readers, const char *path);
void readers_fini(struct readers *readers);
/* In a transaction already. NULL: err says why. At most READERS_MAX at a time. */
struct reader *readers_take(struct readers *readers, struct err *err);
void readers_give(struct readers *readers, struct reader *reader);
