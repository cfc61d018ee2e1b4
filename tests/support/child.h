/* A real process of the build under test. Its stderr is read by a thread, so that it never blocks and a test
 * can wait for an event without polling. Whatever a sanitizer reports in a child fails the test. A child dies
 * with its test. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/place.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child;

struct launch {
	const struct place *place;
	const char *program;     /* in the build's bin/, or an absolute path */
	const char *const *args; /* after the program's name, ends with NULL */
	const char *const *env;  /* "NAME=value" beside the test's own; NULL: none */
	int64_t file_size_max;   /* RLIMIT_FSIZE; 0: none */
	uid_t uid;               /* runs as this user; 0: the test's own */
	int host;                /* runs in this network namespace; 0: the test's own */
	bool no_ready;           /* it knows no --ready-fd */
	const char *stdout_path; /* NULL: /dev/null */
};
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Starts it; does not wait. */
struct child *child_start(const struct launch *launch);
/* Waits until it says ready; fails when it ends instead. What it wrote to the ready descriptor before the
 * newline is child_greeting. */
#define child_ready(child) child_ready_at(HERE, child)
void child_ready_at(struct spot spot, struct child *child);
const char *child_greeting(const struct child *child);

/* Waits for the next event of that name whose field has that value (field NULL: any) and returns its line,
 * which lives until the next wait. Lines before it are passed over. */
#define child_event(child, event, field, value) child_event_at(HERE, child, event, field, value)
const char *child_event_at(struct spot spot, struct child *child, const char *event, const char *field,
			   const char *value);
/* Waits until it said text, anywhere in what it said from its first line on. */
#define child_says(child, text) child_says_at(HERE, child, text)
void child_says_at(struct spot spot, struct child *child, const char *text);
/* Passes over what it said until now. */
void child_skip(struct child *child);
/* From its first line on. False: it did not say so until now. */
bool child_said(struct child *child, const char *text);
/* How often. */
int child_count(struct child *child, const char *text);
/* All of it, heap. */
char *child_text(struct child *child);

pid_t child_pid(const struct child *child);
void child_signal(struct child *child, int number);
/* Waits for its end. Exit code, or minus the number of the signal. */
#define child_end(child) child_end_at(HERE, child)
int child_end_at(struct spot spot, struct child *child);
bool child_ended(struct child *child);
/* kill -9, and waits. */
void child_kill(struct child *child);
/* SIGTERM; fails unless it exits 0. */
#define child_stop(child) child_stop_at(HERE, child)
void child_stop_at(struct spot spot, struct child *child);
/* From now on child_free fails for a child that wrote text to stderr. Kept, not copied. */
void children_keep_secret(const char *text);
/* Kills it if it still runs. Fails when a sanitizer reported something or a secret was told. */
#define child_free(child) child_free_at(HERE, child)
void child_free_at(struct spot spot, struct child **child);

/* Prints the last lines of every child: of a test that fails. */
void children_tell(void);
