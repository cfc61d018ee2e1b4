/* Who is connected, and what each has not taken yet of its answer. When there are too many, whoever has asked
 * nothing for the longest time goes: neither idle connections nor requests that never end keep others out.
 * When answers fill the memory, a slow reader of a large one goes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CROWD_SMALL_BYTES = 16 << 10, /* such an answer is always given */
	CROWD_BYTES_MAX = 128 << 20,  /* of all others */
	CROWD_SLOW_MS = 2000,         /* from half of that on, whoever reads for longer may be sent away */
};

struct guest {
	struct guest *next, *before;
	int fd;
	int64_t active_ms;
	size_t holds; /* bytes of memory for its answer */
	bool asked;   /* something, once */
	bool stays;   /* it streams, and was counted elsewhere */
	bool leaves;  /* it was shut down */
};

/* Zeroed, then crowd_init. */
struct crowd {
	pthread_mutex_t lock;
	struct guest *first; /* newest */
	int count, max;
	size_t held; /* by all guests */
};

void crowd_init(struct crowd *crowd, int max);
void crowd_fini(struct crowd *crowd);
/* For MHD_OPTION_NOTIFY_CONNECTION. */
void crowd_notify(void *crowd, struct MHD_Connection *connection, void **guest,
		  enum MHD_ConnectionNotificationCode code);
/* It asks something, or takes what it asked for. */
void crowd_active(struct crowd *crowd, struct MHD_Connection *connection, bool stays);
/* It is given an answer of so many bytes, that stay until crowd_done. False: there is no room for them now.
 */
bool crowd_may_hold(struct crowd *crowd, struct MHD_Connection *connection, size_t bytes);
/* Its answer has ended. */
void crowd_done(struct crowd *crowd, struct MHD_Connection *connection);
