/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/store/http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 16384,
	RESET_MS = 1000, /* in a flood of builds a page is not told to load anew more often */
};

struct stream {
	struct stream *next;
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	char *pipeline; /* NULL: all */
	int64_t n;      /* of the next event */
	size_t offset;  /* in it */
	bool waits, beat, greeted, reset;
	int64_t reset_ms; /* when it said so last */
	bool wants_bus;
	int64_t bus_number; /* of the last one that was said */
	char *own;          /* what is no event of the ring and is being said; NULL: nothing */
	size_t own_size, own_at;
};

void streams_init(struct streams *streams)
{
	pthread_mutex_init(&streams->lock, NULL);
}

void streams_fini(struct streams *streams)
{
	free(streams->bus);
	pthread_mutex_destroy(&streams->lock);
}

void streams_wake(struct streams *streams, bool beat)
{
	pthread_mutex_lock(&streams->lock);
	for (struct stream *stream = streams->first; stream; stream = stream->next) {
		stream->beat |= beat;
		if (stream->waits) {
			stream->waits = false;
			MHD_resume_connection(stream->connection);
		}
	}
	pthread_mutex_unlock(&streams->lock);
}

void streams_close(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->closing = true;
	pthread_mutex_unlock(&streams->lock);
	streams_wake(streams, false);
}

bool streams_are_open(struct streams *streams)
{
	bool open;

	pthread_mutex_lock(&streams->lock);
	open = streams->count > 0;
	pthread_mutex_unlock(&streams->lock);
	return open;
}

bool streams_want_bus(struct streams *streams)
{
	bool want;

	pthread_mutex_lock(&streams->lock);
	want = streams->want_bus > 0;
	pthread_mutex_unlock(&streams->lock);
	return want;
}

void streams_tell_bus(struct streams *streams, char *json, size_t size)
{
	char *event = NULL;
	int length = json ? asprintf(&event, "event: bus\ndata: %.*s\n\n", (int)size, json) : -1;

	free(json);
	if (length < 0) {
		return;
	}
	pthread_mutex_lock(&streams->lock);
	free(streams->bus);
	streams->bus = event;
	streams->bus_size = (size_t)length;
	streams->bus_number++;
	pthread_mutex_unlock(&streams->lock);
	streams_wake(streams, false);
}

static void own(struct stream *stream, char *text, size_t size)
{
	stream->own = text;
	stream->own_size = text ? size : 0;
	stream->own_at = 0;
}

static void own_reset(struct stream *stream)
{
	char cursor[CURSOR_SIZE], *text = NULL;
	int size;

	stream->reset = false;
	stream->reset_ms = now_ms();
	events_cursor(&stream->dashboard->events, cursor);
	size = asprintf(&text, "id: %s\nevent: reset\ndata: {}\n\n", cursor);
	own(stream, size < 0 ? NULL : text, (size_t)size);
}

/* The next thing to say that is no event of the ring, when there is one. */
static void find_own(struct stream *stream)
{
	static const char hello[] = "retry: 1000\n: buildbus\n\n", alive[] = ": alive\n\n";
	const struct streams *streams = &stream->dashboard->streams;

	if (!stream->greeted) {
		stream->greeted = true;
		own(stream, strdup(hello), sizeof hello - 1);
	} else if (stream->reset && now_ms() - stream->reset_ms >= RESET_MS) {
		own_reset(stream);
	} else if (stream->wants_bus && streams->bus && stream->bus_number != streams->bus_number) {
		stream->bus_number = streams->bus_number;
		own(stream, strndup(streams->bus, streams->bus_size), streams->bus_size);
	} else if (stream->beat) {
		stream->beat = false;
		own(stream, strdup(alive), sizeof alive - 1);
	}
}

static size_t read_own(struct stream *stream, char *out, size_t size)
{
	size_t part = stream->own_size - stream->own_at;

	part = part < size ? part : size;
	memcpy(out, stream->own + stream->own_at, part);
	stream->own_at += part;
	if (stream->own_at == stream->own_size) {
		free(stream->own);
		stream->own = NULL;
	}
	return part;
}

