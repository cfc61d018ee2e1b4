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

/* The server closes what is shut down here. Accepts NULL. */
static void send_away(struct guest *guest)
{
	if (guest) {
		guest->leaves = true;
		shutdown(guest->fd, SHUT_RDWR);
	}
}

static void send_one_away(struct crowd *crowd)
{
	struct guest *worst = NULL;

	/* Not who has just come: it had no time to ask. */
	for (struct guest *guest = crowd->first->next; guest; guest = guest->next) {
		if (!guest->stays && !guest->leaves && leaves_before(guest, worst)) {
			worst = guest;
		}
	}
	send_away(worst);
}

static bool holds_before(const struct guest *a, const struct guest *b)
{
	return !b || (a->holds != b->holds ? a->holds > b->holds : a->active_ms < b->active_ms);
}

/* Of those who read for long already: an export does, and holds little. */
static void send_largest_away(struct crowd *crowd)
{
	struct guest *largest = NULL;
	int64_t since_ms = now_ms() - CROWD_SLOW_MS;

	for (struct guest *guest = crowd->first; guest; guest = guest->next) {
		if (guest->holds > CROWD_SMALL_BYTES && !guest->leaves && guest->active_ms < since_ms &&
		    holds_before(guest, largest)) {
			largest = guest;
		}
	}
	send_away(largest);
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
	crowd->held -= guest->holds;
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

static struct guest *guest_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void crowd_active(struct crowd *crowd, struct MHD_Connection *connection, bool stays)
{
	struct guest *guest = guest_of(connection);

	pthread_mutex_lock(&crowd->lock);
	if (guest) {
		guest->asked = true;
		guest->stays = stays;
		guest->active_ms = now_ms();
	}
	pthread_mutex_unlock(&crowd->lock);
}

bool crowd_may_hold(struct crowd *crowd, struct MHD_Connection *connection, size_t bytes)
{
	struct guest *guest = guest_of(connection);
	bool room = true;

	pthread_mutex_lock(&crowd->lock);
	if (bytes > CROWD_SMALL_BYTES) {
		if (crowd->held + bytes > CROWD_BYTES_MAX / 2) {
			send_largest_away(crowd);
		}
		room = crowd->held + bytes <= CROWD_BYTES_MAX;
	}
	if (guest && room) {
		guest->holds += bytes;
		crowd->held += bytes;
	}
	pthread_mutex_unlock(&crowd->lock);
	return room;
}

void crowd_done(struct crowd *crowd, struct MHD_Connection *connection)
{
	struct guest *guest = guest_of(connection);

	pthread_mutex_lock(&crowd->lock);
	if (guest) {
		crowd->held -= guest->holds;
		guest->holds = 0;
	}
	pthread_mutex_unlock(&crowd->lock);
}
