/* Which requests a fault is ordered for. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/test_weather_client.h"
#include "tests/support/authority.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(weather_orders, .init = open_sim, .fini = close_sim, .timeout = 60);

Test(weather_orders, an_order_chooses_its_requests)
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

Test(weather_orders, mild_faults_go_together_and_with_another)
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

Test(weather_orders, an_order_that_makes_no_sense_is_refused)
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
		out[i] = (char)(got.code != CURLE_OK ? 'A' + (int)got.code % 26
				: got.status == 200
					? '.' /* what a fault in the body spoils depends on the clock */
					: '0' + (int)(got.status / 100));
	}
	out[100] = '\0';
	if (strcmp(seed, "7") == 0) {
		cr_assert_gt(simulator_strokes(sim, "latency"), 5);
		cr_assert_gt(simulator_strokes(sim, "error-json"), 0);
	}
}

Test(weather_orders, a_seed_replays)
{
	char first[101], again[101], other[101];

	sky("7", first);
	sky("7", again);
	sky("8", other);
	cr_assert_str_eq(first, again);
	cr_assert_str_neq(first, other);
}

Test(weather_orders, its_own_controls_are_never_struck)
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

Test(weather_orders, is_ordered_on_the_command_line_too)
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

Test(weather_orders, https_with_a_certificate_of_ones_own)
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
