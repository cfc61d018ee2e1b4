/* Before the first and after the last test of an executable that needs Google's emulators. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/google.h"

#include <criterion/hooks.h>

ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
	(void)set;
	google_start();
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	(void)stats;
	google_stop();
}
