/* Who visits which target, what the visit asks for, and when the next is due. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct hub;

struct lease {
	int64_t fence, last, since_ms; /* since: wall clock, for people */
	int64_t alive_ms;              /* monotonic: last sign of its holder */
	int64_t moved_ms;              /* passed_ms(): its last publish, or its grant */
	int64_t fresh;                 /* records that changed since this hub began */
	char *target, *worker, *source, *provider;
};

/* lease.c */

/* Reads them anew. Those that were there keep their last sign of life, others get a full ttl. */
enum status lease_load(struct hub *hub, struct err *err) MUST_CHECK;
/* Whoever holds one is refused by its fence. */
enum status lease_end_all(struct hub *hub, struct err *err) MUST_CHECK;
struct lease *lease_of(struct hub *hub, int64_t fence);
/* Gives the most overdue target of provider to worker. *lease NULL: none is due, *retry_ms says when one may
 * be. *cursor is a copy in hub->arena. */
enum status lease_grant(struct hub *hub, struct text provider, struct text worker, struct lease **lease,
			struct text *cursor, int64_t *retry_ms, struct err *err) MUST_CHECK;
/* What a worker says at the end of a visit. */
struct ending {
	int64_t next_due_ms;
	struct text why; /* it failed, for people; at NULL: it did not */
	bool settled;    /* nothing is left to read but what will be new */
};
/* Ends it: when the target is due again is the matter of due.c. */
enum status lease_end(struct hub *hub, struct lease *lease, const struct ending *ending,
		      struct err *err) MUST_CHECK;
/* Ends those whose holder is silent. Sockets must have been drained. */
void lease_expire(struct hub *hub);
void lease_forget_all(struct hub *hub);

/* due.c */

/* What the end of a visit leaves in the target's row; INT_NULL: null. */
struct due {
	int64_t at, news_at, settled_from, net_at;
};
enum status due_after(struct hub *hub, const struct lease *lease, const struct ending *ending,
		      struct due *due, struct err *err) MUST_CHECK;

/* due_keys.c */

/* Puts the keys of the builds that are to be asked for by the visit, and won't be due again before that is
 * over. */
enum status due_keys_put(struct hub *hub, struct wire_head *head, const struct lease *lease,
			 struct err *err) MUST_CHECK;

/* sorted.c: the newest version of each build, once more, in the order of their ends. */

enum status sort_by_finish(struct hub *hub, struct err *err) MUST_CHECK;

/* live.c */

bool live_is(const char *target);
/* Under its lease a build's key is `<last part of the slug>#<key>`: finds the target that the build belongs
 * to (in hub->arena) and cuts the key to what it is there. ERR_DATA: it isn't of that form. */
enum status live_route(struct hub *hub, const struct lease *lease, struct text *key, struct text *target,
		       struct err *err) MUST_CHECK;
/* That form, in hub->arena. */
struct text live_key(struct hub *hub, struct text target, struct text key);
/* Whether builds of target are wanted: it is visited, or a discovery may find it yet. The latter: hurry is
 * the discovery's name, else at NULL. */
enum status live_follows(struct hub *hub, const struct lease *lease, struct text target, bool *yes,
			 struct text *hurry, struct err *err) MUST_CHECK;
/* Whether nobody has visited the walk for so long that it should not read all of that, but begin anew: the
 * others are due by now, and read it. */
enum status live_anew(struct hub *hub, const struct lease *lease, bool *anew, struct err *err) MUST_CHECK;
/* After a visit that left no gap: the other targets of the source that were whole since are due later. */
enum status live_relieve(struct hub *hub, const struct lease *lease, const struct due *due,
			 struct err *err) MUST_CHECK;
