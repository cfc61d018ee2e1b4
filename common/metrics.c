/* SPDX-License-Identifier: MIT */
#include "common/metrics_private.h"
#include "common/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 14 /* up to 1, 2, 4 … 8192 s; what took longer is in the sum of all */

struct metrics_histogram {
	int64_t buckets[BUCKETS], count, sum_ms;
};

/* One line of the exposition: a name with its labels. */
struct series {
	STAILQ_ENTRY(series) link;
	union {
		int64_t value;
		struct metrics_histogram histogram;
	};
	char labels[]; /* as written: `{sink="store"}`, or "" */
};

/* All series of a name, which must stand together. */
struct family {
	STAILQ_ENTRY(family) link;
	const char *name, *help, *type;
	bool in_ms;
	STAILQ_HEAD(, series) series;
};

struct collector {
	STAILQ_ENTRY(collector) link;
	void (*collect)(void *context);
	void *context;
};

static STAILQ_HEAD(, family) families = STAILQ_HEAD_INITIALIZER(families);
static STAILQ_HEAD(, collector) collectors = STAILQ_HEAD_INITIALIZER(collectors);

static void put_escaped(FILE *out, const char *value)
{
	size_t left = strlen(value), size;

	for (; left > 0; value += size, left -= size) {
		size = utf8_size(value, left);
		if (size == 0) {
			size = 1;
			fputs(UTF8_REPLACEMENT, out);
		} else if (*value == '\n') {
			fputs("\\n", out);
		} else {
			fprintf(out, "%s%.*s", *value == '"' || *value == '\\' ? "\\" : "", (int)size, value);
		}
	}
}

/* `{a="b",c="d"}`; heap. */
static char *render_labels(const char *const *labels)
{
	char *text = NULL;
	size_t size;
	FILE *out = must_have(open_memstream(&text, &size));

	for (size_t i = 0; labels && labels[i]; i += 2) {
		assert(i < 2 * METRICS_LABELS_MAX);
		fprintf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i]);
		put_escaped(out, labels[i + 1] ? labels[i + 1] : "");
		fputc('"', out);
		if (!labels[i + 1]) {
			break;
		}
	}
	fputs(labels && labels[0] ? "}" : "", out);
	fclose(out);
	return must_have(text);
}

static struct family *find_family(const char *name, const char *help, const char *type, bool in_ms)
{
	struct family *family;

	STAILQ_FOREACH(family, &families, link)
	{
		if (strcmp(family->name, name) == 0) {
			assert(strcmp(family->type, type) == 0 && family->in_ms == in_ms);
			return family;
		}
	}
	/* Metrics are few and made at the start: without memory for them nothing else would work either. */
	family = must_have(calloc(1, sizeof *family));
	*family = (struct family){.name = name, .help = help, .type = type, .in_ms = in_ms};
	STAILQ_INIT(&family->series);
	STAILQ_INSERT_TAIL(&families, family, link);
	return family;
}

static struct series *find(const char *name, const char *help, const char *type, bool in_ms,
			   const char *const *labels)
{
	struct family *family = find_family(name, help, type, in_ms);
	char *text = render_labels(labels);
	struct series *series;

	STAILQ_FOREACH(series, &family->series, link)
	{
		if (strcmp(series->labels, text) == 0) {
			free(text);
			return series;
		}
	}
	series = must_have(calloc(1, sizeof *series + strlen(text) + 1));
	memcpy(series->labels, text, strlen(text) + 1);
	STAILQ_INSERT_TAIL(&family->series, series, link);
	free(text);
	return series;
}

int64_t *metrics_counter(const char *name, const char *help, const char *const *labels)
{
	return &find(name, help, "counter", false, labels)->value;
}

int64_t *metrics_gauge(const char *name, const char *help, const char *const *labels)
{
	return &find(name, help, "gauge", false, labels)->value;
}

int64_t *metrics_gauge_ms(const char *name, const char *help, const char *const *labels)
{
	return &find(name, help, "gauge", true, labels)->value;
}

int64_t *metrics_counter_ms(const char *name, const char *help, const char *const *labels)
{
	return &find(name, help, "counter", true, labels)->value;
}

