/* docs/config.md says exactly what the rows say: each key with its type, its default and its help, in the
 * rows' order. When this fails, the table that belongs there stands in the message. */
/* SPDX-License-Identifier: MIT */
#include "common/config_kinds.h"
#include "common/config_value.h"
#include "fetchers/buildkite/config.h"
#include "fetchers/circleci/config.h"
#include "sinks/bigquery/config.h"
#include "sinks/firestore/config.h"
#include "sinks/slack/config.h"
#include "sinks/store/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char page[256 * 1024];

static void open_page(void)
{
	FILE *file = fopen(SOURCE_DIR "/docs/config.md", "r");

	cr_assert_not_null(file);
	page[fread(page, 1, sizeof page - 1, file)] = '\0';
	cr_assert(fclose(file) == 0);
}

TestSuite(config_docs, .init = open_page);

static void type_text(const struct config_row *row, char *out, size_t size)
{
	char range[80];
	size_t used = (size_t)snprintf(out, size, "%s", config_type_name(row->type));

	config_range_text(row, range, sizeof range);
	if (*range) {
		used += (size_t)snprintf(out + used, size - used, ", %s", range);
	}
	for (int i = 0; row->choices && row->choices[i]; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s`%s`", i ? ", " : ": ", row->choices[i]);
	}
}

/* The lines of the table under `<!-- rows: NAME -->`. */
static void table_text(const struct config_row *row, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "\n| key | type | default | |\n|---|---|---|---|\n");

	for (; row->key; row++) {
		char type[256], fallback[128] = "";

		type_text(row, type, sizeof type);
		if (row->required) {
			snprintf(fallback, sizeof fallback, "**required**");
		} else if (row->fallback) {
			snprintf(fallback, sizeof fallback, "`%s`", row->fallback);
		}
		used += (size_t)snprintf(out + used, size - used, "| `%s`%s%s%s | %s | %s | %s |\n", row->key,
					 row->alias ? ", `" : "", row->alias ? row->alias : "",
					 row->alias ? "`" : "", type, fallback, row->help);
		cr_assert(used < size);
	}
}

static void expect_table(const char *name, const struct config_row *rows)
{
	char mark[64], table[16384];
	const char *found;

	snprintf(mark, sizeof mark, "<!-- rows: %s -->\n", name);
	table_text(rows, table, sizeof table);
	found = strstr(page, mark);
	cr_assert_not_null(found, "docs/config.md has no %s", mark);
	found += strlen(mark);
	cr_expect(strncmp(found, table, strlen(table)) == 0 && found[strlen(table)] == '\n',
		  "docs/config.md, below %sbelongs:%s", mark, table);
}

Test(config_docs, lists_the_keys_of_the_bus)
{
	expect_table("bus", bus_config_rows);
}

Test(config_docs, lists_the_keys_of_buildkite)
{
	expect_table("buildkite", buildkite_config_rows);
}

Test(config_docs, lists_the_keys_of_circleci)
{
	expect_table("circleci", circleci_config_rows);
}

Test(config_docs, lists_the_keys_of_bigquery)
{
	expect_table("bigquery", bigquery_config_rows);
}

Test(config_docs, lists_the_keys_of_firestore)
{
	expect_table("firestore", firestore_config_rows);
}

Test(config_docs, lists_the_keys_of_the_store)
{
	expect_table("store", store_config_rows);
}

Test(config_docs, lists_the_keys_of_slack)
{
	expect_table("slack", slack_config_rows);
}

Test(config_docs, lists_the_keys_of_a_rule_of_slack)
{
	expect_table("slack.rules", slack_rule_rows);
}

Test(config_docs, has_a_table_for_each_kind_with_a_process_and_no_other)
{
	size_t kinds = 2 /* bus, slack.rules */, tables = 0;

	for (const struct config_kind *kind = config_kinds; kind->kind; kind++) {
		char mark[64];

		snprintf(mark, sizeof mark, "<!-- rows: %s -->\n", kind->kind);
		cr_expect(!strstr(page, mark) == !kind->available, "%s", kind->kind);
		kinds += kind->available;
	}
	for (const char *at = page; (at = strstr(at, "<!-- rows: ")); at++) {
		tables++;
	}
	cr_expect(tables == kinds);
}
