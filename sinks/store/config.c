/* SPDX-License-Identifier: MIT */
#include "sinks/store/config.h"

const struct config_row store_config_rows[] = {
	{
		.key = "listen",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct store_config, listen),
		.help = "ADDR:PORT of the web page and its API; port 0: any that is free",
	},
	CONFIG_END,
};
