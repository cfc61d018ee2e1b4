/* Who is connected. When there are too many, whoever has asked nothing for the longest time goes: neither
 * idle connections nor requests that never end keep others out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct guest {
	struct guest *next, *before;
	int fd;
	int64_t active_ms;
	bool asked;  /* something, once */
	bool stays;  /* it streams, and was counted elsewhere */
	bool leaves; /* it was shut down */
};

/* Zeroed, then crowd_init. */
struct crowd {
	pthread_mutex_t lock;
	struct guest *first; /* newest */
	int count, max;
};

void crowd_init(struct crowd *crowd, int max);
void crowd_fini(struct crowd *crowd);
/* For MHD_OPTION_NOTIFY_CONNECTION. */
void crowd_notify(void *crowd, struct MHD_Connection *connection, void **guest,
		  enum MHD_ConnectionNotificationCode code);
/* It asks something. */
void crowd_active(struct crowd *crowd, struct MHD_Connection *connection, bool stays);
