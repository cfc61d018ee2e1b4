/* The sink engine between a hand-written hub and a sink that does as the test says. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/engine.h"
#include "tests/pipeline/fake_hub.h"

#define WRITES_MAX 30000

struct write {
	int64_t number, version, seq;
};

/* What the sink does with a record. */
extern struct plan {
	int64_t poison; /* number that spoils every batch that it is in */
	int64_t retry;  /* number that is always told to try again */
	int64_t reject; /* number that is rejected by name */
	int64_t wait;   /* number that must wait for so long … */
	int64_t wait_ms;
	int64_t wait_to; /* … until this time (now_ms), set at its first try */
	bool down;       /* everything fails */
	bool keep;       /* batches are kept until `release` */
	bool one_version;
	size_t batch, concurrency;
} plan;

extern struct run {
	zloop_t *loop;
	struct fake_hub *hub;
	struct engine engine;
	struct bus_config bus;
	struct sink sink;
	int64_t retry_for_ms;
	bool ended;
	enum status status;
	struct err err;
	struct write writes[WRITES_MAX]; /* confirmed, in order */
	size_t write_count, batches, most_flying;
	struct sink_batch *kept[16];
	size_t kept_count;
	char note[64];
	size_t currents;    /* how often it was told that all up to the head is confirmed */
	int64_t current_at; /* writes that were confirmed then */
	int64_t wanted;
} run;

void start(void);
void stop(void);
/* Judges the batches that were kept. */
void release(void);

bool until(bool (*done)(void *));
bool is_position(void *arg);
bool is_written(void *arg);
bool has_ended(void *arg);
void wait_position(int64_t seq);
void wait_written(int64_t count);
void wait_kept(int64_t batches);
/* Versions of a number were confirmed in rising order, each once. */
void expect_order(void);
