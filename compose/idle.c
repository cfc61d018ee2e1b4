/* SPDX-License-Identifier: MIT */
#include "compose/idle.h"
#include "common/log.h"
#include "compose/ask.h"
#include "compose/status_print.h"

#include <stdlib.h>

enum { ASK_AGAIN_MS = 200, TELL_WAIT_MS = 2000 };

struct idle {
	zloop_t *loop;
	zsock_t *socket;
	int timer;
	size_t sinks;
	bool (*on_idle)(void *, int64_t);
	void *context;
	bool told, told_wait;
};

static int64_t number_at(yyjson_mut_val *value, const char *path, int64_t otherwise)
{
	yyjson_mut_val *found = status_at(value, path);

	return yyjson_mut_is_num(found) ? yyjson_mut_get_sint(found) : otherwise;
}

static bool ends_in(yyjson_mut_val *target, const char *end)
{
	yyjson_mut_val *name = status_at(target, "target");
	size_t size = yyjson_mut_get_len(name), end_size = strlen(end);

	return size >= end_size && strcmp(yyjson_mut_get_str(name) + size - end_size, end) == 0;
}

/* Finding pipelines is due every ten minutes, too long to wait for: a list from before the hub's start will
 * do. */
static bool is_discovery(yyjson_mut_val *target)
{
	return ends_in(target, "*");
}

/* The live walk over all pipelines: what it has read counts as visits of theirs. */
static bool is_live(yyjson_mut_val *target)
{
	return ends_in(target, "/@live");
}

/* A target that is due again at once has more to read (or, found by discovery, was never read). */
static bool target_idle(yyjson_mut_val *target, int64_t uptime_ms)
{
	int64_t visited_ms_ago = number_at(target, "visited_ms_ago", INT64_MAX);
	bool visited = is_discovery(target) ? visited_ms_ago != INT64_MAX : visited_ms_ago <= uptime_ms;

	return is_live(target) || (visited && number_at(target, "due_in_ms", 1) > 0 &&
				   !yyjson_mut_is_obj(status_at(target, "lease")));
}

int64_t idle_wait_ms(yyjson_mut_val *status)
{
	yyjson_mut_val *each;
	int64_t uptime_ms = number_at(status, "uptime_ms", 0), longest_ms = 0;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "targets"), index, max, each)
	{
		int64_t due_in_ms = number_at(each, "due_in_ms", 0);

		if (target_idle(each, uptime_ms)) {
			continue;
		}
		if (due_in_ms <= 0 || yyjson_mut_is_obj(status_at(each, "lease"))) {
			return 0;
		}
		longest_ms = due_in_ms > longest_ms ? due_in_ms : longest_ms;
	}
	return longest_ms;
}

bool is_idle(yyjson_mut_val *status, size_t sinks)
{
	yyjson_mut_val *list = status_at(status, "targets"), *each;
	int64_t uptime_ms = number_at(status, "uptime_ms", 0);
	size_t index, max, attached = 0;

	if (yyjson_mut_arr_size(list) == 0) {
		return false;
	}
	yyjson_mut_arr_foreach(list, index, max, each)
	{
		if (!target_idle(each, uptime_ms)) {
			return false;
		}
	}
	/* A sink of an earlier configuration is known to the hub and absent: nobody waits for it. */
	yyjson_mut_arr_foreach(status_at(status, "sinks"), index, max, each)
	{
		if (yyjson_mut_get_bool(status_at(each, "attached"))) {
			attached++;
			if (number_at(each, "lag_records", 1) != 0) {
				return false;
			}
		}
	}
	return attached >= sinks;
}

/* After a recent run nothing is due for a while: whoever sees nothing happen must know. */
static void tell_wait(struct idle *idle, yyjson_mut_val *status)
{
	int64_t wait_ms = idle_wait_ms(status);

	if (wait_ms >= TELL_WAIT_MS && !idle->told_wait) {
		idle->told_wait = true;
		log_warn("up.waiting", NUM("due_in_ms", wait_ms));
	}
}

static void judge(struct idle *idle, struct answer *answer)
{
	struct err err;
	yyjson_mut_doc *doc;
	yyjson_mut_val *status;

	if (ask_read(answer, &err) != OK) {
		return;
	}
	doc = status_document(answer->map);
	status = yyjson_mut_doc_get_root(doc);
	if (doc && is_idle(status, idle->sinks)) {
		idle->told = idle->told || idle->on_idle(idle->context, number_at(status, "head", 0));
	} else if (doc) {
		tell_wait(idle, status);
	}
	yyjson_mut_doc_free(doc);
}

static int on_answer(zloop_t *loop, zsock_t *socket, void *arg)
{
	struct idle *idle = arg;
	struct answer answer = {0};
	struct err err;

	(void)loop;
	while (wire_receive(zsock_resolve(socket), NULL, &answer.message, &err) == OK) {
		judge(idle, &answer);
		wire_fields_fini(&answer.fields);
	}
	ask_fini(&answer);
	return 0;
}

static int on_ask(zloop_t *loop, int timer, void *arg)
{
	struct idle *idle = arg;
	struct err err;

	(void)loop, (void)timer;
	if (!idle->told && ask_send(zsock_resolve(idle->socket), &err) != OK) {
		return 0; /* no hub yet: asked again */
	}
	return 0;
}

static enum status idle_open(struct idle *idle, const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->section_count; i++) {
		idle->sinks += config->sections[i].side == SECTION_DESTINATION;
	}
	idle->socket = zsock_new(ZMQ_DEALER);
	if (!idle->socket) {
		return err_sys(err, "open a socket");
	}
	zsock_set_linger(idle->socket, 0);
	zsock_set_sndhwm(idle->socket, 1); /* questions don't pile up while there is no hub */
	zsock_set_immediate(idle->socket, 1);
	if (zsock_connect(idle->socket, "%s", config->bus.feed) == -1) {
		return err_set(err, ERR_CONFIG, "bus.feed %s: %s", config->bus.feed, zmq_strerror(errno));
	}
	zloop_reader(idle->loop, idle->socket, on_answer, idle);
	idle->timer = zloop_timer(idle->loop, ASK_AGAIN_MS, 0, on_ask, idle);
	return OK;
}

enum status idle_new(struct idle **out, zloop_t *loop, const struct config *config,
		     bool (*on_idle)(void *, int64_t), void *context, struct err *err)
{
	struct idle *idle = calloc(1, sizeof *idle);
	enum status status;

	if (!idle) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	*idle = (struct idle){.loop = loop, .timer = -1, .on_idle = on_idle, .context = context};
	status = idle_open(idle, config, err);
	if (status != OK) {
		idle_free(&idle);
	}
	*out = idle;
	return status;
}

void idle_free(struct idle **idle)
{
	if (!*idle) {
		return;
	}
	if ((*idle)->timer != -1) {
		zloop_timer_end((*idle)->loop, (*idle)->timer);
	}
	if ((*idle)->socket) {
		zloop_reader_end((*idle)->loop, (*idle)->socket);
		zsock_destroy(&(*idle)->socket);
	}
	free(*idle);
	*idle = NULL;
}
