/* SPDX-License-Identifier: MIT */
#include "common/metrics_private.h"

#include <stdio.h>

static struct {
	bool started, unwell;
	char sentence[512];
} health;

void metrics_health(bool ok, const char *sentence)
{
	health.unwell = !ok;
	snprintf(health.sentence, sizeof health.sentence, "%s", sentence ? sentence : "unwell");
}

void metrics_started(void)
{
	health.started = true;
}

/* A failure while starting is said at once. */
bool metrics_is_healthy(const char **sentence)
{
	*sentence = health.unwell ? health.sentence : health.started ? "ok" : "starting";
	return health.started && !health.unwell;
}
