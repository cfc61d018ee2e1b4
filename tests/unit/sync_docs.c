/* docs/sync.md: its YAML is YAML, its options are those of the command. */
/* SPDX-License-Identifier: MIT */
#include "common/config.h"
#include "compose/command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

static char *text;

static void read_text(void)
{
	FILE *file = fopen(SOURCE_DIR "/docs/sync.md", "re");
	size_t room = 0;

	cr_assert(file && getdelim(&text, &room, '\0', file) > 0);
	fclose(file);
}

static void free_text(void)
{
	free(text);
}

TestSuite(sync_docs, .init = read_text, .fini = free_text);

static const char fence[] = "```yaml\n";

/* The next snippet, from *at on; *at moves behind it. False: there is none. */
static bool next_snippet(const char **at, const char **start, size_t *size)
{
	const char *open = strstr(*at, fence), *close;

	if (!open) {
		return false;
	}
	*start = open + strlen(fence);
	close = strstr(*start, "```\n");
	cr_assert_not_null(close);
	*size = (size_t)(close - *start);
	*at = close + 4;
	return true;
}

Test(sync_docs, every_snippet_is_yaml)
{
	const char *at = text, *start;
	size_t size, count = 0;

	for (; next_snippet(&at, &start, &size); count++) {
		yaml_parser_t parser;
		yaml_document_t document;

		yaml_parser_initialize(&parser);
		yaml_parser_set_input_string(&parser, (const unsigned char *)start, size);
		cr_assert(yaml_parser_load(&parser, &document), "snippet %zu: line %zu: %s", count + 1,
			  parser.problem_mark.line + 1, parser.problem);
		cr_expect_eq(yaml_document_get_root_node(&document)->type, YAML_MAPPING_NODE);
		yaml_document_delete(&document);
		yaml_parser_delete(&parser);
	}
	cr_expect_eq(count, 6);
}

Test(sync_docs, the_configuration_can_be_read)
{
	char path[] = "/tmp/buildbus-sync-docs-XXXXXX";
	const char *at = text, *start;
	struct config config;
	struct err err = {0};
	size_t size;
	int fd = mkstemp(path);

	cr_assert(next_snippet(&at, &start, &size));
	cr_assert_eq(write(fd, start, size), (ssize_t)size);
	close(fd);
	cr_expect_eq(config_load(&config, path, &err), OK, "%s", err.text);
	cr_expect(config_count(&config, SECTION_SOURCE) == 1 &&
		  config_count(&config, SECTION_DESTINATION) == 1);
	config_fini(&config);
	unlink(path);
}

Test(sync_docs, every_option_is_there)
{
	char word[80];

	for (const struct option_row *row = sync_command.options; row->name; row++) {
		snprintf(word, sizeof word, "`--%s%s%s", row->name, row->value ? " " : "`",
			 row->value ? row->value : "");
		cr_expect(strstr(text, word), "%s", word);
	}
}
