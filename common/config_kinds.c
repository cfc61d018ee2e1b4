/* Adding a provider or a destination: its line here, and its rows in compose/validate.c. */
/* SPDX-License-Identifier: MIT */
#include "common/config_kinds.h"

const struct config_kind config_kinds[] = {
	{SECTION_SOURCE, "buildkite", true},
	{SECTION_SOURCE, "circleci", true},
	{SECTION_DESTINATION, "store", true},
	{SECTION_DESTINATION, "firestore", true},
	{SECTION_DESTINATION, "bigquery", true},
	{SECTION_DESTINATION, "slack", true},
	{0},
};
