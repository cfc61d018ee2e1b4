/* Orders of faults, from the control and from the command line. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/body.h"
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct order {
	const char *kind, *route, *match, *to, *body;
	int64_t count, after, permille, ms, jitter_ms, status, reset_s, bytes, bytes_per_s;
	int64_t retry_after_s; /* older name of reset_s */
	bool drop;             /* older form of kind */
};

#define ROW(key, body_type)                                                                                  \
	{                                                                                                    \
#key, body_type, offsetof(struct order, key)                                                 \
	}

static const struct body_row rows[] = {
	ROW(kind, BODY_TEXT),     ROW(route, BODY_TEXT),      ROW(match, BODY_TEXT),
	ROW(to, BODY_TEXT),       ROW(body, BODY_TEXT),       ROW(count, BODY_INT),
	ROW(after, BODY_INT),     ROW(permille, BODY_INT),    ROW(ms, BODY_INT),
	ROW(jitter_ms, BODY_INT), ROW(status, BODY_INT),      ROW(reset_s, BODY_INT),
	ROW(bytes, BODY_INT),     ROW(bytes_per_s, BODY_INT), ROW(retry_after_s, BODY_INT),
	ROW(drop, BODY_BOOL),
};

static char *duplicate(const char *text)
{
	char *copy = text ? must_malloc(strlen(text) + 1) : NULL;

	return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

static bool is_route(const char *name)
{
	for (int i = 0; name && sim_routes[i].method; i++) {
		if (strcmp(sim_routes[i].name, name) == 0) {
			return true;
		}
	}
	return !name;
}

static int word_of(const struct order *order)
{
	const char *kind = order->kind ? order->kind : order->drop ? "drop" : "status";

	for (int i = 0; i < FAULT_WORDS; i++) {
		if (strcmp(fault_kinds[i].word, kind) == 0) {
			return i;
		}
	}
	return -1;
}

static enum status check(const struct order *order, int word, struct err *err)
{
	if (word < 0) {
		return err_set(err, ERR_DATA, "Unknown kind of fault '%.40s' (see buildbus-sim --help)",
			       order->kind);
	}
	if (!is_route(order->route)) {
		return err_set(err, ERR_DATA, "Unknown route '%.40s': GET /_sim/stats names them",
			       order->route);
	}
	if ((word == FAULT_STATUS || order->status) && (order->status < 200 || order->status > 599)) {
		return err_set(err, ERR_DATA, "status is not that of HTTP: 200 to 599");
	}
	if (order->count < -1 || order->count == 0 || order->after < 0 || order->permille < 1 ||
	    order->permille > 1000) {
		return err_set(
			err, ERR_DATA,
			"count is -1 (for ever) or more than 0, after not negative, permille 1 to 1000");
	}
	return OK;
}

static enum status add(struct weather *weather, const struct order *order, struct err *err)
{
	int word = word_of(order);
	struct fault fault = {.word = (enum fault_word)word,
			      .count = order->count,
			      .after = order->after,
			      .permille = order->permille,
			      .ms = order->ms,
			      .jitter_ms = order->jitter_ms,
			      .status = order->status,
			      .reset_s = order->retry_after_s >= 0 ? order->retry_after_s : order->reset_s,
			      .bytes = order->bytes,
			      .bytes_per_s = order->bytes_per_s};

	if (check(order, word, err)) {
		return ERR_DATA;
	}
	fault.route = duplicate(order->route);
	fault.match = duplicate(order->match);
	fault.to = duplicate(order->to);
	fault.body = duplicate(order->body);
	return weather_add(weather, &fault, err);
}

enum status weather_read(struct weather *weather, const char *json, size_t size, struct err *err)
{
	struct order order = {.count = 1, .permille = 1000, .reset_s = -1, .retry_after_s = -1};
	enum status status;
	yyjson_doc *doc;

	status = body_read(json, size, rows, sizeof rows / sizeof *rows, &order, &doc, err);
	if (!status) {
		status = add(weather, &order, err);
	}
	yyjson_doc_free(doc);
	return status;
}

/* A value is a number where it looks like one. */
static void put_value(yyjson_mut_doc *doc, const char *key, size_t key_size, const char *text, size_t size)
{
	yyjson_mut_val *name = yyjson_mut_strncpy(doc, key, key_size), *value;
	char *end;
	long long number = strtoll(text, &end, 10);

	value = size > 0 && end == text + size ? yyjson_mut_sint(doc, number)
					       : yyjson_mut_strncpy(doc, text, size);
	yyjson_mut_obj_put(yyjson_mut_doc_get_root(doc), name, value);
}

static char *json_of(const char *spec, size_t *size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *json;

	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	put_value(doc, "count", 5, "-1", 2);
	put_value(doc, "kind", 4, spec, strcspn(spec, ","));
	for (spec += strcspn(spec, ","); *spec == ','; spec += strcspn(spec, ",")) {
		size_t key = strcspn(++spec, "=,"), whole = strcspn(spec, ",");

		put_value(doc, spec, key, spec + key + (key < whole), whole - key - (key < whole));
	}
	json = yyjson_mut_write(doc, 0, size);
	yyjson_mut_doc_free(doc);
	return json;
}

enum status weather_read_spec(struct weather *weather, const char *spec, struct err *err)
{
	size_t size;
	char *json = json_of(spec, &size);
	enum status status = weather_read(weather, json, size, err);

	free(json);
	return status;
}
