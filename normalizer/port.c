/* SPDX-License-Identifier: MIT */
#include "normalizer/port.h"
#include "normalizer/batch.h"
#include "normalizer/numbers.h"

#define MESSAGES_A_TURN 64 /* then the other sockets and timers have their turn */

bool name_ok(struct text name)
{
	for (size_t i = 0; i < name.size; i++) {
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f) {
			return false;
		}
	}
	return name.size >= 1 && name.size <= NAME_MAX_BYTES;
}

void request_refuse(struct request *request, const char *code, int64_t retry_ms, const char *detail)
{
	reply_error(request->hub, request->port, request->identity, code, retry_ms, detail, request->fence);
}

void request_fail(struct request *request, const struct err *err)
{
	if (err->status == ERR_DATA) {
		request_refuse(request, "malformed", -1, err->text);
	} else {
		if (err->status == ERR_CONFIG) { /* hub.db is damaged: it gets no better */
			process_stop(request->hub->context, ERR_CONFIG, err);
		}
		request_refuse(request, err->status == ERR_AGAIN ? "full" : "internal", FULL_RETRY_MS,
			       err->text);
	}
}

/* The errors whose detail is not a sentence. */
static void begin_error(struct request *request, struct wire_head *head, const char *code)
{
	numbers_error(request->hub, code, NULL);
	wire_begin(head, "error", 4);
	wire_put_string(head, code);
}

static void end_error(struct request *request, struct wire_head *head)
{
	request->fence ? wire_put_int(head, request->fence) : wire_put_nil(head);
	request_answer(request, head);
}

void request_expect(struct request *request, int64_t n)
{
	struct wire_head head;

	begin_error(request, &head, "expect");
	wire_put_int(&head, 0);
	wire_put_int(&head, n);
	end_error(request, &head);
}

static void refuse_version(struct request *request)
{
	struct wire_head head;

	begin_error(request, &head, "version");
	wire_put_nil(&head);
	wire_put_array(&head, 1);
	wire_put_int(&head, WIRE_VERSION);
	end_error(request, &head);
}

void request_answer(struct request *request, struct wire_head *head)
{
	struct wire_message message = {0};

	if (wire_end(head, &message) == OK) {
		reply_send(request->hub, request->port, request->identity, &message, request->fence);
	}
	wire_fini(&message);
}

void request_dispatch(struct request *request, const struct command *verbs, size_t count,
		      const char *otherwise)
{
	struct text verb = {0};

	wire_text(request->fields, 0, &verb);
	for (size_t i = 0; i < count; i++) {
		if (text_is(verb, verbs[i].name)) {
			verbs[i].run(request);
			return;
		}
	}
	request_refuse(request, "malformed", -1, otherwise);
}

void request_busy(struct request *request, int64_t retry_ms)
{
	struct wire_head head;

	wire_begin(&head, "busy", 1);
	wire_put_int(&head, retry_ms);
	request_answer(request, &head);
}

static void dispatch(struct request *request, const struct command *commands)
{
	struct text name = request->fields->command;
	char shown[64];

	if (!door_allows(request)) {
		return;
	}
	for (; commands->name; commands++) {
		if (text_is(name, commands->name)) {
			commands->run(request);
			return;
		}
	}
	snprintf(shown, sizeof shown, "%.*s", (int)(name.size < 32 ? name.size : 32), name.at);
	request_refuse(request, "command", -1, shown);
}

/* received: what wire_receive said; a message over its bounds still gets an answer. */
static void handle(struct request *request, enum status received, const struct err *err,
		   const struct command *commands)
{
	struct wire_fields fields = {0};
	struct err why = {0};
	int64_t version;

	request->fields = &fields;
	if (!door_admits(request)) {
		return;
	}
	if (received != OK) {
		request_refuse(request, "oversize", -1, err->text);
		return;
	}
	if (wire_read(&request->hub->in, &fields, &version, &why) != OK && version <= WIRE_VERSION) {
		request_refuse(request, "malformed", -1, why.text);
	} else if (version != WIRE_VERSION) {
		refuse_version(request); /* a later one may shape its heads differently */
	} else {
		dispatch(request, commands);
	}
	wire_fields_fini(&fields);
}

void port_drain(struct hub *hub, enum port port, const struct command *commands)
{
	void *socket = zsock_resolve(port == PORT_INGEST ? hub->ingest : hub->feed);
	enum status status = OK;
	struct err err = {0};

	for (int i = 0; i < MESSAGES_A_TURN && status != ERR_AGAIN; i++) {
		zmq_msg_t identity;
		struct request request = {.hub = hub, .port = port, .identity = &identity};

		zmq_msg_init(&identity);
		status = wire_receive(socket, &identity, &hub->in, &err);
		if (status == OK || status == ERR_DATA) {
			handle(&request, status, &err, commands);
			batch_check(hub);
		} else if (status != ERR_AGAIN) {
			process_stop(hub->context, status, &err);
			status = ERR_AGAIN;
		}
		zmq_msg_close(&identity);
	}
	wire_clear(&hub->in); /* it may be big */
}
