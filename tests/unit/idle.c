/* When is a pipeline idle? Statuses as the hub tells them. */
/* SPDX-License-Identifier: MIT */
#include "compose/idle.h"

#include <criterion/criterion.h>
#include <string.h>

static yyjson_mut_doc *status_with(const char *targets, const char *sinks)
{
	char json[1024];
	yyjson_doc *doc;
	yyjson_mut_doc *status;

	snprintf(json, sizeof json, "{\"uptime_ms\": 5000, \"targets\": [%s], \"sinks\": [%s]}", targets,
		 sinks);
	doc = yyjson_read(json, strlen(json), 0);
	cr_assert(doc, "%s", json);
	status = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	return status;
}

static bool idle_with(const char *targets, const char *sinks, size_t wanted)
{
	yyjson_mut_doc *status = status_with(targets, sinks);
	bool yes = is_idle(yyjson_mut_doc_get_root(status), wanted);

	yyjson_mut_doc_free(status);
	return yes;
}

#define VISITED "{\"visited_ms_ago\": 300, \"due_in_ms\": 700, \"lease\": null}"
#define DONE    "{\"name\": \"store\", \"attached\": true, \"lag_records\": 0}"

Test(idle, when_all_is_visited_and_confirmed)
{
	cr_assert(idle_with(VISITED "," VISITED, DONE, 1));
}

Test(idle, not_before_there_is_a_target)
{
	cr_assert_not(idle_with("", DONE, 1));
}

Test(idle, not_while_a_target_was_never_visited)
{
	cr_assert_not(idle_with(VISITED ", {\"visited_ms_ago\": null, \"due_in_ms\": 100, \"lease\": null}",
				DONE, 1));
}

Test(idle, not_by_a_visit_before_the_hub_started)
{
	cr_assert_not(idle_with("{\"visited_ms_ago\": 6000, \"due_in_ms\": 700, \"lease\": null}", DONE, 1));
}

Test(idle, not_while_a_visit_lasts)
{
	cr_assert_not(idle_with("{\"visited_ms_ago\": 10, \"due_in_ms\": 700, \"lease\": {\"fence\": 1}}",
				DONE, 1));
}

Test(idle, not_while_a_target_is_due)
{
	cr_assert_not(idle_with("{\"visited_ms_ago\": 10, \"due_in_ms\": -3, \"lease\": null}", DONE, 1));
}

Test(idle, not_while_a_sink_lags)
{
	cr_assert_not(idle_with(VISITED, "{\"name\": \"store\", \"attached\": true, \"lag_records\": 3}", 1));
}

Test(idle, not_before_every_sink_is_there)
{
	cr_assert_not(idle_with(VISITED, DONE, 2));
}

Test(idle, without_a_sink_of_earlier_days)
{
	cr_assert(
		idle_with(VISITED, DONE ", {\"name\": \"old\", \"attached\": false, \"lag_records\": 9}", 1));
}
