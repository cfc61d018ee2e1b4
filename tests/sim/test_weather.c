/* Every fault, as a client that expects nothing of the kind sees it. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/authority.h"
#include "tests/support/simulator.h"
#include "tests/support/web.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yyjson.h>

#define WEB "/v2/organizations/acme/pipelines/web/builds"

static struct place *place;
static struct simulator *sim;
static CURL *curl;

/* The last answer. */
static struct {
	CURLcode code;
	long status, connects, os_error;
	char headers[8192], *body;
	size_t size, kept; /* only the first bytes of a body are kept */
	int64_t took_ms;
} got;

static size_t on_header(char *line, size_t unit, size_t size, void *arg)
{
	size_t used = strlen(got.headers);

	(void)arg;
	snprintf(got.headers + used, sizeof got.headers - used, "%.*s", (int)(unit * size), line);
	return unit * size;
}

static size_t on_body(char *bytes, size_t unit, size_t size, void *arg)
{
	size_t keep = unit * size;

	(void)arg;
	got.size += keep;
	if (got.kept + keep < 8 << 20) {
		got.body = realloc(got.body, got.kept + keep + 1);
		memcpy(got.body + got.kept, bytes, keep);
		got.kept += keep;
		got.body[got.kept] = '\0';
	}
	return unit * size;
}

static void get(const char *path)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer " SIM_TOKEN);
	int64_t since = test_now_ms();
	char url[512];

	free(got.body);
	memset(&got, 0, sizeof got);
	snprintf(url, sizeof url, "%s%s", sim->root, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	got.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &got.connects);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &got.os_error);
	got.took_ms = test_now_ms() - since;
	curl_slist_free_all(headers);
}

#define order(json) simulator_do(sim, "faults", json)

static bool has_header(const char *name)
{
	char mark[64];

	snprintf(mark, sizeof mark, "\n%s:", name);
	return strcasestr(got.headers, mark) != NULL;
}

/* Of a JSON object's member, as text in out; "" is none. */
static bool body_is(const char *first)
{
	return got.body && strncmp(got.body, first, strlen(first)) == 0;
}

static bool is_json(void)
{
	yyjson_doc *doc = yyjson_read(got.body ? got.body : "", got.kept, 0);

	yyjson_doc_free(doc);
	return doc != NULL;
}

static void open_sim(void)
{
	place = place_new();
	curl = curl_easy_init();
	sim = simulator_new(place, "--builds", "60", "--pipelines", "2");
}

static void close_sim(void)
{
	curl_easy_cleanup(curl);
	free(got.body);
	simulator_free(&sim);
	place_free(&place);
}

TestSuite(weather, .init = open_sim, .fini = close_sim, .timeout = 60);

Test(weather, an_answer_comes_late_once)
{
	order("{'kind': 'latency', 'ms': 300, 'jitter_ms': 50}");
	get(WEB);
	cr_assert_eq(got.status, 200);
	cr_assert_geq(got.took_ms, 300);
	get(WEB);
	cr_assert_lt(got.took_ms, 300);
}

Test(weather, every_form_of_429)
{
	static const struct {
		const char *kind;
		bool plain, user, after;
	} forms[] = {
		{"limit-organization", true, false, false}, {"limit-user", true, true, false},
		{"limit-both", true, true, false},          {"limit-seconds", false, false, true},
		{"limit-date", false, false, true},         {"limit-bare", false, false, false},
	};
	char json[128];

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		snprintf(json, sizeof json, "{'kind': '%s', 'reset_s': 42}", forms[i].kind);
		order(json);
		get(WEB);
		cr_assert_eq(got.status, 429);
		cr_assert_eq(has_header("RateLimit-Remaining"), forms[i].plain, "%s", forms[i].kind);
		cr_assert_eq(has_header("RateLimit-User-Remaining"), forms[i].user, "%s", forms[i].kind);
		cr_assert_eq(has_header("Retry-After"), forms[i].after, "%s", forms[i].kind);
		cr_assert(strstr(got.body, "\"limit\":200") && strstr(got.body, "\"reset\":42"), "%s",
			  got.body);
	}
}