static size_t read_some(struct stream *stream, char *out, size_t size)
{
	size_t said;
	bool lost = false;

	if (!stream->own && stream->offset == 0) {
		find_own(stream);
	}
	if (stream->own) {
		return read_own(stream, out, size);
	}
	said = events_read(&stream->dashboard->events, stream->pipeline, &stream->n, &stream->offset, out,
			   size, &lost);
	if (lost) {
		stream->reset = true;
		find_own(stream);
	}
	return said > 0 || !stream->own ? said : read_own(stream, out, size);
}

/* Called by the server's thread when the connection can take more. */
static ssize_t on_room(void *arg, uint64_t position, char *out, size_t size)
{
	struct stream *stream = arg;
	struct streams *streams = &stream->dashboard->streams;
	size_t said;
	bool closing;

	(void)position;
	pthread_mutex_lock(&streams->lock);
	closing = streams->closing;
	said = closing ? 0 : read_some(stream, out, size);
	if (said == 0 && !closing) {
		stream->waits = true;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&streams->lock);
	return closing ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)said;
}

static void stream_free(struct stream *stream)
{
	free(stream->pipeline);
	free(stream->own);
	free(stream);
}

/* The connection has ended. */
static void on_end(void *arg)
{
	struct stream *stream = arg;
	struct streams *streams = &stream->dashboard->streams;

	pthread_mutex_lock(&streams->lock);
	for (struct stream **place = &streams->first; *place; place = &(*place)->next) {
		if (*place == stream) {
			*place = stream->next;
			streams->count--;
			streams->want_bus -= stream->wants_bus;
			break;
		}
	}
	pthread_mutex_unlock(&streams->lock);
	events_listen(&stream->dashboard->events, -1);
	stream_free(stream);
}

static bool enter(struct streams *streams, struct stream *stream)
{
	bool room;

	pthread_mutex_lock(&streams->lock);
	room = streams->count < STREAMS_MAX && !streams->closing;
	if (room) {
		stream->next = streams->first;
		streams->first = stream;
		streams->count++;
		streams->want_bus += stream->wants_bus;
	}
	pthread_mutex_unlock(&streams->lock);
	return room;
}

static struct stream *stream_new(struct request *request)
{
	struct stream *stream = calloc(1, sizeof *stream);
	const char *pipeline = request_parameter(request, "pipeline");
	const char *cursor = request_header(request, "Last-Event-ID");

	if (!stream || (pipeline && !(stream->pipeline = strdup(pipeline)))) {
		free(stream);
		return NULL;
	}
	stream->dashboard = request->dashboard;
	stream->wants_bus =
		request_parameter(request, "bus") && strcmp(request_parameter(request, "bus"), "1") == 0;
	stream->reset_ms = now_ms() - RESET_MS;
	stream->connection = request->connection;
	stream->n = events_place(&request->dashboard->events,
				 cursor ? cursor : request_parameter(request, "cursor"));
	if (stream->n < 0) {
		stream->reset = true;
		stream->n = events_place(&request->dashboard->events, NULL);
	}
	return stream;
}

enum MHD_Result api_events(struct request *request)
{
	struct dashboard *dashboard = request->dashboard;
	struct stream *stream;
	struct MHD_Response *response;

	events_listen(&dashboard->events, 1); /* before the cursor is read */
	stream = stream_new(request);
	if (!stream || !enter(&dashboard->streams, stream)) {
		events_listen(&dashboard->events, -1);
		stream ? stream_free(stream) : (void)0;
		return answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				    "%d streams are open already: close one, or ask again later",
				    STREAMS_MAX);
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_room, stream, on_end);
	if (!response) {
		on_end(stream);
		return MHD_NO;
	}
	crowd_active(&dashboard->crowd, request->connection, true);
	watch_stir(&dashboard->watch);
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	return answer_response(request, MHD_HTTP_OK, response);
}
