/* application/x-www-form-urlencoded. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* The decoded value of the first field of that name; heap; NULL: there is none, or a zero byte in it. */
char *form_value(const char *body, const char *name);
