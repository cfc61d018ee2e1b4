/* The `store:` section of `destinations:`. The rows stand alone, so that `buildbus validate` reads them too.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct store_config {
	char *listen; /* ADDR:PORT of the web page; NULL: none, and nothing below counts */
	struct config_list hosts;
	struct config_map users; /* name to hash (sinks/store/http/password.h) */
	char *header_name;
	struct config_list header_from; /* addresses */
	char *certificate, *key;        /* PEM files */
	bool insecure;
};

extern const struct config_row store_config_rows[];

/* What rows can't say: which keys belong together, and that nobody listens off this machine by mistake. */
enum status store_config_check(const void *config, const struct config *file, struct err *err) MUST_CHECK;
/* Listening for others than this machine is allowed. */
enum status store_config_refuse(const struct store_config *config, struct err *err);
bool store_config_is_open(const struct store_config *config);
/* Whoever comes must say who they are. */
bool store_config_has_login(const struct store_config *config);
