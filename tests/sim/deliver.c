/* SPDX-License-Identifier: MIT */
#include "tests/sim/deliver.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { BLOCK_BYTES = 64 << 10, DRIPS_PER_S = 10 };

/* A body that is not simply sent. */
struct stream {
	struct MHD_Connection *connection;
	struct gate *gate;
	enum delivery delivery;
	char *body; /* NULL: huge */
	int64_t size, cut_at, bytes_per_s;
};

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* A close with SO_LINGER 0 would come after libmicrohttpd's shutdown, and so after a FIN. Connecting to
 * nowhere resets at once. */
static void reset(struct MHD_Connection *connection)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	(void)connect(fd_of(connection), &nowhere, sizeof nowhere);
}

/* A reset takes back what the other side has not got yet. */
void deliver_reset_after(struct MHD_Connection *connection, struct gate *gate)
{
	int left = 0;

	while (ioctl(fd_of(connection), SIOCOUTQ, &left) == 0 && left > 0 && gate_pass_ms(gate, 1)) {
	}
	reset(connection);
}

static void add_headers(struct MHD_Response *response, struct sim_reply *reply)
{
	char *at = reply->headers.data, *end = at + reply->headers.size;

	MHD_add_response_header(response, "Content-Type", reply->content_type);
	while (at < end) {
		char *colon = strchr(at, ':'), *stop = strchr(at, '\n');

		*colon = *stop = '\0';
		MHD_add_response_header(response, at, colon + 2);
		at = stop + 1;
	}
}

/* "[{"pad":"aaaa…"}]" of any length. */
static void fill_huge(const struct stream *stream, int64_t at, char *out, size_t size)
{
	static const char head[] = "[{\"pad\":\"", tail[] = "\"}]";
	int64_t head_size = (int64_t)sizeof head - 1, tail_at = stream->size - ((int64_t)sizeof tail - 1);

	memset(out, 'a', size);
	for (int64_t i = at; i < head_size && i < at + (int64_t)size; i++) {
		out[i - at] = head[i];
	}
	for (int64_t i = at > tail_at ? at : tail_at; i < at + (int64_t)size; i++) {
		out[i - at] = tail[i - tail_at];
	}
}

static size_t least(size_t a, int64_t b)
{
	return b < (int64_t)a ? (size_t)b : a;
}

/* How much may go now; 0: the stream breaks here. */
static size_t allowance(struct stream *stream, int64_t at, size_t room)
{
	if (stream->delivery == DELIVER_DRIP) {
		int64_t drip = stream->bytes_per_s / DRIPS_PER_S;

		return gate_pass_ms(stream->gate, 1000 / DRIPS_PER_S) ? least(room, drip > 0 ? drip : 1) : 0;
	}
	if (stream->delivery == DELIVER_CUT || stream->delivery == DELIVER_RESET_WITHIN) {
		return at < stream->cut_at ? least(room, stream->cut_at - at) : 0;
	}
	return room;
}

static ssize_t on_wanted(void *context, uint64_t position, char *out, size_t room)
{
	struct stream *stream = context;
	int64_t at = (int64_t)position;
	size_t size;

	if (at >= stream->size) {
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	size = allowance(stream, at, least(room, stream->size - at));
	if (size == 0) {
		if (stream->delivery == DELIVER_RESET_WITHIN) {
			reset(stream->connection);
		}
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (stream->body) {
		memcpy(out, stream->body + at, size);
	} else {
		fill_huge(stream, at, out, size);
	}
	return (ssize_t)size;
}

static void free_stream(void *context)
{
	struct stream *stream = context;

	free(stream->body);
	free(stream);
}

static struct MHD_Response *stream_of(struct MHD_Connection *connection, struct gate *gate,
				      struct sim_reply *reply)
{
	bool is_huge = reply->delivery == DELIVER_HUGE || reply->delivery == DELIVER_HUGE_CHUNKED;
	struct stream *stream = must_malloc(sizeof *stream);
	uint64_t size;

	*stream = (struct stream){
		.connection = connection,
		.gate = gate,
		.delivery = reply->delivery,
		.body = is_huge ? NULL : reply->body.data,
		.size = is_huge ? reply->huge_bytes : (int64_t)reply->body.size,
		.cut_at = reply->cut_at,
		.bytes_per_s = reply->bytes_per_s,
	};
	if (!is_huge) {
		reply->body = (struct text){0};
	}
	size = reply->delivery == DELIVER_HUGE_CHUNKED ? MHD_SIZE_UNKNOWN : (uint64_t)stream->size;
	return MHD_create_response_from_callback(size, BLOCK_BYTES, on_wanted, stream, free_stream);
}

static struct MHD_Response *whole(struct sim_reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->body.size, reply->body.data, MHD_RESPMEM_MUST_FREE);

	if (response) {
		reply->body = (struct text){0};
	}
	return response;
}

enum MHD_Result deliver(struct MHD_Connection *connection, struct gate *gate, struct sim_reply *reply)
{
	bool simple = reply->delivery == DELIVER_WHOLE || reply->delivery == DELIVER_RESET_AFTER ||
		      (reply->body.size == 0 && reply->huge_bytes == 0);
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->wait_ms > 0) {
		gate_pass_ms(gate, reply->wait_ms);
	}
	if (reply->delivery == DELIVER_RESET_BEFORE) {
		reset(connection);
	}
	if (reply->delivery == DELIVER_RESET_BEFORE || reply->delivery == DELIVER_NOTHING) {
		return MHD_NO;
	}
	response = simple ? whole(reply) : stream_of(connection, gate, reply);
	if (!response) {
		return MHD_NO;
	}
	add_headers(response, reply);
	result = MHD_queue_response(connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}
