/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/crowd.h"
#include "common/process.h"

#include <stdlib.h>
#include <sys/socket.h>

void crowd_init(struct crowd *crowd, int max)
{
	pthread_mutex_init(&crowd->lock, NULL);
	crowd->max = max;
}

void crowd_fini(struct crowd *crowd)
{
	pthread_mutex_destroy(&crowd->lock);
}

static bool leaves_before(const struct guest *a, const struct guest *b)
{
	return !b || (a->asked != b->asked ? !a->asked : a->active_ms < b->active_ms);
}

/* The server closes what is shut down here. */
static void send_one_away(struct crowd *crowd)
{
	struct guest *worst = NULL;

	/* Not who has just come: it had no time to ask. */
	for (struct guest *guest = crowd->first->next; guest; guest = guest->next) {
		if (!guest->stays && !guest->leaves && leaves_before(guest, worst)) {
			worst = guest;
		}
	}
	if (worst) {
		worst->leaves = true;
		shutdown(worst->fd, SHUT_RDWR);
	}
}

static void enter(struct crowd *crowd, struct guest *guest)
{
	guest->next = crowd->first;
	if (crowd->first) {
		crowd->first->before = guest;
	}
	crowd->first = guest;
	if (++crowd->count > crowd->max) {
		send_one_away(crowd);
	}
}

static void leave(struct crowd *crowd, struct guest *guest)
{
	*(guest->before ? &guest->before->next : &crowd->first) = guest->next;
	if (guest->next) {
		guest->next->before = guest->before;
	}
	crowd->count--;
}

void crowd_notify(void *arg, struct MHD_Connection *connection, void **place,
		  enum MHD_ConnectionNotificationCode code)
{
	struct crowd *crowd = arg;
	struct guest *guest = *place;

	pthread_mutex_lock(&crowd->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		guest = calloc(1, sizeof *guest);
		if (guest) {
			guest->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
					    ->connect_fd;
			guest->active_ms = now_ms();
			enter(crowd, guest);
		}
		*place = guest;
	} else if (guest) {
		leave(crowd, guest);
		free(guest);
	}
	pthread_mutex_unlock(&crowd->lock);
}

void crowd_active(struct crowd *crowd, struct MHD_Connection *connection, bool stays)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *guest = info ? info->socket_context : NULL;

	pthread_mutex_lock(&crowd->lock);
	if (guest) {
		guest->asked = true;
		guest->stays = stays;
		guest->active_ms = now_ms();
	}
	pthread_mutex_unlock(&crowd->lock);
}
