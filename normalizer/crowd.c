/* SPDX-License-Identifier: MIT */
#include "normalizer/crowd.h"
#include "common/metrics.h"
#include "normalizer/stranger.h"

#include <string.h>
#include <sys/socket.h>

#define LOOK_MS       5
#define EVENTS_A_TURN 1000

#define EVENTS (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)

static void forget(struct crowd *crowd, size_t index)
{
	memmove(&crowd->strangers[index], &crowd->strangers[index + 1],
		(--crowd->count - index) * sizeof *crowd->strangers);
}

/* libzmq sees the end of the connection and closes it. When that has happened meanwhile, and the number is
 * another file's, a connection more is made anew. */
static void cut_off(struct crowd *crowd, size_t index)
{
	shutdown(crowd->strangers[index], SHUT_RDWR);
	++*crowd->cut;
	forget(crowd, index);
}

static void look(struct crowd *crowd)
{
	for (size_t i = crowd->count; i-- > 0;) {
		enum stranger stage = stranger_look(crowd->strangers[i]);

		if (stage == STRANGER_NOISY) {
			cut_off(crowd, i);
		} else if (stage != STRANGER) {
			forget(crowd, i);
		}
	}
}

static int on_look(zloop_t *loop, int timer, void *arg)
{
	struct crowd *crowd = arg;

	look(crowd);
	if (crowd->count == 0) {
		zloop_timer_end(loop, timer);
		crowd->timer = 0;
	}
	return 0;
}

static void add(struct crowd *crowd, int fd)
{
	if (crowd->count == CROWD_MAX) {
		enum stranger stage = stranger_look(crowd->strangers[0]);

		stage == STRANGER || stage == STRANGER_NOISY ? cut_off(crowd, 0) : forget(crowd, 0);
	}
	crowd->strangers[crowd->count++] = fd;
	if (!crowd->timer) {
		crowd->timer = zloop_timer(crowd->loop, LOOK_MS, 0, on_look, crowd);
	}
}

static void end(struct crowd *crowd, int fd)
{
	for (size_t i = 0; i < crowd->count; i++) {
		if (crowd->strangers[i] == fd) {
			forget(crowd, i);
			return;
		}
	}
}

/* The number of an event and its value, then the address. False: nothing is there. */
static bool take_event(void *monitor, uint16_t *event, int32_t *value)
{
	bool more = true, first = true;
	zmq_msg_t frame;

	while (more) {
		zmq_msg_init(&frame);
		if (zmq_msg_recv(&frame, monitor, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&frame);
			return false;
		}
		if (first && zmq_msg_size(&frame) == sizeof *event + sizeof *value) {
			memcpy(event, zmq_msg_data(&frame), sizeof *event);
			memcpy(value, (char *)zmq_msg_data(&frame) + sizeof *event, sizeof *value);
		}
		first = false;
		more = zmq_msg_more(&frame);
		zmq_msg_close(&frame);
	}
	return true;
}

static int on_monitor(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct crowd *crowd = arg;
	uint16_t event = 0;
	int32_t fd = -1;

	(void)loop;
	for (int i = 0; i < EVENTS_A_TURN && take_event(item->socket, &event, &fd); i++) {
		if (event == ZMQ_EVENT_ACCEPTED) {
			add(crowd, fd);
		} else {
			end(crowd, fd);
		}
	}
	return 0;
}

enum status crowd_watch(struct crowd *crowd, zloop_t *loop, zsock_t *socket, struct err *err)
{
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};
	int unbounded = 0; /* else libzmq's thread waits for us */
	char address[64];

	*crowd = (struct crowd){.loop = loop, .socket = zsock_resolve(socket)};
	crowd->cut = metrics_counter("buildbus_hub_strangers_cut_total",
				     "Connections cut off before they showed a key.", NULL);
	snprintf(address, sizeof address, "inproc://crowd-%p", (void *)crowd);
	item.socket = crowd->monitor = zmq_socket(zsys_init(), ZMQ_PAIR);
	if (!crowd->monitor ||
	    zmq_setsockopt(crowd->monitor, ZMQ_RCVHWM, &unbounded, sizeof unbounded) != 0 ||
	    zmq_socket_monitor(crowd->socket, address, EVENTS) != 0 ||
	    zmq_connect(crowd->monitor, address) != 0 || zloop_poller(loop, &item, on_monitor, crowd) != 0) {
		return err_set(err, ERR_SYS, "no monitor of a socket: %s", zmq_strerror(errno));
	}
	return OK;
}

void crowd_end(struct crowd *crowd)
{
	zmq_pollitem_t item = {.socket = crowd->monitor};

	if (!crowd->monitor) {
		return;
	}
	zloop_poller_end(crowd->loop, &item);
	if (crowd->timer) {
		zloop_timer_end(crowd->loop, crowd->timer);
	}
	zmq_socket_monitor(crowd->socket, NULL, 0);
	zmq_close(crowd->monitor);
	*crowd = (struct crowd){0};
}
