/* What is said, as templates: once plain, for notifications, and once with links. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/page.h"

/* Adds the template to the page's text and to a new section. `{…}` in it:
 *   place   acme/web main         first   #17, the first that failed    last  the newest that did
 *   fixed   #20, which ended it   this    the build of a reply          by    its author, with " by "
 *   more    " and 2 more"         outage  2 h 10 min, from its first failure to its end
 *   so_far  the same until now    took    how long the last one ran     usual  p90 of those before
 *   waited  from then until it started   still   " is" or " and 4 more are", of all that are told together */
void page_say(struct page *page, const struct alert_shown *alert, const char *template);
