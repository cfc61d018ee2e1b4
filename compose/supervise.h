/* Keeps the processes of a fleet running, and ends them in order: fetchers, sinks, hub. All of it in
 * callbacks of the loop that it is given. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "compose/fleet.h"

struct supervisor {
	zloop_t *loop;
	struct fleet fleet;
	const struct relay_watch *watch; /* of the events of all processes; NULL: nobody */
	bool strict;                     /* the first refusal ends everything */
	bool hold_fetchers;              /* until supervisor_fetch */
	bool eager;                      /* the sinks have something to ask before the hub is ready */
	bool stopping;
	bool announced; /* everything was ready once */
	bool failed;    /* something was refused, or had to be killed */
	enum child_role
		draining; /* while stopping: the role that was asked to end; those after it are gone */
};

/* Starts the hub, once it is ready the sinks, and once these have spoken the fetchers. What dies is restarted
 * with back-off, unless an operator must act. */
void supervisor_start(struct supervisor *all);
/* Fetchers may start: whoever wants to see all that they bring is there. */
void supervisor_fetch(struct supervisor *all);
/* The others go on without this one. */
void supervisor_drop(struct supervisor *all, struct child *child);
/* Drains everything; what has not ended after 10 s is killed. Then the loop ends. Once is enough. */
void supervisor_stop(struct supervisor *all, const char *why);
/* Ends everything now; nothing that was acknowledged is lost by that. */
void supervisor_kill(struct supervisor *all, const char *why);
/* Passes a signal on to every process that runs. */
void supervisor_signal(struct supervisor *all, int number);
/* SIGCHLD came. */
void supervisor_reap(struct supervisor *all);
