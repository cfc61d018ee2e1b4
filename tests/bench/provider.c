/* The provider of bench-fetch: the builds of one pipeline, read once from the simulator and then served as
 * they are, so that answering costs next to nothing beside what is measured. Lists newest first with
 * per_page, page, created_from, created_to and finished_from; single builds by number. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/provider.h"

#include "common/time.h"
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <yyjson.h>

#define SIM_PAGE 100

struct build {
	char *json;
	size_t size;
	int64_t number, created_at, finished_at; /* ms; finished_at INT64_MAX: it runs */
};

struct provider {
	struct build *builds; /* newest first */
	int count, latency_ms;
	int *requests; /* shared with the process that started the provider */
};

struct wanted {
	int64_t created_from, created_to, finished_from, per_page, page;
};

static int64_t time_of(yyjson_val *build, const char *key)
{
	yyjson_val *value = yyjson_obj_get(build, key);
	int64_t ms = INT64_MAX;

	return yyjson_is_str(value) && time_parse(yyjson_get_str(value), yyjson_get_len(value), &ms) == OK
		       ? ms
		       : INT64_MAX;
}

static void keep(struct provider *provider, yyjson_val *from)
{
	struct build *build = &provider->builds[provider->count++];

	build->json = yyjson_val_write(from, 0, &build->size);
	build->number = yyjson_get_sint(yyjson_obj_get(from, "number"));
	build->created_at = time_of(from, "created_at");
	build->finished_at = time_of(from, "finished_at");
}

/* Reads them all from the simulator at base. */
static void read_builds(struct provider *provider, CURL *curl, const char *base, int builds)
{
	struct answer answer = {0};
	char url[256];

	provider->builds = calloc((size_t)builds + SIM_PAGE, sizeof *provider->builds);
	for (int page = 1; provider->count < builds; page++) {
		yyjson_doc *doc;
		yyjson_val *build;
		size_t i, max;

		snprintf(url, sizeof url,
			 "%s/v2/organizations/acme/pipelines/web/"
			 "builds?include_retried_jobs=true&per_page=%d&page=%d",
			 base, SIM_PAGE, page);
		answer_get(curl, url, &answer);
		doc = yyjson_read(answer.bytes, answer.size, 0);
		if (yyjson_arr_size(yyjson_doc_get_root(doc)) == 0) {
			fail("the simulator has fewer builds");
		}
		yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, build)
		{
			keep(provider, build);
		}
		yyjson_doc_free(doc);
	}
	free(answer.bytes);
}

static int64_t argument(struct MHD_Connection *connection, const char *name, int64_t fallback)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
	int64_t value;

	if (!text) {
		return fallback;
	}
	return time_parse(text, strlen(text), &value) == OK ? value : strtol(text, NULL, 10);
}

static bool fits(const struct wanted *wanted, const struct build *build)
{
	return build->created_at >= wanted->created_from && build->created_at < wanted->created_to &&
	       (wanted->finished_from == INT64_MIN ||
		(build->finished_at >= wanted->finished_from && build->finished_at != INT64_MAX));
}

/* "[build,build]"; heap. */
static char *list(const struct provider *provider, const struct wanted *wanted, size_t *size)
{
	int64_t skip = (wanted->page - 1) * wanted->per_page, left = wanted->per_page;
	char *body = malloc(2), *to;

	*size = 0;
	for (int i = 0; i < provider->count && left > 0; i++) {
		const struct build *build = &provider->builds[i];

		if (!fits(wanted, build) || skip-- > 0) {
			continue;
		}
		body = realloc(body, *size + build->size + 2);
		to = body + *size;
		*to++ = *size ? ',' : '[';
		memcpy(to, build->json, build->size);
		*size += build->size + 1;
		left--;
	}
	if (*size == 0) {
		body[(*size)++] = '[';
	}
	body[(*size)++] = ']';
	return body;
}

static struct MHD_Response *answer_list(struct provider *provider, struct MHD_Connection *connection)
{
	const struct wanted wanted = {
		.created_from = argument(connection, "created_from", INT64_MIN),
		.created_to = argument(connection, "created_to", INT64_MAX),
		.finished_from = argument(connection, "finished_from", INT64_MIN),
		.per_page = argument(connection, "per_page", 30),
		.page = argument(connection, "page", 1),
	};
	size_t size;
	char *body = list(provider, &wanted, &size);

	return MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
}

/* NULL: there is no such build. */
static struct MHD_Response *answer_one(struct provider *provider, const char *url)
{
	const char *slash = strrchr(url, '/');
	int64_t number = strtol(slash + 1, NULL, 10);

	for (int i = 0; i < provider->count; i++) {
		struct build *build = &provider->builds[i];
		if (build->number == number) {
			return MHD_create_response_from_buffer(build->size, build->json,
							       MHD_RESPMEM_PERSISTENT);
		}
	}
	return NULL;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_size, void **state)
{
	struct provider *provider = user;
	struct timespec latency = {.tv_nsec = provider->latency_ms * 1000000L};
	struct MHD_Response *response;
	enum MHD_Result result;
	unsigned code = MHD_HTTP_OK;

	(void)method, (void)version, (void)body, (void)body_size, (void)state;
	__atomic_add_fetch(provider->requests, 1, __ATOMIC_RELAXED);
	nanosleep(&latency, NULL);
	response = strcmp(strrchr(url, '/'), "/builds") == 0 ? answer_list(provider, connection)
							     : answer_one(provider, url);
	if (!response) {
		code = MHD_HTTP_NOT_FOUND;
		response = MHD_create_response_from_buffer(2, "{}", MHD_RESPMEM_PERSISTENT);
	}
	MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

/* Does not return. */
static void serve(struct provider *provider, int ready)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL, NULL,
		on_request, provider, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_END);
	uint16_t port = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port : 0;

	if (port == 0 || write(ready, &port, sizeof port) != sizeof port) {
		fail("the provider did not start");
	}
	while (true) {
		pause();
	}
}

int provider_start(CURL *curl, const char *sim, int builds, int latency_ms, char *base, size_t size,
		   int **requests)
{
	struct provider provider = {.latency_ms = latency_ms};
	int ready[2], pid;
	uint16_t port;

	provider.requests = *requests =
		mmap(NULL, sizeof **requests, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pipe(ready) != 0) {
		fail("pipe");
	}
	read_builds(&provider, curl, sim, builds);
	pid = fork();
	if (pid == 0) {
		serve(&provider, ready[1]);
	}
	for (int i = 0; i < provider.count; i++) {
		free(provider.builds[i].json);
	}
	free(provider.builds);
	if (read(ready[0], &port, sizeof port) != sizeof port) {
		fail("the provider did not start");
	}
	close(ready[0]);
	close(ready[1]);
	snprintf(base, size, "http://127.0.0.1:%u", port);
	return pid;
}
