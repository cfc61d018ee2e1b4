/* SPDX-License-Identifier: MIT */
#include "common/feed_private.h"

static enum status send_head(struct feed_client *client, struct wire_head *head, struct err *err)
{
	struct wire_message message = {0};
	enum status status = wire_end(head, &message);

	if (status == OK) {
		status = wire_send(zsock_resolve(client->socket), NULL, &message, err);
	}
	wire_fini(&message);
	return status;
}

enum status feed_send_attach(struct feed_client *client, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, "attach", 3);
	wire_put_string(&head, client->sink);
	if (client->session) {
		wire_put_int(&head, client->session);
	} else {
		wire_put_nil(&head);
	}
	if (client->anew) {
		wire_put_position(&head, (struct position){0, 0});
	} else if (!client->sink && client->from.epoch) {
		wire_put_position(&head, client->from);
	} else if (!client->sink && client->from_ms) {
		wire_put_int(&head, client->from_ms);
	} else {
		wire_put_nil(&head);
	}
	return send_head(client, &head, err);
}

enum status feed_send_credit(struct feed_client *client, int64_t records, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, "credit", 2);
	wire_put_int(&head, client->session);
	wire_put_int(&head, records);
	return send_head(client, &head, err);
}

enum status feed_send_ack(struct feed_client *client, int64_t seq, struct text note, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, "ack", 3);
	wire_put_int(&head, client->session);
	wire_put_position(&head, (struct position){client->epoch, seq});
	wire_put_bytes(&head, note);
	return send_head(client, &head, err);
}

enum status feed_send_reject(struct feed_client *client, int64_t seq, const char *reason, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, "reject", 3);
	wire_put_int(&head, client->session);
	wire_put_int(&head, seq);
	wire_put_string(&head, reason);
	return send_head(client, &head, err);
}

enum status feed_send_plain(struct feed_client *client, const char *command, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, command, 1);
	wire_put_int(&head, client->session);
	return send_head(client, &head, err);
}
