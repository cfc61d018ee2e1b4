/* What a listener asks for, and which records that is. */
/* SPDX-License-Identifier: MIT */
#include "common/tap/topics.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define WEB  "build.buildkite.acme.web.finished"
#define SHOP "build.buildkite.acme.webshop.running"
#define API  "build.circleci.gh.acme.api.blocked"
#define ODD  "build.buildkite.acme.my%2Eapp%20x.queued"

static const struct {
	const char *wanted, *subscription, *matches;
} cases[] = {
	{"", "build.", WEB " " SHOP " " API " " ODD},
	{"build", "build.", WEB " " SHOP " " API " " ODD},
	{"build.", "build.", WEB " " SHOP " " API " " ODD},
	{"build.buildkite.", "build.buildkite.", WEB " " SHOP " " ODD},
	{"build.buildkite.acme.web", "build.buildkite.acme.web", WEB " " SHOP},
	{"build.buildkite.acme.web.", "build.buildkite.acme.web.", WEB},
	/* A state alone would not tell of the others, which `prev` counts. */
	{"build.buildkite.acme.web.finished", "build.buildkite.acme.web.", WEB},
	{"build.buildkite.acme.web.fin", "build.buildkite.acme.web.", WEB},
	{"build.buildkite.acme.web.running", "build.buildkite.acme.web.", ""},
	{"build.*.acme.", "build.", WEB " " SHOP " " ODD},
	{"build.buildkite.*.web.", "build.buildkite.", WEB},
	{"build.buildkite.acme.web*.", "build.buildkite.acme.web", WEB " " SHOP},
	{"build.b*k*e.*e.w*p.", "build.", SHOP},
	{"*e*/*b/*i*n*d", "build.", WEB},
	{"build.*.gh.acme.*.blocked", "build.", API},
	{"acme", "build.", WEB " " SHOP " " API " " ODD},
	{"acme/web", "build.", WEB},
	{"acme/web/", "build.", WEB},
	{"buildkite/acme/web", "build.", WEB},
	{"gh/acme/api", "build.", API},
	{"web", "build.", WEB},
	{"we", "build.", ""},
	{"web*", "build.", WEB " " SHOP},
	{"*/web*/running", "build.", SHOP},
	{"finished", "build.", WEB},
	{"acme/finished", "build.", ""},
	{"circleci", "build.", API},
	{"acme/my.app x", "build.", ODD},
	{"my%2Eapp%20x", "build.", ODD},
	{"build.circleci.gh.acme.api.blocked.", "build.circleci.gh.acme.api.blocked.", ""},
};

static bool lists(const char *list, const char *topic)
{
	const char *at = strstr(list, topic);

	return at && (at[strlen(topic)] == ' ' || at[strlen(topic)] == '\0');
}

Test(tap_topics, mean_what_people_type)
{
	static const char *const all[] = {WEB, SHOP, API, ODD};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct topics topics = {0};
		struct err err;

		cr_assert_eq(topics_add(&topics, cases[i].wanted, &err), OK, "%s", cases[i].wanted);
		for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
			cr_expect_eq(topics_match(&topics, text_of(all[j])), lists(cases[i].matches, all[j]),
				     "'%s' and %s", cases[i].wanted, all[j]);
		}
		cr_expect(text_is(topics_subscription(&topics, 0), cases[i].subscription), "'%s': %.*s",
			  cases[i].wanted, TEXT_FMT(topics_subscription(&topics, 0)));
		topics_fini(&topics);
	}
}

Test(tap_topics, several_are_any_of_them)
{
	struct topics topics = {0};
	struct err err;

	cr_expect(topics_all(&topics), "none is everything");
	cr_expect(topics_match(&topics, TEXT(WEB)));
	cr_assert_eq(topics_add(&topics, "acme/webshop", &err), OK);
	cr_assert_eq(topics_add(&topics, "build.circleci.", &err), OK);
	cr_expect_not(topics_all(&topics));
	cr_expect(topics_match(&topics, TEXT(SHOP)) && topics_match(&topics, TEXT(API)));
	cr_expect_not(topics_match(&topics, TEXT(WEB)));
	cr_assert_eq(topics_add(&topics, "", &err), OK);
	cr_expect(topics_all(&topics));
	topics_fini(&topics);
}

Test(tap_topics, are_about_a_pipeline_in_whatever_state)
{
	struct topics topics = {0};
	struct err err;

	cr_assert_eq(topics_add(&topics, "build.buildkite.acme.web.finished", &err), OK);
	cr_expect(topics_about(&topics, TEXT("build.buildkite.acme.web.queued")));
	cr_expect_not(topics_match(&topics, TEXT("build.buildkite.acme.web.queued")));
	cr_expect_not(topics_about(&topics, TEXT(SHOP)));
	topics_fini(&topics);
}

Test(tap_topics, that_make_no_sense_are_refused)
{
	struct topics topics = {0};
	struct err err;
	char *large = calloc(1, 5000);

	cr_expect_eq(topics_add(&topics, "/web", &err), ERR_CONFIG);
	cr_expect_eq(topics_add(&topics, "acme//web", &err), ERR_CONFIG);
	memset(large, 'x', 4999);
	cr_expect_eq(topics_add(&topics, large, &err), ERR_CONFIG);
	free(large);
	topics_fini(&topics);
}

Test(tap_topics, of_many_stars_take_no_longer_than_others)
{
	struct topics topics = {0};
	struct err err;
	char stars[400];

	for (size_t i = 0; i < sizeof stars; i++) {
		stars[i] = i % 2 ? 'b' : '*';
	}
	stars[sizeof stars - 1] = '\0';
	cr_assert_eq(topics_add(&topics, stars, &err), OK);
	cr_expect_not(topics_match(
		&topics, TEXT("build.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.x")));
	topics_fini(&topics);
}

Test(tap_topics, of_a_record_follow_its_id)
{
	char *topic = topic_of(TEXT("buildkite/acme/a.b~c%20d/17~ab"), TEXT("running"));

	cr_expect_str_eq(topic, "build.buildkite.acme.a%2Eb%7Ec%20d.running");
	cr_expect(text_is(topic_pipeline(text_of(topic)), "build.buildkite.acme.a%2Eb%7Ec%20d."));
	free(topic);
}
