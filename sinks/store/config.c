/* SPDX-License-Identifier: MIT */
#include "sinks/store/config.h"

const struct config_row store_config_rows[] = {
	{
		.key = "listen",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct store_config, listen),
		.later = "the web page is not part of this version yet",
		.help = "ADDR:PORT of the web page, which is not part of this version yet",
	},
	CONFIG_END,
};
