/* A TCP socket that listens, from "ADDR:PORT". */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_ADDRESS_SIZE = 1041 }; /* NI_MAXHOST, brackets, colon, port */

/* ":9100": everywhere, "[::1]:9100", port 0: any. *fd: not blocking. ERR_CONFIG: `what` names the flag or key
 * in its sentence. */
enum status listen_open(const char *address, const char *what, int backlog, int *fd,
			struct err *err) MUST_CHECK;
/* Whether listen_open could take it, without asking anybody: for configurations. */
enum status listen_check(const char *address, struct err *err) MUST_CHECK;
/* The port of which text's first size bytes are the digits; -1: it is none. */
int port_read(const char *text, size_t size);
/* Where it listens: "127.0.0.1:9100", with the port that it got. */
void listen_address(int fd, char out[static LISTEN_ADDRESS_SIZE]);
/* Nobody but this machine reaches it. */
bool listen_is_loopback(int fd);
