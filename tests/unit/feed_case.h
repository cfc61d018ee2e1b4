/* A reader that counts what its feed_client tells, and its hand-written hub. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/feed_client.h"
#include "tests/pipeline/fake_hub.h"

extern struct reader {
	zloop_t *loop;
	struct fake_hub *hub;
	struct feed_client *feed;
	int64_t credit; /* granted at each attach */
	int64_t seqs[1000], last, position, wanted;
	size_t attached, count, rejected, noted, waited, failed, detached;
	char note[64], why[128], failure[512];
} reader;

/* bound: the hub is there from the start. */
void start(bool bound);
void stop(void);

bool until(bool (*done)(void *));
/* As often as reader.wanted says; 0: once. */
bool is_attached(void *arg);
bool has_waited(void *arg);
/* Fail unless it comes: so many times, records in all, the hub's position. */
void wait_attached(int64_t times);
void wait_records(int64_t count);
void wait_position(int64_t seq);
