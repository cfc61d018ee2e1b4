/* What a test asks of the fake and tells it. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

size_t slack_add_channel(struct fake_slack *fake, const char *id, const char *name)
{
	struct slack_channel *channel = &fake->channels[fake->channel_count];

	cr_assert(fake->channel_count < sizeof fake->channels / sizeof *fake->channels);
	*channel = (struct slack_channel){.member = true};
	snprintf(channel->id, sizeof channel->id, "%s", id);
	snprintf(channel->name, sizeof channel->name, "%s", name);
	return fake->channel_count++;
}

void slack_add_user(struct fake_slack *fake, const char *id, const char *email)
{
	struct slack_user *user = &fake->users[fake->user_count++];

	cr_assert(fake->user_count < sizeof fake->users / sizeof *fake->users);
	snprintf(user->id, sizeof user->id, "%s", id);
	snprintf(user->email, sizeof user->email, "%s", email);
}

void slack_fail(struct fake_slack *fake, enum slack_verb verb, struct slack_failure failure)
{
	slack_lock(fake);
	fake->failures[verb] = failure;
	slack_unlock(fake);
}

int slack_asked(struct fake_slack *fake, enum slack_verb verb)
{
	int asked;

	slack_lock(fake);
	asked = fake->asked[verb];
	slack_unlock(fake);
	return asked;
}

void slack_mark(struct fake_slack *fake, const char *mark)
{
	slack_lock(fake);
	snprintf(fake->mark, sizeof fake->mark, "%s", mark);
	slack_unlock(fake);
}

static size_t count(struct fake_slack *fake, int kind)
{
	size_t found = 0;

	slack_lock(fake);
	for (size_t i = 0; i < fake->event_count; i++) {
		found += (int)fake->events[i].kind == kind;
	}
	slack_unlock(fake);
	return found;
}

size_t slack_posted(struct fake_slack *fake)
{
	return count(fake, SLACK_POSTED);
}

size_t slack_edited(struct fake_slack *fake)
{
	return count(fake, SLACK_EDITED);
}

void slack_hold(struct fake_slack *fake, enum slack_verb verb, enum slack_point point, int skip)
{
	slack_lock(fake);
	fake->hold.verb = verb;
	fake->hold.point = point;
	fake->hold.skip = skip;
	fake->hold.armed = true;
	fake->hold.holds = fake->hold.lose = false;
	slack_unlock(fake);
}

bool slack_holds(struct fake_slack *fake)
{
	bool holds;

	slack_lock(fake);
	holds = fake->hold.holds;
	slack_unlock(fake);
	return holds;
}

void slack_let_go(struct fake_slack *fake, bool lose)
{
	slack_lock(fake);
	fake->hold.armed = fake->hold.holds = false;
	fake->hold.lose = lose;
	pthread_cond_broadcast(&fake->changed);
	slack_unlock(fake);
}

bool slack_wait_at(struct fake_slack *fake, enum slack_verb verb, enum slack_point point)
{
	if (!fake->hold.armed || fake->hold.holds || fake->hold.verb != verb || fake->hold.point != point ||
	    fake->hold.skip-- > 0) {
		return true;
	}
	fake->hold.holds = true;
	while (fake->hold.holds) {
		pthread_cond_wait(&fake->changed, &fake->mutex);
	}
	return !fake->hold.lose;
}
