/* SPDX-License-Identifier: MIT */
#include "compose/status_watch.h"
#include "common/ask.h"
#include "common/tcp.h"
#include "compose/status_print.h"

#include <stdlib.h>

enum { SOON_MS = 4, SOON_FACTOR = 4, RECONNECT_MS = 10 };

struct status_watch {
	zloop_t *loop;
	zsock_t *socket;
	int timer;
	int soon_timer; /* -1: none */
	size_t soon_ms, interval_ms;
	bool (*on_status)(void *, yyjson_mut_val *);
	void *context;
	bool over;
};

static void tell(struct status_watch *watch, struct answer *answer)
{
	struct err err;
	yyjson_mut_doc *doc;

	if (watch->over || ask_read(answer, &err) != OK) {
		return;
	}
	doc = status_document(answer->map);
	watch->over = doc && watch->on_status(watch->context, yyjson_mut_doc_get_root(doc));
	yyjson_mut_doc_free(doc);
}

static int on_answer(zloop_t *loop, zsock_t *socket, void *arg)
{
	struct status_watch *watch = arg;
	struct answer answer = {0};
	struct err err;

	(void)loop;
	while (wire_receive(zsock_resolve(socket), NULL, &answer.message, &err) == OK) {
		tell(watch, &answer);
		wire_fields_fini(&answer.fields);
	}
	ask_fini(&answer);
	return 0;
}

static int on_ask(zloop_t *loop, int timer, void *arg)
{
	struct status_watch *watch = arg;
	struct err err;

	(void)loop, (void)timer;
	if (!watch->over && ask_send(zsock_resolve(watch->socket), &err) != OK) {
		return 0; /* no hub yet: asked again */
	}
	return 0;
}

static void soon(struct status_watch *watch);

static int on_soon(zloop_t *loop, int timer, void *arg)
{
	struct status_watch *watch = arg;

	watch->soon_timer = -1;
	watch->soon_ms *= SOON_FACTOR;
	soon(watch);
	return on_ask(loop, timer, arg);
}

static void soon(struct status_watch *watch)
{
	if (watch->soon_timer == -1 && watch->soon_ms < watch->interval_ms && !watch->over) {
		watch->soon_timer = zloop_timer(watch->loop, watch->soon_ms, 1, on_soon, watch);
	}
}

void status_watch_soon(struct status_watch *watch)
{
	watch->soon_ms = SOON_MS;
	soon(watch);
}

static enum status watch_open(struct status_watch *watch, const struct bus_config *bus, size_t interval_ms,
			      struct err *err)
{
	watch->socket = zsock_new(ZMQ_DEALER);
	if (!watch->socket) {
		return err_sys(err, "open a socket");
	}
	zsock_set_linger(watch->socket, 0);
	zsock_set_sndhwm(watch->socket, 1); /* questions don't pile up while there is no hub */
	zsock_set_immediate(watch->socket, 1);
	zsock_set_reconnect_ivl(watch->socket, RECONNECT_MS);
	tcp_set_patience(zsock_resolve(watch->socket));
	if (ask_dress(zsock_resolve(watch->socket), bus, err) != OK) {
		return err->status;
	}
	if (zsock_connect(watch->socket, "%s", bus->feed) == -1) {
		return err_set(err, ERR_CONFIG, "bus.feed %s: %s", bus->feed, zmq_strerror(errno));
	}
	zloop_reader(watch->loop, watch->socket, on_answer, watch);
	watch->timer = zloop_timer(watch->loop, interval_ms, 0, on_ask, watch);
	return OK;
}

void status_watch_tell(struct status_watch *watch, const char *command)
{
	struct err err;

	ask_tell(zsock_resolve(watch->socket), command, &err);
}

enum status status_watch_new(struct status_watch **out, zloop_t *loop, const struct bus_config *bus,
			     size_t interval_ms, bool (*on_status)(void *, yyjson_mut_val *), void *context,
			     struct err *err)
{
	struct status_watch *watch = calloc(1, sizeof *watch);
	enum status status;

	if (!watch) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	*watch = (struct status_watch){.loop = loop,
				       .timer = -1,
				       .soon_timer = -1,
				       .interval_ms = interval_ms,
				       .on_status = on_status,
				       .context = context};
	status = watch_open(watch, bus, interval_ms, err);
	if (status != OK) {
		status_watch_free(&watch);
	}
	*out = watch;
	return status;
}

void status_watch_free(struct status_watch **watch)
{
	if (!*watch) {
		return;
	}
	if ((*watch)->timer != -1) {
		zloop_timer_end((*watch)->loop, (*watch)->timer);
	}
	if ((*watch)->soon_timer != -1) {
		zloop_timer_end((*watch)->loop, (*watch)->soon_timer);
	}
	if ((*watch)->socket) {
		zloop_reader_end((*watch)->loop, (*watch)->socket);
		zsock_destroy(&(*watch)->socket);
	}
	free(*watch);
	*watch = NULL;
}
