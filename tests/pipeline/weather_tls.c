/* Whom the fetcher trusts, and what it says when it does not. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/authority.h"
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scene *scene;
static struct authority *authority;
static char listen_at[32] = "127.0.0.1:0";

/* A provider with the certificate that authority_certify made last; again on the same port. */
static void serve(const char *names, int days)
{
	authority_certify(authority, "server", names, days);
	simulator_free(&scene->sim);
	scene->sim = simulator_new_at(HERE, scene->place,
				      ARGS("--token", SIM_TOKEN, "--listen", listen_at, "--builds", "50",
					   "--pipelines", "1", "--certificate",
					   place_path(scene->place, "server.pem"), "--key",
					   place_path(scene->place, "server.key")));
	snprintf(listen_at, sizeof listen_at, "%s", scene->sim->root + strlen("https://"));
	scene_source(scene, .pipelines = "web", .poll = "1s");
}

static void open_scene(void)
{
	unsetenv("CURL_CA_BUNDLE");
	unsetenv("SSL_CERT_DIR");
	setenv("NO_PROXY", "*", 1);
	scene = scene_new("--builds", "1");
	authority = authority_new(scene->place);
	setenv("SSL_CERT_FILE", place_path(scene->place, "ca.pem"), 1);
}

static void close_scene(void)
{
	scene_free(&scene);
	authority_free(&authority);
}

TestSuite(weather_tls, .init = open_scene, .fini = close_scene, .timeout = 60);

Test(weather_tls, a_private_authority_that_is_named)
{
	serve("IP:127.0.0.1", 1);
	scene_start(scene);
	scene_holds_truth(scene);
}

Test(weather_tls, a_private_authority_that_curl_is_told_of)
{
	setenv("CURL_CA_BUNDLE", getenv("SSL_CERT_FILE"), 1);
	setenv("SSL_CERT_FILE", "/nowhere", 1);
	serve("IP:127.0.0.1", 1);
	scene_start(scene);
	scene_holds_truth(scene);
}

/* One sentence, once a visit and no storm; once the certificate is good it goes on by itself. */
static void is_mended(const char *names, int days, const char *words)
{
	const char *line;
	int64_t asked;

	serve(names, days);
	scene_start(scene);
	line = child_event(scene->fetchers[0], "fetch.failed", NULL, NULL);
	expect_words(HERE, line, words);
	expect_words(HERE, line, "https://127.0.0.1:|tried again by itself");
	asked = simulator_count(scene->sim, "total");
	cr_expect_eq(asked, 0, "%lld requests", (long long)asked);
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.retry"), 0);
	serve("IP:127.0.0.1", 1);
	scene_holds_truth(scene);
}

Test(weather_tls, an_expired_certificate_is_waited_for)
{
	is_mended("IP:127.0.0.1", -1, "its certificate has expired|its owner must renew it|clock is wrong");
}

Test(weather_tls, a_certificate_of_another_host_gets_no_request)
{
	is_mended("DNS:other.example", 1, "its certificate is not trusted|127.0.0.1");
}

Test(weather_tls, an_authority_that_nobody_named_gets_no_request)
{
	unsetenv("SSL_CERT_FILE");
	serve("IP:127.0.0.1", 1);
	scene_start(scene);
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.failed", NULL, NULL),
		     "its certificate is not trusted|SSL_CERT_FILE names other authorities");
	cr_expect_eq(simulator_count(scene->sim, "total"), 0);
}
