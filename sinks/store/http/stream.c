/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

struct stream {
	struct stream *next;
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	char *pipeline; /* NULL: all */
	int64_t n;      /* of the next event */
	size_t offset;  /* in it */
	bool waits, beat, greeted, reset;
};

void streams_init(struct streams *streams)
{
	pthread_mutex_init(&streams->lock, NULL);
}

void streams_fini(struct streams *streams)
{
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

/* What is no event of the ring, said between two of them. */
static size_t say(struct stream *stream, char *out, size_t size)
{
	char cursor[CURSOR_SIZE];
	int said = 0;

	if (!stream->greeted) {
		stream->greeted = true;
		said = snprintf(out, size, "retry: 1000\n: buildbus\n\n");
	} else if (stream->reset) {
		stream->reset = false;
		events_cursor(&stream->dashboard->events, cursor);
		said = snprintf(out, size, "id: %s\nevent: reset\ndata: {}\n\n", cursor);
	} else if (stream->beat) {
		stream->beat = false;
		said = snprintf(out, size, ": alive\n\n");
	}
	return (size_t)said < size ? (size_t)said : 0;
}

static size_t read_some(struct stream *stream, char *out, size_t size)
{
	size_t said = stream->offset == 0 ? say(stream, out, size) : 0;
	bool lost = false;

	if (said == 0) {
		said = events_read(&stream->dashboard->events, stream->pipeline, &stream->n, &stream->offset,
				   out, size, &lost);
		stream->reset |= lost;
	}
	return said;
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
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	return answer_response(request, MHD_HTTP_OK, response);
}
