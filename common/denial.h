/* What a process says and counts when the hub does not let it in: once for each reason, until it is let in.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

struct denial {
	char told[256]; /* "": it is let in, as far as we know */
};

void denial_tell(struct denial *denial, const char *why);
void denial_over(struct denial *denial);
