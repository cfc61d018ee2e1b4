/* Where a redirect leads, for somebody who has credentials for one place only. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* The whole URL that location, as a header of the answer for from, stands for. The query of from is kept
 * where location has none. Heap. NULL: it is at another scheme, host or port, or no URL, or out of memory. */
char *http_redirect_within(const char *from, const char *location);
