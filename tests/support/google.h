/* Google's Firestore emulator, and the auth emulator of npm's firebase-tools: started once for all tests of
 * an executable. Each test takes a Firebase project of its own.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/place.h"

#include <stdbool.h>

#define GOOGLE_EMAIL    "metrics@example.com"
#define GOOGLE_PASSWORD "s3cret-pass-c0ffee"
#define GOOGLE_KEY      "AIzaEmulat0r-key"

/* With the rules of tests/fakes/firebase/strict.rules and one user. Called by tests/pipeline/google_hooks.c,
 * which such an executable has among its sources. */
void google_start(void);
void google_stop(void);

/* Skip the test with the reason where they are not to be had. */
void need_firestore(void);
void need_auth(void);
/* HOST:PORT. */
const char *firestore_host(void);
const char *auth_host(void);
/* What npm installed; need_auth first. */
const char *node_modules(void);

/* A document of a project by its path, `build/web_17`, with all rights; JSON, heap; NULL: there is none. */
char *firestore_document(const char *project, const char *path);
void firestore_put(const char *project, const char *path, const char *fields);
/* Sends a request with all rights; ' in json stands for ". Fails unless it is answered with 2xx. */
char *auth_ask(struct spot spot, const char *method, const char *path, const char *json);
