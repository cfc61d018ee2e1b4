/* Who may read: the Host header against rebound names, sessions, a proxy's header, a password with each
 * request. There is nothing here that a login could change. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/http/session.h"

#include <microhttpd.h>
#include <pthread.h>

struct request;

enum { GUARD_KNOWN = 16, GUARD_PEERS = 64, GUARD_TRIES = 10 };

/* A password that fitted lately, as a hash with the session key: scripts send it with each request. */
struct known_login {
	unsigned char digest[32];
	int64_t until_ms;
};

/* How often somebody was wrong in a minute. */
struct peer_tries {
	int64_t since_ms;
	int tries;
};

struct guard {
	const struct store_config *config;
	struct session_key key;
	pthread_mutex_t lock;    /* of what is below */
	pthread_mutex_t hashing; /* one password at a time: each takes memory and a core */
	struct known_login known[GUARD_KNOWN];
	int next_known;
	struct peer_tries peers[GUARD_PEERS];
};

enum status guard_init(struct guard *guard, const struct store_config *config, const char *state_dir,
		       struct err *err) MUST_CHECK;
void guard_fini(struct guard *guard);

/* True: the request goes on. False: *result is the answer that it got. */
bool guard_admits(struct guard *guard, struct request *request, enum MHD_Result *result);

/* Who came in by the form; NULL: nobody did. */
const char *guard_user(const struct guard *guard, const struct request *request);

enum guard_word { GUARD_FITS, GUARD_WRONG, GUARD_OFTEN, GUARD_BUSY };
/* Of this name; blocks for the hash. OFTEN: too many wrong ones came from there; BUSY: too many come at a
 * time. */
enum guard_word guard_check(struct guard *guard, const struct request *request, const char *user,
			    const char *password);
/* The answer to OFTEN and BUSY. */
enum MHD_Result guard_refuse(const struct request *request, enum guard_word word);
