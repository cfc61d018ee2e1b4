/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/curve.h"
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

static enum status listen_for(struct asker *asker, struct answer *answer, struct err *err)
{
	int64_t until_ms = now_ms() + PATIENCE_MS, left_ms;
	zmq_pollitem_t items[] = {
		{.socket = asker->socket, .events = ZMQ_POLLIN},
		{.socket = asker->handshake.monitor, .events = ZMQ_POLLIN},
	};
	enum status status = ERR_AGAIN;

	while (status == ERR_AGAIN && (left_ms = until_ms - now_ms()) > 0) {
		if (zmq_poll(items, 2, (long)left_ms) > 0) {
			status = wire_receive(asker->socket, NULL, &answer->message, err);
		}
		if (status == ERR_AGAIN && handshake_refused(&asker->handshake, err)) {
			return ERR_REMOTE;
		}
	}
	return status == ERR_AGAIN ? silent(asker->bus, err) : status;
}

static bool is_denied(const struct answer *answer)
{
	struct text code;

	return text_is(answer->fields.command, "error") && wire_text(&answer->fields, 0, &code) &&
	       text_is(code, "denied");
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
	if (is_denied(answer)) {
		return err_set(err, ERR_REMOTE, "the normalizer refuses: %.*s", TEXT_FMT(sentence));
	}
	return err_set(err, ERR_REMOTE, "the normalizer did not answer with its status but with %.*s %.*s",
		       TEXT_FMT(answer->fields.command), TEXT_FMT(sentence));
}

enum status ask_dress(void *socket, const struct bus_config *bus, struct err *err)
{
	struct curve curve;
	enum status status = curve_init(&curve, bus, err);

	if (status == OK) {
		status = curve_dress(&curve, socket, err);
	}
	curve_fini(&curve);
	return status;
}

enum status asker_open(struct asker *asker, const struct bus_config *bus, struct err *err)
{
	int none = 0;

	*asker = (struct asker){.bus = bus, .context = zmq_ctx_new()};
	asker->socket = asker->context ? zmq_socket(asker->context, ZMQ_DEALER) : NULL;
	if (!asker->socket) {
		return err_sys(err, "open a socket");
	}
	if (ask_dress(asker->socket, bus, err) != OK ||
	    handshake_watch(&asker->handshake, asker->context, asker->socket, bus->feed, bus->certificate,
			    err) != OK) {
		return err->status;
	}
	if (zmq_setsockopt(asker->socket, ZMQ_LINGER, &none, sizeof none) == -1 ||
	    zmq_connect(asker->socket, bus->feed) == -1) {
		return err_set(err, ERR_CONFIG, "bus.feed %s: %s", bus->feed, zmq_strerror(errno));
	}
	return OK;
}

void asker_close(struct asker *asker)
{
	handshake_end(&asker->handshake);
	if (asker->socket) {
		zmq_close(asker->socket);
	}
	if (asker->context) {
		zmq_ctx_term(asker->context);
	}
	*asker = (struct asker){0};
}

/* What came instead of the answer. */
static enum status refused(const struct answer *answer, struct err *err)
{
	struct text code = {0}, sentence = {0};

	if (!text_is(answer->fields.command, "error")) {
		return err_set(err, ERR_REMOTE, "the normalizer answers something else: %.*s",
			       TEXT_FMT(answer->fields.command));
	}
	wire_text(&answer->fields, 0, &code);
	wire_text(&answer->fields, 2, &sentence);
	if (text_is(code, "command")) {
		return err_set(err, ERR_REMOTE,
			       "the normalizer that runs is older than this command: update it");
	}
	return err_set(err, wire_nil(&answer->fields, 1) ? ERR_REMOTE : ERR_AGAIN,
		       "the normalizer refuses: %.*s", TEXT_FMT(sentence.at ? sentence : code));
}

enum status ask(struct asker *asker, const char *command, struct wire_head *head, struct answer *answer,
		struct err *err)
{
	struct wire_message message = {0};
	int64_t version;
	enum status status = wire_end(head, &message) == OK
				     ? wire_send(asker->socket, NULL, &message, err)
				     : err_set(err, ERR_SYS, "out of memory for a question");

	ask_fini(answer);
	wire_fini(&message);
	if (status == OK) {
		status = listen_for(asker, answer, err);
	}
	if (status == OK) {
		status = wire_read(&answer->message, &answer->fields, &version, err);
	}
	return status != OK || text_is(answer->fields.command, command) ? status : refused(answer, err);
}

enum status ask_status(const struct bus_config *bus, struct answer *answer, struct err *err)
{
	struct asker asker;
	enum status status = asker_open(&asker, bus, err);

	*answer = (struct answer){0};
	status = status == OK ? ask_send(asker.socket, err) : status;
	status = status == OK ? listen_for(&asker, answer, err) : status;
	status = status == OK ? ask_read(answer, err) : status;
	asker_close(&asker);
	return status;
}

void ask_fini(struct answer *answer)
{
	wire_fields_fini(&answer->fields);
	wire_fini(&answer->message);
	*answer = (struct answer){0};
}