Test(weather, who_is_over_the_limit_is_told_apart)
{
	order("{'kind': 'limit-user', 'reset_s': 9}");
	get(WEB);
	cr_assert(strstr(got.headers, "RateLimit-Remaining: 100\r\n"), "%s", got.headers);
	cr_assert(strstr(got.headers, "RateLimit-User-Remaining: 0\r\n"));
	cr_assert(strstr(got.headers, "RateLimit-User-Reset: 9\r\n"));
	cr_assert(strstr(got.body, "\"scope\":\"rest_user\""));
	order("{'kind': 'limit-date', 'reset_s': 90}");
	get(WEB);
	cr_assert(strstr(got.headers, "Date: Thu, 01 Jan 2026 00:00:00 GMT"), "%s", got.headers);
	cr_assert(strstr(got.headers, "Retry-After: Thu, 01 Jan 2026 00:01:30 GMT"), "%s", got.headers);
}

Test(weather, an_error_speaks_json_or_html)
{
	order("{'kind': 'error-json', 'status': 500}");
	get(WEB);
	cr_assert(got.status == 500 && body_is("{\"message\":"), "%s", got.body);
	order("{'kind': 'error-html', 'status': 502}");
	get(WEB);
	cr_assert(got.status == 502 && body_is("<html>") && strstr(got.headers, "text/html"), "%s", got.body);
	order("{'kind': 'error-json'}");
	get(WEB);
	cr_assert_eq(got.status, 503);
}

