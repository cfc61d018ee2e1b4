/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"
#include "tests/sim/circleci.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static int64_t wall_clock_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static int64_t steady_clock_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

void sim_init(struct sim *sim, const struct sim_options *options)
{
	*sim = (struct sim){.options = *options, .wall_ms = wall_clock_ms, .steady_ms = steady_clock_ms};
	pthread_mutex_init(&sim->lock, NULL);
	snprintf(sim->base, sizeof sim->base, "http://127.0.0.1/v2");
	sim->organization_budget =
		(struct budget){.limit = options->rate_limit, .window_ms = options->rate_window_ms};
	sim->user_budget =
		(struct budget){.limit = options->user_rate_limit, .window_ms = options->rate_window_ms};
	sim->weather = options->weather;
	world_init(&sim->world, &options->world);
	cc_deal_vcs(&sim->world, sim->options.vcs);
}

void sim_fini(struct sim *sim)
{
	world_fini(&sim->world);
	weather_fini(&sim->weather);
	pthread_mutex_destroy(&sim->lock);
}

void sim_set_base(struct sim *sim, const char *address, int port)
{
	if (sim->options.base_url) {
		snprintf(sim->base, sizeof sim->base, "%s", sim->options.base_url);
	} else {
		snprintf(sim->base, sizeof sim->base, "http%s://%s:%d/v2", sim->options.tls ? "s" : "",
			 address, port);
	}
}

void sim_warm(struct sim *sim)
{
	struct text scratch = {0};

	pthread_mutex_lock(&sim->lock);
	for (size_t i = 0; i < sim->world.builds.count; i++) {
		scratch.size = 0;
		payload_add_build(&scratch, sim->base, sim->world.builds.items[i], FORM_RETRIED_JOBS,
				  sim->world.now, &sim->cached_bytes);
	}
	pthread_mutex_unlock(&sim->lock);
	text_fini(&scratch);
}

const char *status_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{422, "Unprocessable Entity"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		if (phrases[i].status == status) {
			return phrases[i].phrase;
		}
	}
	return "Unknown";
}

void reply_header(struct sim_reply *reply, const char *name, const char *format, ...)
{
	char value[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof value, format, args);
	va_end(args);
	text_add(&reply->headers, name, strlen(name));
	text_add(&reply->headers, ": ", 2);
	text_add(&reply->headers, value, strlen(value));
	text_add(&reply->headers, "\n", 1);
}

void reply_doc(struct sim_reply *reply, int status, yyjson_mut_doc *doc)
{
	reply->status = status;
	reply->body.size = 0;
	payload_add_doc(&reply->body, doc);
}

void reply_message(struct sim_reply *reply, int status, const char *format, ...)
{
	char text[1024];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	yyjson_mut_doc_set_root(doc, in.object);
	put_text(in, "message", text);
	reply_doc(reply, status, doc);
}

void sim_reply_fini(struct sim_reply *reply)
{
	text_fini(&reply->body);
	text_fini(&reply->headers);
}

/* Matches path, segment by segment, cutting it up; variable segments are decoded into args. */
static bool match(const char *pattern, char *path, const char *args[SIM_ARGS_MAX])
{
	int n = 0, whole = -1;

	while (*pattern == '/' && *path == '/') {
		size_t wide = strcspn(++pattern, "/"), have = strcspn(++path, "/");

		if (*pattern == '*' && have > 0 && n < SIM_ARGS_MAX) {
			whole = n;
			args[n++] = path;
			have = strlen(path);
		} else if (*pattern == ':' && have > 0 && n < SIM_ARGS_MAX) {
			args[n++] = path;
		} else if (wide != have || strncmp(pattern, path, wide) != 0) {
			return false;
		}
		pattern += wide;
		path += have;
	}
	if (*pattern || (*path && strcmp(path, "/") != 0)) {
		return false;
	}
	for (int i = 0; i < n; i++) {
		char *arg = (char *)args[i];

		arg[i == whole ? strlen(arg) : strcspn(arg, "/")] = '\0';
		if (!percent_decode(arg, false)) {
			return false;
		}
	}
	return true;
}

static int find_route(const struct sim_request *request, char *path, const char *args[SIM_ARGS_MAX])
{
	for (int i = 0; sim_routes[i].method; i++) {
		if (strcmp(sim_routes[i].method, request->method) != 0) {
			continue;
		}
		memcpy(path, request->path, strlen(request->path) + 1);
		if (match(sim_routes[i].pattern, path, args)) {
			return i;
		}
	}
	return -1;
}

