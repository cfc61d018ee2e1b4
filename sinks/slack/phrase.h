/* The pieces that messages are made of. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/slack/escape.h"

#define NAME_MAX_CHARACTERS 80

/* `acme/web main`; bold: for blocks, with a link to the build. */
void phrase_place(struct words *words, const struct build *build);
void phrase_place_link(struct words *words, const struct build *build);
/* `#17`. */
void phrase_number(struct words *words, const struct build *build);
void phrase_number_link(struct words *words, const struct build *build);
/* `2 h 10 min`. */
void phrase_duration(struct words *words, int64_t ms);
/* ` by Ann Lee`, or nothing. */
void phrase_author(struct words *words, const struct build *build);
/* In the time zone of whoever reads. */
void phrase_time(struct words *words, int64_t at_ms);
/* `17 and 2 more`. */
void phrase_more(struct words *words, int64_t count);
/* `4f2a91c fix the parser`; without commit and message nothing. */
void phrase_commit(struct words *words, const struct build *build);
/* A line a job that failed; all: how many failed. */
void phrase_jobs(struct words *words, const struct build *build, int64_t all);
