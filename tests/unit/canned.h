/* An HTTP server on loopback that says exactly the bytes a test wants, and breaks off where it wants. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Answers one request on fd, which was read whole into request. False: close the connection after it. Runs in
 * a thread for each connection. */
typedef bool canned_answer(int fd, const char *request, size_t size);

struct canned {
	int listener;
	int port;
	canned_answer *answer;
	pthread_t thread;
	atomic_int connections, requests;
};

void canned_start(struct canned *canned, canned_answer *answer);
/* All connections must have ended, or end now. */
void canned_stop(struct canned *canned);

/* For answers. */
bool say(int fd, const char *text);
bool say_bytes(int fd, const void *bytes, size_t size);
/* Ends the connection with RST instead of FIN. Returns false. */
bool reset_connection(int fd);