static bool is_control(const struct sim_request *request)
{
	return strncmp(request->path, "/_sim/", 6) == 0;
}

/* The other host: signed URLs instead of tokens. */
static bool is_outside(const struct sim_request *request)
{
	return strncmp(request->path, "/outside/", 9) == 0 || strncmp(request->path, "/output/", 8) == 0;
}

static bool is_authorized(const struct sim *sim, const struct sim_request *request)
{
	static const char scheme[] = "Bearer ";

	if (sim_is_circleci(request)) {
		return request->circle_token && strcmp(request->circle_token, sim->options.token) == 0;
	}
	return request->authorization && strncmp(request->authorization, scheme, strlen(scheme)) == 0 &&
	       strcmp(request->authorization + strlen(scheme), sim->options.token) == 0;
}

static bool has_scope(const struct sim *sim, int route)
{
	const char *wanted = route < 0 ? NULL : sim_routes[route].scope;

	for (const char *at = sim->options.scopes; wanted && *at; at += strspn(at, ",")) {
		size_t size = strcspn(at, ",");

		if (strlen(wanted) == size && memcmp(at, wanted, size) == 0) {
			return true;
		}
		at += size;
	}
	return !wanted;
}

static bool may_pass(struct sim *sim, const struct sim_request *request, int route, struct sim_reply *reply)
{
	reply->wait_ms = sim->options.latency_ms;
	if (is_outside(request)) {
		sim->leaks += request->authorization || request->circle_token;
		return true;
	}
	if (!is_authorized(sim, request)) {
		reply_message(reply, 401, "%s",
			      sim_is_circleci(request)
				      ? "You must log in first."
				      : "Authentication required. Please supply a valid API Access Token: "
					"https://buildkite.com/docs/apis/rest-api#authentication");
		return false;
	}
	if (!has_scope(sim, route)) {
		reply_message(reply, 403, "Your access token doesn't have the %s scope",
			      sim_routes[route].scope);
		return false;
	}
	return sim_within_budget(sim, request, reply);
}

static void answer(struct sim *sim, struct sim_call *call, int route, struct sim_reply *reply)
{
	struct err err;

	if (route < 0) {
		reply_message(reply, 404, "%s",
			      is_control(call->request) ? "No such control: see README.md" : "Not Found");
	} else if (query_parse(&call->query, call->request->query, &err)) {
		reply_message(reply, 400, "%s", err.text);
	} else {
		sim_routes[route].handler(sim, call, reply);
	}
}

/* The provider's answer, as the weather lets it through. */
static void answer_in_weather(struct sim *sim, struct sim_call *call, int route, struct sim_reply *reply)
{
	struct stroke stroke;

	weather_draw(&sim->weather, call->request, route < 0 ? "unknown" : sim_routes[route].name, &stroke);
	weather_strike(&stroke, PHASE_MILD, call->request, reply);
	if (weather_strike(&stroke, PHASE_INSTEAD, call->request, reply)) {
		sim->refused++;
		return;
	}
	answer(sim, call, route, reply);
	weather_strike(&stroke, PHASE_AFTER, call->request, reply);
}

static void dispatch(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
	struct sim_call call = {.request = request, .now = sim->world.now};
	char *path = must_malloc(strlen(request->path) + 1);
	int route = find_route(request, path, call.args);

	sim->requests[route < 0 ? SIM_ROUTES_MAX - 1 : route]++;
	if (is_control(request)) {
		answer(sim, &call, route, reply);
	} else if (may_pass(sim, request, route, reply)) {
		answer_in_weather(sim, &call, route, reply);
	} else {
		sim->refused++;
	}
	query_fini(&call.query);
	free(path);
}

static void put_dates(struct sim *sim, struct sim_reply *reply)
{
	int64_t now = sim->world.now + reply->skew_ms;
	char date[WHEN_MAX];

	reply_header(reply, "Date", "%s", when_http(now, date));
	if (reply->retry_after_date_ms > 0) {
		reply_header(reply, "Retry-After", "%s", when_http(now + reply->retry_after_date_ms, date));
	}
}

void sim_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
	*reply = (struct sim_reply){.status = 200, .content_type = "application/json; charset=utf-8"};
	pthread_mutex_lock(&sim->lock);
	if (sim->options.clock == CLOCK_REAL) {
		world_advance(&sim->world, sim->wall_ms());
	}
	dispatch(sim, request, reply);
	put_dates(sim, reply);
	sim->bytes_served += (int64_t)reply->body.size;
	pthread_mutex_unlock(&sim->lock);
}
