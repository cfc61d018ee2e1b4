/* The store sink with its page, behind a hand-written hub, and bytes to and from its port. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/pipeline/sink_run.h"

struct page {
	char address[64], base[80]; /* "127.0.0.1:4711", "http://127.0.0.1:4711" */
	int port;
};
extern struct page page;

/* Starts the sink with these options beside listen, in YAML; waits until it listens. */
void page_start(const char *options);
/* Stores builds number from..to, each of that version. */
void page_store(int64_t from, int64_t to, int64_t version);

/* A connection. */
struct wire_tap {
	int fd;
	char *text; /* what came so far, NUL-terminated; heap */
	size_t size;
	bool ended;
};
void tap_open(struct wire_tap *tap);
/* From that address of this machine, 127.…; NULL: any. */
void tap_open_from(struct wire_tap *tap, const char *from);
void tap_send(struct wire_tap *tap, const char *bytes, size_t size);
/* Reads while the hub runs, until text came; false: the connection ended, or it took too long. */
bool tap_until(struct wire_tap *tap, const char *text);
/* Until the other side ends it. */
bool tap_ends(struct wire_tap *tap);
void tap_close(struct wire_tap *tap);

/* Sends one request and returns all of the answer (heap); the request must ask for the connection's end. */
char *page_raw(const char *request);
char *page_raw_from(const char *from, const char *request);
/* Its status; 0: it was ended without an answer. */
int page_status(const char *request);
/* GET path with these headers ("A: b\r\n"); the whole answer, heap. */
char *page_get(const char *path, const char *headers);
#define expect_status(path, headers, code) expect_status_at(HERE, path, headers, code)
void expect_status_at(struct spot spot, const char *path, const char *headers, int code);
