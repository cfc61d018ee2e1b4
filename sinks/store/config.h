/* The `store:` section of `destinations:`. The rows stand alone, so that `buildbus validate` reads them too.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct store_config {
	char *listen; /* ADDR:PORT of the web page; NULL: none */
};

extern const struct config_row store_config_rows[];
