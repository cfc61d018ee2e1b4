/* A private certificate authority, made for one test, and certificates for servers of it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/place.h"

struct authority;

/* Writes its certificate to folder/ca.pem: for SSL_CERT_FILE. */
struct authority *authority_new(const struct place *place);
void authority_free(struct authority **authority);
/* Writes folder/<name>.pem and folder/<name>.key for a server. names as in "IP:127.0.0.1,DNS:localhost". It
 * ends after that many days; below zero: it has ended. */
void authority_certify(struct authority *authority, const char *name, const char *names, int days);
