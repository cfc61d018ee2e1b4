/* What the hub keeps for this sink: the load job that was announced last, so that after a crash exactly its
 * range is finished or found done; and what was spent of the day's load jobs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"
#include "sinks/bigquery/pace.h"

#include <stdint.h>

#define NOTE_MAX   256
#define JOB_ID_MAX 64

struct note {
	int64_t epoch, first, last; /* seqs, inclusive; epoch 0: none is announced */
	int64_t try;                /* of this range, from 0: a job that failed can't be run again */
	char table[32];             /* its creation time there, ms; "": none yet */
	struct pace pace;
};

/* Returns the length. */
size_t note_write(const struct note *note, char out[static NOTE_MAX]);
/* Anything that isn't one is none: all zero. */
void note_read(struct text bytes, struct note *note);
/* The same job for the same rows of the same table, another one for anything else. table: project.dataset.
 * name. */
void note_job(const struct note *note, const char *table, char out[static JOB_ID_MAX]);
