/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/rows.h"

#include <stdlib.h>

struct kept {
	int64_t n, since_ms;
	size_t row_size, red_size;
	char *key;
	char texts[]; /* row, red */
};

struct change {
	int64_t n;
	char key[];
};

void rows_init(struct rows *rows)
{
	pthread_mutex_init(&rows->lock, NULL);
}

static void kept_free(struct kept *kept)
{
	if (kept) {
		free(kept->key);
	}
	free(kept);
}

static void clear(struct kept_rows *kept)
{
	for (size_t i = 0; i < kept->rows.room; i++) {
		kept_free(kept->rows.slots[i].value);
	}
	table_fini(&kept->rows);
	kept->bytes = 0;
}

void rows_fini(struct rows *rows)
{
	for (int i = 0; i < ROWS_VARIANTS; i++) {
		clear(&rows->kept[i]);
	}
	for (size_t i = 0; i < rows->changed.room; i++) {
		free(rows->changed.slots[i].value);
	}
	table_fini(&rows->changed);
	pthread_mutex_destroy(&rows->lock);
}

/* Nothing is kept that might be old. */
static void forget_all(struct rows *rows)
{
	for (int i = 0; i < ROWS_VARIANTS; i++) {
		clear(&rows->kept[i]);
	}
}

static struct change *change_new(struct text pipeline)
{
	struct change *change = malloc(sizeof *change + pipeline.size);

	if (change) {
		memcpy(change->key, pipeline.at, pipeline.size);
	}
	return change;
}

void rows_changed(struct rows *rows, struct text pipeline, int64_t n)
{
	struct change *change;
	void **place;

	pthread_mutex_lock(&rows->lock);
	change = table_find(&rows->changed, pipeline);
	if (!change && (change = change_new(pipeline))) {
		place = table_place(&rows->changed, (struct text){change->key, pipeline.size});
		place ? (void)(*place = change) : free(change);
		change = place ? change : NULL;
	}
	if (change) {
		change->n = n;
	} else {
		forget_all(rows);
	}
	pthread_mutex_unlock(&rows->lock);
}

static bool is_same(const struct rows_variant *a, const struct rows_variant *b)
{
	return a->days == b->days && a->today == b->today && a->side_max == b->side_max;
}

/* That of the variant; else, to be filled anew, the one that was used least lately. */
static struct kept_rows *rows_of(struct rows *rows, const struct rows_variant *variant)
{
	struct kept_rows *oldest = &rows->kept[0];

	for (int i = 0; i < ROWS_VARIANTS; i++) {
		struct kept_rows *kept = &rows->kept[i];

		if (is_same(&kept->variant, variant)) {
			oldest = kept;
			break;
		}
		oldest = kept->used < oldest->used ? kept : oldest;
	}
	if (!is_same(&oldest->variant, variant)) {
		clear(oldest);
		oldest->variant = *variant;
	}
	oldest->used = ++rows->uses;
	return oldest;
}

static bool copy(const struct kept *kept, struct row_text *text)
{
	char *at = malloc(kept->row_size + kept->red_size + 1);

	*text = (struct row_text){.since_ms = kept->since_ms};
	if (at) {
		memcpy(at, kept->texts, kept->row_size + kept->red_size);
		text->row = (struct text){at, kept->row_size};
		text->red = (struct text){kept->red_size ? at + kept->row_size : NULL, kept->red_size};
	}
	return at != NULL;
}

bool rows_find(struct rows *rows, const struct rows_variant *variant, struct text pipeline,
	       struct row_text *text)
{
	const struct kept *kept;
	const struct change *change;
	bool found;

	pthread_mutex_lock(&rows->lock);
	kept = table_find(&rows_of(rows, variant)->rows, pipeline);
	change = table_find(&rows->changed, pipeline);
	found = kept && (!change || change->n < kept->n) && copy(kept, text);
	pthread_mutex_unlock(&rows->lock);
	return found;
}

void row_text_free(struct row_text *text)
{
	free((void *)(size_t)text->row.at);
	*text = (struct row_text){0};
}

static struct kept *kept_new(struct text pipeline, int64_t n, const struct row_text *text)
{
	struct kept *kept = calloc(1, sizeof *kept + text->row.size + text->red.size);

	if (!kept || !(kept->key = strndup(pipeline.at, pipeline.size))) {
		free(kept);
		return NULL;
	}
	kept->n = n;
	kept->since_ms = text->since_ms;
	kept->row_size = text->row.size;
	kept->red_size = text->red.size;
	memcpy(kept->texts, text->row.at, text->row.size);
	if (text->red.size > 0) {
		memcpy(kept->texts + text->row.size, text->red.at, text->red.size);
	}
	return kept;
}

/* A pipeline's row replaces the one of before, under the key of the first. */
static void put(struct kept_rows *all, struct text pipeline, struct kept *kept)
{
	struct kept *before = table_find(&all->rows, pipeline);
	void **place;

	all->bytes += kept->row_size + kept->red_size;
	if (before) {
		char *key = before->key;

		all->bytes -= before->row_size + before->red_size;
		before->key = kept->key;
		kept->key = key;
	}
	place = table_place(&all->rows, (struct text){kept->key, pipeline.size});
	if (place) {
		kept_free(before);
		*place = kept;
	} else {
		kept_free(kept);
	}
}

void rows_keep(struct rows *rows, const struct rows_variant *variant, struct text pipeline, int64_t n,
	       const struct row_text *text)
{
	struct kept_rows *all;
	struct kept *kept;

	pthread_mutex_lock(&rows->lock);
	all = rows_of(rows, variant);
	kept = all->bytes + text->row.size < ROWS_BYTES_MAX ? kept_new(pipeline, n, text) : NULL;
	if (kept) {
		put(all, pipeline, kept);
	}
	pthread_mutex_unlock(&rows->lock);
}
