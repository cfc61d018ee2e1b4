/* By which names a page without login may be reached: a stranger's page could let its own name lead to
 * 127.0.0.1, and read ours from the visitor's browser (DNS rebinding). An address, localhost, and names
 * without a dot can't be made to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* host: the Host header, with its port; NULL: none. */
bool host_is_ours(const char *host, const struct config_list *names);
