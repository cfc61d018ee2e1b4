/* One sentence is said once, until the target works again. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/refusals.h"

#include <criterion/criterion.h>

Test(refusals, say_a_sentence_once)
{
	struct refusals refusals = {0};

	cr_expect(refusals_add(&refusals, "acme/web", "no pipeline web"));
	cr_expect_not(refusals_add(&refusals, "acme/web", "no pipeline web"));
	cr_expect(refusals_add(&refusals, "acme/api", "no scope"));
	cr_expect_not(refusals_add(&refusals, "acme/docs", "no scope"), "another target said so");
	cr_expect(refusals.count == 3);
	cr_expect(refusals_add(&refusals, "acme/web", "no access"), "another sentence of the same target");
	cr_expect(refusals.count == 3);
	refusals_fini(&refusals);
}

Test(refusals, end_when_the_target_works)
{
	struct refusals refusals = {0};

	cr_expect_not(refusals_end(&refusals, "acme/web"));
	cr_expect(refusals_add(&refusals, "acme/web", "no pipeline web"));
	cr_expect(refusals_end(&refusals, "acme/web"));
	cr_expect_not(refusals_end(&refusals, "acme/web"));
	cr_expect(refusals_add(&refusals, "acme/web", "no pipeline web"), "and may begin again");
	refusals_fini(&refusals);
}
