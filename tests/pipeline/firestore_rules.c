/* Rules that refuse some builds and not others: those that may be written are written. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"

#include <stdlib.h>

TestSuite(firestore_rules, .init = run_init, .fini = run_fini, .timeout = 120);

#define USER                                                                                                 \
	"firebase_project_id: demo, firebase_user_email: " FAKE_EMAIL ", firebase_user_pass: " FAKE_PASSWORD \
	", firebase_public_api_key: " FAKE_KEY

static void forbid(const char *part)
{
	fake_lock(&google);
	google.forbidden = part;
	fake_unlock(&google);
}

static bool open_ones_are_there(void *arg)
{
	return fake_count(&google, "/build/open_") == *(size_t *)arg;
}

static void configure_two(void)
{
	char *text;

	cr_assert_geq(asprintf(&text,
			       "{" USER ", api_url: \"%s/v1\", auth_url: \"%s\", create_project: true, "
			       "projects: {acme/closed: closed, acme/open: open}}",
			       google.url, google.url),
		      0);
	run_configure(text);
	free(text);
}

Test(firestore_rules, a_project_that_is_closed_holds_up_no_other)
{
	size_t open = 40;

	configure_two();
	forbid("build/closed_");
	for (int64_t number = 1; number <= 60; number++) {
		build_comes(.number = number, .pipeline = "closed");
	}
	for (int64_t number = 1; number <= (int64_t)open; number++) {
		build_comes(.number = number, .pipeline = "open");
	}
	run_start();
	cr_assert(run_until(run.loop, open_ones_are_there, &open, (int)patience_ms()));
	forbid(NULL);
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 100);
	cr_expect(run.hub->dead_count == 0);
}
