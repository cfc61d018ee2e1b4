/* CURVE at the client's end of the bus: who this process is, and which hub it talks to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/certificate.h"
#include "common/config.h"

/* Zeroed: the bus is plain. */
struct curve {
	char *certificate; /* path of this process's secret certificate; NULL: plain */
	char *server_key;  /* of the hub, in Z85; NULL: that of `hub.cert` beside the certificate */
};

/* Copies what the configuration says. ERR_CONFIG: the files can't be used. */
enum status curve_init(struct curve *curve, const struct bus_config *bus, struct err *err) MUST_CHECK;
/* The hub's public key, which is read anew if it is that of a file. */
enum status curve_hub_key(const struct curve *curve, char key[static KEY_TEXT_SIZE],
			  struct err *err) MUST_CHECK;
void curve_fini(struct curve *curve);
/* Prepares a socket before it connects. Reads the files anew: whoever connects again after a refusal comes
 * with the certificate that lies there now. */
enum status curve_dress(const struct curve *curve, void *socket, struct err *err) MUST_CHECK;
/* Where a process that calls itself name finds its certificate: bus.curve.certificate, or
 * NAME.cert_secret in it when that is a folder. heap; NULL: no memory. */
char *curve_certificate_path(const struct bus_config *bus, const char *name);
