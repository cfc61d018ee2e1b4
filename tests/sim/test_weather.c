/* Every fault, as a client that expects nothing of the kind sees it. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/test_weather_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