struct metrics_histogram *metrics_histogram(const char *name, const char *help, const char *const *labels)
{
	return &find(name, help, "histogram", true, labels)->histogram;
}

void metrics_observe_ms(struct metrics_histogram *histogram, int64_t ms)
{
	for (int i = 0; i < BUCKETS; i++) {
		histogram->buckets[i] += ms <= INT64_C(1000) << i;
	}
	histogram->count++;
	histogram->sum_ms += ms;
}

void metrics_drop(const char *name)
{
	struct family *family;
	struct series *series;

	STAILQ_FOREACH(family, &families, link)
	{
		while (strcmp(family->name, name) == 0 && (series = STAILQ_FIRST(&family->series))) {
			STAILQ_REMOVE_HEAD(&family->series, link);
			free(series);
		}
	}
}

void metrics_table(const struct metrics_row *rows, const char *const *labels)
{
	for (; rows->kind; rows++) {
		*rows->value = rows->kind(rows->name, rows->help, labels);
	}
}

void metrics_on_collect(void (*collect)(void *context), void *context)
{
	struct collector *collector = must_have(calloc(1, sizeof *collector));

	*collector = (struct collector){.collect = collect, .context = context};
	STAILQ_INSERT_TAIL(&collectors, collector, link);
}

void metrics_forget_collectors(void)
{
	struct collector *collector;

	while ((collector = STAILQ_FIRST(&collectors))) {
		STAILQ_REMOVE_HEAD(&collectors, link);
		free(collector);
	}
}

static void put_value(FILE *out, const struct family *family, int64_t value)
{
	if (family->in_ms) {
		fprintf(out, "%s%" PRIdMAX ".%03" PRIdMAX "\n", value < 0 ? "-" : "", imaxabs(value) / 1000,
			imaxabs(value) % 1000);
	} else {
		fprintf(out, "%" PRId64 "\n", value);
	}
}

/* labels: `{a="b"}` or "": le goes in. */
static void put_bucket(FILE *out, const struct family *family, const char *labels, const char *le,
		       int64_t count)
{
	size_t size = strlen(labels);

	fprintf(out, "%s_bucket{%.*s%sle=\"%s\"} %" PRId64 "\n", family->name, size > 2 ? (int)size - 2 : 0,
		labels + 1, size > 2 ? "," : "", le, count);
}

static void put_histogram(FILE *out, const struct family *family, const struct series *series)
{
	const struct metrics_histogram *histogram = &series->histogram;
	char le[16];

	for (int i = 0; i < BUCKETS; i++) {
		snprintf(le, sizeof le, "%d", 1 << i);
		put_bucket(out, family, series->labels, le, histogram->buckets[i]);
	}
	put_bucket(out, family, series->labels, "+Inf", histogram->count);
	fprintf(out, "%s_sum%s ", family->name, series->labels);
	put_value(out, family, histogram->sum_ms);
	fprintf(out, "%s_count%s %" PRId64 "\n", family->name, series->labels, histogram->count);
}

static void put_series(FILE *out, const struct family *family, const struct series *series)
{
	if (strcmp(family->type, "histogram") == 0) {
		put_histogram(out, family, series);
	} else {
		fprintf(out, "%s%s ", family->name, series->labels);
		put_value(out, family, series->value);
	}
}

static void put_family(FILE *out, const struct family *family)
{
	const struct series *series;

	if (STAILQ_EMPTY(&family->series)) {
		return;
	}
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, family->type);
	STAILQ_FOREACH(series, &family->series, link)
	{
		put_series(out, family, series);
	}
}

char *metrics_text(size_t *size)
{
	const struct collector *collector;
	const struct family *family;
	char *text = NULL;
	FILE *out;

	metrics_process_collect();
	STAILQ_FOREACH(collector, &collectors, link)
	{
		collector->collect(collector->context);
	}
	out = open_memstream(&text, size);
	if (!out) {
		return NULL;
	}
	STAILQ_FOREACH(family, &families, link)
	{
		put_family(out, family);
	}
	return fclose(out) == 0 ? text : NULL;
}
