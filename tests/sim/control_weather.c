/* The controls under /_sim/ that bring bad weather. Specified in README.md of this folder. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/body.h"

#include <stdio.h>
#include <string.h>

#define ROW(type, key, body_type)                                                                            \
	{                                                                                                    \
#key, body_type, offsetof(struct type, key)                                                  \
	}

static void reply_done(struct sim_reply *reply)
{
	text_add(&reply->body, "{\"ok\":true}", 11);
}

/* The latency of everything, beside the faults. */
static bool read_latency(struct sim *sim, const struct sim_call *call)
{
	struct latency_body {
		int64_t latency_ms;
	} in = {.latency_ms = -1};
	static const struct body_row row = ROW(latency_body, latency_ms, BODY_INT);
	yyjson_doc *doc;
	bool is_one;

	is_one = body_read(call->request->body, call->request->body_size, &row, 1, &in, &doc, NULL) == OK &&
		 in.latency_ms >= 0;
	yyjson_doc_free(doc);
	if (is_one) {
		sim->options.latency_ms = in.latency_ms;
	}
	return is_one;
}

void control_faults(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct err err;

	if (read_latency(sim, call) ||
	    weather_read(&sim->weather, call->request->body, call->request->body_size, &err) == OK) {
		reply_done(reply);
	} else {
		reply_message(reply, 400, "%s", err.text);
	}
}

/* Somebody else's program with the same token. */
void control_burn(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct burn_body {
		int64_t requests;
	} in = {.requests = 1};
	static const struct body_row row = ROW(burn_body, requests, BODY_INT);
	yyjson_doc *doc;
	struct err err;

	if (body_read(call->request->body, call->request->body_size, &row, 1, &in, &doc, &err) != OK) {
		reply_message(reply, 400, "%s", err.text);
	} else {
		for (int64_t i = 0; i < in.requests && i < BUDGET_UNLIMITED; i++) {
			budget_take(&sim->organization_budget, sim->steady_ms());
			budget_take(&sim->user_budget, sim->steady_ms());
		}
		reply_done(reply);
	}
	yyjson_doc_free(doc);
}

void control_faults_clear(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	(void)call;
	weather_clear(&sim->weather);
	sim->options.latency_ms = 0;
	reply_done(reply);
}

void control_weather(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct weather_body {
		int64_t permille, seed;
		const char *without;
	} in = {.seed = (int64_t)sim->weather.seed, .without = ""};
	static const struct body_row rows[] = {ROW(weather_body, permille, BODY_INT),
					       ROW(weather_body, seed, BODY_INT),
					       ROW(weather_body, without, BODY_TEXT)};
	yyjson_doc *doc;
	struct err err;

	if (body_read(call->request->body, call->request->body_size, rows, 3, &in, &doc, &err)) {
		reply_message(reply, 400, "%s", err.text);
	} else if (in.permille < 0 || in.permille > 1000) {
		reply_message(reply, 400, "permille is 0 to 1000");
	} else {
		sim->weather.permille = in.permille;
		sim->weather.seed = (uint64_t)in.seed;
		snprintf(sim->weather.without, sizeof sim->weather.without, "%s", in.without);
		reply_done(reply);
	}
	yyjson_doc_free(doc);
}

void control_weather_report(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc), strokes;

	(void)call;
	yyjson_mut_doc_set_root(doc, in.object);
	put_int(in, "seed", (int64_t)sim->weather.seed);
	put_int(in, "permille", sim->weather.permille);
	strokes = put_object(in, "strokes");
	for (int i = 0; i < FAULT_WORDS; i++) {
		put_int(strokes, fault_kinds[i].word, sim->weather.strokes[i]);
	}
	reply_doc(reply, 200, doc);
}
