/* From an envelope to the log and the latest states. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct hub;
struct lease;

/* intake.c, records.c */

enum change { CHANGE_NEW, CHANGE_NONE, CHANGE_STALE };
struct intake {
	int64_t fresh, unchanged, stale;
};
/* Takes one envelope of a publish into the open transaction. Unreadable ones become dead letters. Only a
 * failing database is an error. */
enum status intake_envelope(struct hub *hub, const struct lease *lease, struct text bytes,
			    struct intake *counts, struct err *err) MUST_CHECK;
/* The same for one that was kept, in hub->arena, as it came under such a lease. key: by which it is known, at
 * NULL: its own. */
enum status intake_kept(struct hub *hub, const struct lease *lease, struct text key, struct text bytes,
			struct intake *counts, struct err *err) MUST_CHECK;
struct build;
struct observation {
	struct text target, key;
	int64_t observed_at;
	int64_t poll_ms;    /* of the source: open builds aren't visited more often */
	const char *source; /* whose finished builds owe details; NULL: nobody asks for them */
	int64_t archived;   /* made anew from the raw archive, where its record had this seq; 0: it is new */
	bool derived;       /* not made of a raw record of the build */
};
/* Compares build with the latest state of its id and logs it if it is new. Sets version, may change id
 * (`~uid`). ERR_DATA: this build can't be kept; nothing was written. */
enum status record_apply(struct hub *hub, struct build *build, const struct observation *seen,
			 enum change *change, struct err *err) MUST_CHECK;
/* A state that was observed after this, as seen from one observed at observed_at, was dated by a clock that
 * ran ahead: it must not make everything stale until its time has come. Where this clock itself is behind, so
 * that both seem to lie ahead, only their order counts: INT64_MAX. */
int64_t record_trusted_to(int64_t observed_at);
/* Finishes the build whose latest record is at seq: the provider doesn't know it any more. */
enum status record_gone(struct hub *hub, int64_t seq, const struct observation *seen, enum change *change,
			struct err *err) MUST_CHECK;

/* The record at seq, which must be there; its texts live in hub->arena. */
enum status record_load(struct hub *hub, int64_t seq, struct build *build, struct err *err) MUST_CHECK;

/* identity.c */

#define FORMER_MAX 15
/* The ids that a build would have under the names that its pipeline had before. */
struct former {
	struct text ids[FORMER_MAX];
	size_t count;
};
/* For a build whose id is not there, or is another build's. Notes the name that its pipeline has now. */
enum status identity_former(struct hub *hub, const struct build *build, const struct observation *seen,
			    struct former *former, struct err *err) MUST_CHECK;

enum status dead_letter(struct hub *hub, const char *stage, struct text target, struct text key,
			const char *reason, struct text body, struct err *err) MUST_CHECK;
int64_t hub_poll_ms(const struct hub *hub, const char *source);
