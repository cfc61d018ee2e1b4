/* Text of others inside XML, as content or in a quoted attribute. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <stdio.h>

/* Escaped; what XML can't hold (control characters, bytes that are no UTF-8) becomes U+FFFD. */
void markup_put(FILE *out, struct text text);
