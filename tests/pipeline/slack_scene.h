/* A scene: what happens, and what the channel shows then, line by line.
 *
 *   09:05      web 17 a1 failed by=ann        a build (slack_run.h), finished at 09:05 on Monday
 *   #builds 1: :red_circle: …                 what the fake Slack shows because of it (slack_conversation)
 *   tue 10:00  wait                           only time passes
 *   10:00      and web2 3 a1 failed           as before, without waiting for the line before to be seen
 *   10:00      restart                        kill -9, and a new one
 *   10:00      hub dies | hub returns         what comes meanwhile comes when it returns
 *   10:00      slack fails | slack works      it answers 503
 *
 * Days are mon to sun, and mon2 a week later. At the end a pipeline `end` breaks: what the scene does not
 * show until then was not said. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/pipeline/slack_run.h"

struct scene_script {
	const char *rules;  /* YAML: items of `rules:`; NULL: none */
	const char *config; /* ", storm: 3" */
	const char *script;
};

/* Starts the sink, plays, compares. The sink still runs then. */
#define play(...) play_at(HERE, (struct scene_script){__VA_ARGS__})
void play_at(struct spot spot, struct scene_script script);
