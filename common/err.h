/* What went wrong: a status that says what the caller must decide, and a sentence for a person. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdarg.h>

enum status {
	OK = 0,
	ERR_AGAIN,  /* nothing is wrong: try again later (would block, busy, rate limited) */
	ERR_REMOTE, /* the other side failed: retry with back-off */
	ERR_DATA,   /* these bytes can't be used: set them aside with the reason, go on */
	ERR_CONFIG, /* an operator must act: exit 100 */
	ERR_SYS,    /* this machine failed (disk, memory, sockets): exit 111, a restart may help */
};

struct err {
	enum status status;
	char text[512]; /* what, where, what to do; never a secret */
};

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Fills err (NULL is allowed) and returns status, so that a failure is one line: return err_set(...). */
enum status err_set(struct err *err, enum status status, const char *format, ...) PRINTF(3, 4);
/* The same with ": <strerror(errno)>" at the end, always ERR_SYS. */
enum status err_sys(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Puts "<prefix>: " before the sentence that is there; returns err->status. */
enum status err_prefix(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Adds to the end of the sentence: what to do. Returns err->status. */
enum status err_append(struct err *err, const char *format, ...) PRINTF(2, 3);

/* What malloc gave; out of memory ends the process, where going on would be worse. */
void *must_have(void *memory);

/* Exit code of a daemon for the status that ended it (docs/architecture.md): OK 0, ERR_CONFIG 100, others
 * 111.
 */
int err_exit_code(enum status status);
