/* SPDX-License-Identifier: MIT */
#include "compose/ask.h"
#include "common/process.h"

#include <errno.h>
#include <string.h>

enum { PATIENCE_MS = 1800 };

enum status ask_tell(void *socket, const char *command, struct err *err)
{
	struct wire_message message = {0};
	struct wire_head head;
	enum status status;

	wire_begin(&head, command, 0);
	status = wire_end(&head, &message);
	if (status == OK) {
		status = wire_send(socket, NULL, &message, err);
	}
	wire_fini(&message);
	return status;
}

enum status ask_send(void *socket, struct err *err)
{
	return ask_tell(socket, "status", err);
}

static enum status silent(const struct bus_config *bus, struct err *err)
{
	return err_set(err, ERR_AGAIN, "no normalizer answers at %s: start it with `buildbus up`", bus->feed);
}

static enum status listen_for(void *socket, const struct bus_config *bus, struct answer *answer,
			      struct err *err)
{
	int64_t until_ms = now_ms() + PATIENCE_MS, left_ms;
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
	enum status status = ERR_AGAIN;

	while (status == ERR_AGAIN && (left_ms = until_ms - now_ms()) > 0) {
		if (zmq_poll(&item, 1, (long)left_ms) > 0) {
			status = wire_receive(socket, NULL, &answer->message, err);
		}
	}
	return status == ERR_AGAIN ? silent(bus, err) : status;
}

enum status ask_read(struct answer *answer, struct err *err)
{
	int64_t version;
	struct text sentence = {0};
	enum status status = wire_read(&answer->message, &answer->fields, &version, err);

	if (status != OK) {
		return status;
	}
	if (text_is(answer->fields.command, "status") && wire_map(&answer->fields, 0, &answer->map)) {
		return OK;
	}
	wire_text(&answer->fields, 2, &sentence);
	return err_set(err, ERR_REMOTE, "the normalizer did not answer with its status but with %.*s %.*s",
		       TEXT_FMT(answer->fields.command), TEXT_FMT(sentence));
}

enum status ask_status(const struct bus_config *bus, struct answer *answer, struct err *err)
{
	int none = 0;
	void *context = zmq_ctx_new();
	void *socket = context ? zmq_socket(context, ZMQ_DEALER) : NULL;
	enum status status;

	*answer = (struct answer){0};
	if (!socket) {
		status = err_sys(err, "open a socket");
	} else if (zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == -1 ||
		   zmq_connect(socket, bus->feed) == -1) {
		status = err_set(err, ERR_CONFIG, "bus.feed %s: %s", bus->feed, zmq_strerror(errno));
	} else {
		status = ask_send(socket, err);
		status = status == OK ? listen_for(socket, bus, answer, err) : status;
		status = status == OK ? ask_read(answer, err) : status;
	}
	if (socket) {
		zmq_close(socket);
	}
	if (context) {
		zmq_ctx_term(context);
	}
	return status;
}

void ask_fini(struct answer *answer)
{
	wire_fields_fini(&answer->fields);
	wire_fini(&answer->message);
}
