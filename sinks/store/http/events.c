/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void events_init(struct events *events, int64_t boot)
{
	pthread_mutex_init(&events->lock, NULL);
	events->boot = boot;
}

static struct event *event_at(struct events *events, int64_t n)
{
	return &events->at[n % EVENTS_MAX];
}

static void drop_first(struct events *events)
{
	struct event *event = event_at(events, events->first++);

	events->bytes -= event->size;
	free(event->text);
	*event = (struct event){0};
}

static void clear(struct events *events)
{
	while (events->first < events->next) {
		drop_first(events);
	}
}

void events_fini(struct events *events)
{
	clear(events);
	pthread_mutex_destroy(&events->lock);
}

bool events_are_wanted(struct events *events)
{
	bool wanted;

	pthread_mutex_lock(&events->lock);
	wanted = events->listeners > 0;
	pthread_mutex_unlock(&events->lock);
	return wanted;
}

void events_listen(struct events *events, int change)
{
	pthread_mutex_lock(&events->lock);
	events->listeners += change;
	pthread_mutex_unlock(&events->lock);
}

/* The text with the pipeline behind it; false: no memory. */
static bool fill(struct events *events, struct event *event, struct text pipeline, struct text json)
{
	int size = asprintf(&event->text, "id: %llx-%lld\nevent: build\ndata: %.*s\n\n%c%.*s",
			    (unsigned long long)events->boot, (long long)events->next + 1, TEXT_FMT(json),
			    '\0', TEXT_FMT(pipeline));

	if (size < 0) {
		event->text = NULL;
		return false;
	}
	event->size = strlen(event->text);
	event->pipeline = event->text + event->size + 1;
	return true;
}

void events_add(struct events *events, struct text pipeline, struct text json)
{
	struct event event = {0};

	pthread_mutex_lock(&events->lock);
	if (!json.at || !fill(events, &event, pipeline, json)) {
		clear(events);
		events->first = ++events->next;
	} else {
		while (events->first < events->next && (events->next - events->first == EVENTS_MAX ||
							events->bytes + event.size > EVENTS_BYTES_MAX)) {
			drop_first(events);
		}
		*event_at(events, events->next++) = event;
		events->bytes += event.size;
	}
	pthread_mutex_unlock(&events->lock);
}

int64_t events_cursor(struct events *events, char out[static CURSOR_SIZE])
{
	int64_t n = events_place(events, NULL);

	snprintf(out, CURSOR_SIZE, "%llx-%lld", (unsigned long long)events->boot, (long long)n);
	return n;
}

int64_t events_place(struct events *events, const char *cursor)
{
	char *end = NULL;
	unsigned long long boot = cursor ? strtoull(cursor, &end, 16) : 0;
	int64_t n = cursor && *end == '-' ? strtoll(end + 1, NULL, 10) : -1;

	pthread_mutex_lock(&events->lock);
	if (!cursor) {
		n = events->next;
	} else if (boot != (unsigned long long)events->boot || n < events->first || n > events->next) {
		n = -1;
	}
	pthread_mutex_unlock(&events->lock);
	return n;
}

size_t events_read(struct events *events, const char *pipeline, int64_t *n, size_t *offset, char *out,
		   size_t size, bool *lost)
{
	size_t copied = 0;

	pthread_mutex_lock(&events->lock);
	*lost = *n < events->first;
	if (*lost) {
		*n = events->next;
		*offset = 0;
	}
	while (*n < events->next && copied < size) {
		const struct event *event = event_at(events, *n);
		size_t part = event->size - *offset;

		if (pipeline && strcmp(event->pipeline, pipeline) != 0) {
			part = 0;
		}
		part = part < size - copied ? part : size - copied;
		memcpy(out + copied, event->text + *offset, part);
		copied += part;
		*offset += part;
		if (*offset == event->size || part == 0) {
			++*n;
			*offset = 0;
		}
	}
	pthread_mutex_unlock(&events->lock);
	return copied;
}
