/* Who works there, and what they call what they do. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/demo.h"
#include "tests/sim/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { BRANCH_MAX = 44, ROBOTS_PERMILLE = 140 };

/* The last one is the robot. */
static const struct name_pair people[] = {
	{"maria", "Maria Santos"},     {"tom", "Tom Becker"},
	{"zoe", "Zo\xc3\xab Laurent"}, {"wei", "Wei Zhang"},
	{"priya", "Priya Raman"},      {"obrien", "Conor O'Brien"},
	{"aisha", "Aisha Diallo"},     {"jonas", "Jonas Lindstr\xc3\xb6m"},
	{"hana", "Hana Suzuki"},       {"lucas", "Lucas Moreau"},
	{"emily", "Emily Carter"},     {"omar", "Omar Haddad"},
	{"ingrid", "Ingrid Solberg"},  {"mateo", "Mateo Nu\xc3\xb1oz"},
	{"ruth", "Ruth Adeyemi"},      {"renovate", "renovate[bot]"},
};
enum { PEOPLE = sizeof people / sizeof *people };

static const char *const verbs[] = {
	"Fix",
	"Cache",
	"Validate",
	"Log failures of",
	"Retry",
	"Split",
	"Document",
	"Speed up",
	"Simplify",
	"Test",
	"Rework",
	"Limit",
	"Translate errors of",
	"Measure",
	"Clean up",
	"Fix",
	"Harden",
	"Move",
};

static const char *const objects[] = {
	"exchange rates",   "the session store",  "invoice rendering",     "order webhooks",
	"the search index", "feature flags",      "image uploads",         "the retry queue",
	"address forms",    "currency rounding",  "the audit log export",  "rate limiting",
	"login redirects",  "password reset",     "the GraphQL schema",    "pagination",
	"time zones",       "connection pooling", "the settings page",     "keyboard navigation",
	"error pages",      "CSV import",         "the checkout button",   "health checks",
	"dark mode",        "e-mail templates",   "the onboarding flow",   "stock levels",
	"tax calculation",  "push notifications", "the permissions cache", "refunds",
};

static const char *const tails[] = {
	"behind a flag",   "on slow networks", "in staging",       "(part 2)",
	"for new tenants", "on Safari",        "when it is empty", "in the background",
};

static const char *const packages[] = {
	"react",    "typescript", "vite",      "eslint", "openssl",    "postgresql", "redis",  "protobuf",
	"pydantic", "okhttp",     "actix-web", "lodash", "playwright", "terraform",  "sentry", "jackson",
};

void demo_people(struct world *world)
{
	struct rng rng = rng_stream(world->options.seed, 2, 0);

	world->person_count = PEOPLE;
	world->people = pool_take(&world->pool, PEOPLE * sizeof *world->people);
	for (int i = 0; i < PEOPLE; i++) {
		world->people[i].name = people[i].name;
		world->people[i].email = pool_text(&world->pool, "%s@example.com", people[i].slug);
		draw_uuid(&rng, world->people[i].uuid);
	}
}

const struct person *demo_robot(const struct world *world)
{
	return &world->people[PEOPLE - 1];
}

/* Some do more than others. */
const struct person *demo_author(const struct world *world, struct rng *rng)
{
	int64_t a = rng_below(rng, PEOPLE - 1), b = rng_below(rng, PEOPLE - 1);

	return rng_chance(rng, ROBOTS_PERMILLE) ? demo_robot(world) : &world->people[a < b ? a : b];
}

static const char *pick(const char *const *words, size_t count, struct rng *rng)
{
	return words[rng_below(rng, (int64_t)count)];
}
#define PICK(words, rng) pick(words, sizeof(words) / sizeof *(words), rng)

/* "maria/fix-dark-mode-on-safari" */
static const char *branch_of(struct world *world, const char *author, const char *title)
{
	char branch[BRANCH_MAX + 1];
	size_t size = (size_t)snprintf(branch, sizeof branch, "%s/", author);

	for (; *title && size < BRANCH_MAX; title++) {
		bool letter = isalnum((unsigned char)*title);

		if (letter || branch[size - 1] != '-') {
			branch[size++] = letter ? (char)tolower((unsigned char)*title) : '-';
		}
	}
	while (branch[size - 1] == '-') {
		size--;
	}
	branch[size] = '\0';
	return pool_copy(&world->pool, branch);
}

static void name_update(struct world *world, struct change *change, struct rng *rng)
{
	const char *package = PICK(packages, rng);
	int major = (int)rng_between(rng, 1, 19);

	change->title = pool_text(&world->pool, "Update dependency %s to v%d.%d.%d", package, major,
				  (int)rng_below(rng, 12), (int)rng_below(rng, 8));
	change->branch = pool_text(&world->pool, "renovate/%s-%d.x", package, major);
}

void demo_name(struct world *world, struct change *change, struct rng *rng)
{
	const char *verb = PICK(verbs, rng), *object = PICK(objects, rng), *tail = PICK(tails, rng);

	if (change->author == demo_robot(world)) {
		name_update(world, change, rng);
		return;
	}
	change->title = rng_chance(rng, 300) ? pool_text(&world->pool, "%s %s %s", verb, object, tail)
					     : pool_text(&world->pool, "%s %s", verb, object);
	change->branch = branch_of(world, people[change->author - world->people].slug, change->title);
}
