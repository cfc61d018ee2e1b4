/* Replays: what a sink gets once more, beside the live flow (docs/protocol.md section 3). What is in progress
 * is a row of `replay`; here is what the next step needs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/hub.h"

/* A frame of the raw archive, unpacked. */
struct archive_frame {
	char *bytes;
	size_t size, capacity, at;
	int64_t seq; /* of its last record; 0: none is held */
};
struct archived {
	int64_t seq; /* of the last record that was made of it */
	struct text target, envelope;
};
/* archive_read.c. Loads the first frame after that seq, up to another; none: frame->seq is 0. ERR_DATA: it
 * can't be read, frame->seq says which. */
enum status archive_frame_load(struct archive_frame *frame, struct db *db, int64_t after, int64_t until,
			       struct err *err) MUST_CHECK;
/* False: that was all. */
bool archive_frame_next(struct archive_frame *frame, struct archived *out);
void archive_frame_fini(struct archive_frame *frame);

struct replay {
	char *sink;
	int64_t since, until; /* seqs, both inclusive */
	int64_t at;           /* so far it has come */
	int64_t raw_at;       /* in the archive; INT_NULL: not made anew, or that is over */
	int64_t letter;       /* the last dead letter that was tried; INT64_MAX: all were */
	int64_t sent, made, unread;
	int64_t began_at, ended_at; /* wall clock; ended_at INT_NULL: it goes on */
	/* A step is as large as takes the sink hardly longer than a small one. */
	int64_t step, wait_for; /* the seq that the sink must confirm before the next one */
	int64_t stepped_us, quickest_us;
	struct archive_frame frame;
};

/* Reads them from the database. */
enum status replay_load(struct hub *hub, struct err *err) MUST_CHECK;
void replay_fini(struct hub *hub);
/* The next steps, where sinks are ready for them. */
void replay_turn(struct hub *hub);
/* NULL: there is none to that sink. */
struct replay *replay_of(struct hub *hub, struct text sink);
/* A map, for status and the command. */
void replay_put(struct hub *hub, struct wire_head *head, const struct replay *replay);
struct request;
void on_replay(struct request *request);

/* renew.c: makes records anew of the raw archive for about a millisecond, at most replay->step of them. */
enum status renew_step(struct hub *hub, struct replay *replay, struct err *err) MUST_CHECK;
/* retry.c: tries one dead letter; *fresh: there is a new record. */
enum status letter_retry(struct hub *hub, int64_t number, bool *fresh, struct err *err) MUST_CHECK;
