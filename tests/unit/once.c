/* One sentence is said once, until the target works again. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/once.h"

#include <criterion/criterion.h>

Test(once, a_sentence_is_said_once)
{
	struct once once = {0};

	cr_expect(once_say(&once, "acme/web", "no pipeline web"));
	cr_expect_not(once_say(&once, "acme/web", "no pipeline web"));
	cr_expect(once_say(&once, "acme/api", "no scope"));
	cr_expect_not(once_say(&once, "acme/docs", "no scope"), "another target said so");
	cr_expect(once.count == 3);
	cr_expect(once_say(&once, "acme/web", "no access"), "another sentence of the same target");
	cr_expect(once.count == 3);
	once_fini(&once);
}

Test(once, and_again_when_it_was_over)
{
	struct once once = {0};

	cr_expect_not(once_end(&once, "acme/web"));
	cr_expect(once_say(&once, "acme/web", "no pipeline web"));
	cr_expect(once_end(&once, "acme/web"));
	cr_expect_not(once_end(&once, "acme/web"));
	cr_expect(once_say(&once, "acme/web", "no pipeline web"), "and may begin again");
	once_fini(&once);
}