Test(weather, a_connection_is_reset_before_within_and_after_the_body)
{
	order("{'kind': 'reset-before'}");
	get(WEB);
	cr_assert(got.code == CURLE_RECV_ERROR && got.os_error == ECONNRESET, "%d, %ld", got.code,
		  got.os_error);
	cr_assert_eq(got.status, 0);
	order("{'kind': 'reset-within', 'bytes': 1000}");
	get(WEB);
	cr_assert(got.code == CURLE_RECV_ERROR && got.os_error == ECONNRESET, "%d, %ld", got.code,
		  got.os_error);
	cr_assert_eq(got.status, 200);
	order("{'kind': 'reset-after'}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_OK);
	cr_assert(is_json());
	get(WEB);
	cr_assert_eq(got.code, CURLE_OK);
	cr_assert_eq(got.connects, 1, "the old connection lives");
}

Test(weather, a_connection_is_closed_within_the_body)
{
	order("{'kind': 'cut', 'bytes': 1000}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_PARTIAL_FILE);
	cr_assert_eq(got.size, 1000);
	order("{'kind': 'drop'}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_GOT_NOTHING);
}

Test(weather, a_whole_answer_holds_half_a_json)
{
	order("{'kind': 'truncated', 'bytes': 777}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_OK);
	cr_assert_eq(got.size, 777);
	cr_assert_not(is_json());
}

Test(weather, a_type_is_wrong)
{
	char *right;

	get(WEB "?per_page=1");
	right = strdup(got.body);
	order("{'kind': 'wrong-root'}");
	get(WEB "?per_page=1");
	cr_assert(is_json() && body_is("{\"data\":["), "%s", got.body);
	order("{'kind': 'wrong-root'}");
	get(WEB "/1");
	cr_assert(is_json() && body_is("[{"), "%s", got.body);
	order("{'kind': 'wrong-member'}");
	get(WEB "?per_page=1");
	cr_assert(is_json() && strcmp(got.body, right) != 0, "%s", got.body);
	order("{'kind': 'wrong-number'}");
	get(WEB "?per_page=1");
	cr_assert(is_json() && strstr(got.body, ":42"), "%s", got.body);
	free(right);
}

static int64_t peak_kib(void)
{
	char path[64], line[128];
	int64_t kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child_pid(sim->child));
	file = fopen(path, "r");
	while (file && kib == 0 && fgets(line, sizeof line, file)) {
		kib = strncmp(line, "VmHWM:", 6) == 0 ? strtoll(line + 6, NULL, 10) : 0;
	}
	cr_assert(file && kib > 0);
	fclose(file);
	return kib;
}

Test(weather, a_hundred_megabytes_are_streamed)
{
	int64_t before = peak_kib();

	order("{'kind': 'huge'}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_OK);
	cr_assert_eq(got.size, 100 << 20);
	cr_assert(strstr(got.headers, "Content-Length: 104857600"));
	cr_assert_lt(peak_kib(), before + (20 << 10));
	order("{'kind': 'huge-chunked', 'bytes': 100000}");
	get(WEB);
	cr_assert(got.size == 100000 && is_json(), "%zu", got.size);
}

Test(weather, redirects)
{
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
	order("{'kind': 'redirect', 'count': -1}");
	get(WEB "?per_page=2");
	cr_assert_eq(got.status, 200, "%s", got.headers);
	cr_assert(is_json() && body_is("["));
	simulator_heal(sim);
	order("{'kind': 'redirect-loop', 'count': -1}");
	get(WEB);
	cr_assert_eq(got.code, CURLE_TOO_MANY_REDIRECTS);
	simulator_heal(sim);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	order("{'kind': 'redirect-other', 'to': 'http://127.0.0.1:1', 'status': 307}");
	get(WEB);
	cr_assert_eq(got.status, 307);
	cr_assert(strstr(got.headers, "Location: http://127.0.0.1:1" WEB), "%s", got.headers);
}

Test(weather, a_body_drips)
{
	order("{'kind': 'drip', 'bytes_per_s': 4000}");
	get(WEB "/1/artifacts?x=1");
	order("{'kind': 'drip', 'bytes_per_s': 100000}");
	get(WEB "?per_page=30");
	cr_assert_eq(got.code, CURLE_OK);
	cr_assert(is_json());
	cr_assert_geq(got.took_ms, (int64_t)got.size / 100 * 9 / 10, "%zu bytes in %lld ms", got.size,
		      (long long)got.took_ms);
}

Test(weather, the_date_is_another)
{
	order("{'kind': 'skew', 'ms': 3600000}");
	get(WEB);
	cr_assert(strstr(got.headers, "Date: Thu, 01 Jan 2026 01:00:00 GMT"), "%s", got.headers);
	order("{'kind': 'skew', 'ms': -86400000}");
	get(WEB);
	cr_assert(strstr(got.headers, "Date: Wed, 31 Dec 2025 00:00:00 GMT"), "%s", got.headers);
	get(WEB);
	cr_assert(strstr(got.headers, "Date: Thu, 01 Jan 2026 00:00:00 GMT"), "%s", got.headers);
}

Test(weather, an_order_chooses_its_requests)
{
	static const struct {
		const char *path;
		long status;
	} steps[] = {
		{"/v2/organizations", 200}, {WEB "?page=2", 200}, /* neither route nor match */
		{WEB "?page=1", 200},                             /* after */
		{WEB "?page=1", 503},       {WEB "?page=2", 200}, {WEB "?page=1", 503}, {WEB "?page=1", 200},
	};

	order("{'kind': 'error-json', 'route': 'builds', 'match': 'page=1', 'after': 1, 'count': 2}");
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		get(steps[i].path);
		cr_assert_eq(got.status, steps[i].status, "step %zu", i);
	}
	cr_assert_eq(simulator_strokes(sim, "error-json"), 2);
}

Test(weather, mild_faults_go_together_and_with_another)
{
	order("{'kind': 'latency', 'ms': 200}");
	order("{'kind': 'skew', 'ms': 60000}");
	order("{'kind': 'error-json'}");
	get(WEB);
	cr_assert_eq(got.status, 503);
	cr_assert_geq(got.took_ms, 200);
	cr_assert(strstr(got.headers, "Date: Thu, 01 Jan 2026 00:01:00 GMT"), "%s", got.headers);
}

static void refuses(const char *json, const char *sentence)
{
	char url[128], *answer;
	long status;

	snprintf(url, sizeof url, "%s/_sim/faults", sim->root);
	answer = web_ask("POST", url, NULL, json, &status);
	cr_assert_eq(status, 400, "%s", json);
	cr_assert(strstr(answer, sentence), "%s", answer);
	free(answer);
}

Test(weather, an_order_that_makes_no_sense_is_refused)
{
	refuses("{\"kind\": \"hail\"}", "Unknown kind of fault 'hail'");
	refuses("{\"kind\": \"cut\", \"route\": \"nowhere\"}", "Unknown route 'nowhere'");
	refuses("{\"kind\": \"cut\", \"permille\": 0}", "permille 1 to 1000");
	refuses("{\"status\": 42}", "status is not that of HTTP");
	refuses("{\"kind\": \"cut\", \"bites\": 3}", "Unknown member 'bites'");
}

/* What 100 requests meet, a letter each. */
static void sky(const char *seed, char out[101])
{
	simulator_free(&sim);
	sim = simulator_new(place, "--builds", "3", "--pipelines", "1", "--weather", "500", "--weather-seed",
			    seed, "--latency", "0ms");
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L); /* how a kept one ends is a matter of timing */
	for (int i = 0; i < 100; i++) {
		get(WEB "?per_page=1");
		out[i] = (char)(got.code != CURLE_OK             ? 'A' + (int)got.code % 26
				: got.status == 200 && is_json() ? '.'
				: got.status == 200              ? '!'
								 : '0' + (int)(got.status / 100));
	}
	out[100] = '\0';
	if (strcmp(seed, "7") == 0) {
		cr_assert_gt(simulator_strokes(sim, "latency"), 5);
		cr_assert_gt(simulator_strokes(sim, "error-json"), 0);
	}
}

Test(weather, a_seed_replays)
{
	char first[101], again[101], other[101];

	sky("7", first);
	sky("7", again);
	sky("8", other);
	cr_assert_str_eq(first, again);
	cr_assert_str_neq(first, other);
}

Test(weather, its_own_controls_are_never_struck)
{
	simulator_do(sim, "weather", "{'permille': 1000, 'seed': 3}");
	order("{'kind': 'drop', 'count': -1}");
	for (int i = 0; i < 50; i++) {
		simulator_do(sim, "advance", "{'ms': 10}");
	}
	get(WEB);
	cr_assert_eq(got.code, CURLE_GOT_NOTHING);
	simulator_heal(sim);
	for (int i = 0; i < 50; i++) {
		get(WEB);
		cr_assert_eq(got.status, 200);
	}
}

Test(weather, is_ordered_on_the_command_line_too)
{
	simulator_free(&sim);
	sim = simulator_new(place, "--builds", "3", "--fault", "error-html,status=502,match=per_page=7",
			    "--fault", "skew,ms=-60000,route=organizations");
	get(WEB "?per_page=7");
	cr_assert_eq(got.status, 502);
	get(WEB "?per_page=7");
	cr_assert_eq(got.status, 502);
	get(WEB "?per_page=8");
	cr_assert_eq(got.status, 200);
	get("/v2/organizations");
	cr_assert(strstr(got.headers, "Date: Wed, 31 Dec 2025 23:59:00 GMT"), "%s", got.headers);
}

Test(weather, https_with_a_certificate_of_ones_own)
{
	struct authority *authority = authority_new(place);

	authority_certify(authority, "server", "IP:127.0.0.1", 1);
	simulator_free(&sim);
	sim = simulator_new(place, "--builds", "3", "--pipelines", "1", "--certificate",
			    place_path(place, "server.pem"), "--key", place_path(place, "server.key"));
	get(WEB);
	cr_assert_eq(got.code, CURLE_PEER_FAILED_VERIFICATION);
	curl_easy_setopt(curl, CURLOPT_CAINFO, place_path(place, "ca.pem"));
	get(WEB "?per_page=1&page=1");
	cr_assert_eq(got.status, 200, "%s", curl_easy_strerror(got.code));
	cr_assert(strstr(got.headers, "Link: <https://127.0.0.1:"), "%s", got.headers);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT,
			 1L); /* else curl repeats what a kept one did not answer */
	order("{'kind': 'reset-before'}");
	get(WEB);
	cr_assert_neq(got.code, CURLE_OK);
	order("{'kind': 'cut', 'bytes': 500}");
	get(WEB);
	cr_assert_neq(got.code, CURLE_OK);
	authority_free(&authority);
}
