/* A transaction that fails takes nothing with it that anybody believes. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

#include <sys/resource.h>

static void open_hub(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(rollback, .timeout = 120, .init = open_hub, .fini = trio_close);

/* A limit on the size of files is the nearest thing to a full disk that a test can set and lift. */
static void disk(bool full)
{
	struct rlimit limit = {full ? 4096 : RLIM_INFINITY, RLIM_INFINITY};

	cr_assert_eq(prlimit(child_pid(hub->child), RLIMIT_FSIZE, &limit, NULL), 0);
}

Test(rollback, the_holder_hears_of_an_ack_whose_commit_failed)
{
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] nil [$epoch 0]");
	say(sink, "credit $session 10");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	hear(sink, "records $session 1 1 [1]");
	disk(true);
	say(sink, "ack $session [$epoch 1] nil");
	hear(sink, "error 'full' 1000 ...");
	cr_assert_eq(hub_sql(hub, "SELECT position FROM sink"), 0);
	disk(false);
	say(sink, "ack $session [$epoch 1] nil");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	cr_assert_eq(hub_sql(hub, "SELECT position FROM sink"), 1);
}
