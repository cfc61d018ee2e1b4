/* Bytes to a document: YAML syntax, encoding and limits, before anybody looks at the content. */
/* SPDX-License-Identifier: MIT */
#include "common/config_doc.h"
#include "common/config_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct config_doc *doc;
	struct config_problems *problems;
	size_t visited;
};

/* libyaml says where its reader stopped by byte offset only. */
static void problem_encoding(struct config_problems *problems, const yaml_parser_t *parser, const char *text,
			     size_t size)
{
	size_t offset = parser->problem_offset < size ? parser->problem_offset : size;
	int line = 1;

	for (size_t i = 0; i < offset; i++) {
		line += text[i] == '\n';
	}
	if (strstr(parser->problem, "control characters")) {
		problem_add(problems, line, NULL, "holds a control character; remove it");
	} else {
		problem_add(problems, line, NULL, "is not UTF-8 (%s); save it as UTF-8", parser->problem);
	}
}

/* The line's indentation holds a tab. */
static bool is_tabbed(const char *text, size_t size, size_t line)
{
	const char *end = text + size;

	for (; text && line > 0; line--) {
		text = memchr(text, '\n', (size_t)(end - text));
		text = text ? text + 1 : NULL;
	}
	while (text && text < end && *text == ' ') {
		text++;
	}
	return text && text < end && *text == '\t';
}

static const char *syntax_hint(const yaml_parser_t *parser, const char *text, size_t size)
{
	if (parser->context && strstr(parser->context, "alias")) {
		return "; write \"*\" in quotes";
	}
	return is_tabbed(text, size, parser->problem_mark.line) ? "; indent with spaces, not with a tab" : "";
}

static void problem_syntax(struct config_problems *problems, const yaml_parser_t *parser, const char *text,
			   size_t size)
{
	const char *what = parser->problem ? parser->problem : "can't be parsed";
	const char *hint = syntax_hint(parser, text, size);
	char where[32];

	if (parser->error == YAML_MEMORY_ERROR) {
		problem_no_memory(problems);
		return;
	}
	if (parser->error == YAML_READER_ERROR) {
		problem_encoding(problems, parser, text, size);
		return;
	}
	snprintf(where, sizeof where, "%zu", parser->problem_mark.column + 1);
	if (parser->context) {
		problem_add(problems, (int)parser->problem_mark.line + 1, NULL,
			    "column %s: %s, %s (line %zu)%s", where, what, parser->context,
			    parser->context_mark.line + 1, hint);
	} else {
		problem_add(problems, (int)parser->problem_mark.line + 1, NULL, "column %s: %s%s", where,
			    what, hint);
	}
}

static bool walk_node(struct walk *walk, int node, int depth);

static bool walk_map(struct walk *walk, int node, int depth)
{
	for (size_t i = 0; i < doc_count(walk->doc, node); i++) {
		int key = doc_key(walk->doc, node, i);

		if (!doc_text(walk->doc, key)) {
			problem_add(walk->problems, doc_line(walk->doc, key), NULL, "a key must be a word");
			return false;
		}
		if (!walk_node(walk, key, depth + 1) ||
		    !walk_node(walk, doc_value(walk->doc, node, i), depth + 1)) {
			return false;
		}
	}
	return true;
}

static bool walk_list(struct walk *walk, int node, int depth)
{
	for (size_t i = 0; i < doc_count(walk->doc, node); i++) {
		if (!walk_node(walk, doc_item(walk->doc, node, i), depth + 1)) {
			return false;
		}
	}
	return true;
}

/* An alias may lead to many nodes, or back to where it stands: both limits are needed. */
static bool walk_node(struct walk *walk, int node, int depth)
{
	const yaml_node_t *found = yaml_document_get_node(&walk->doc->yaml, node);
	int line = doc_line(walk->doc, node);

	if (depth > CONFIG_DEPTH_MAX) {
		problem_add(walk->problems, line, NULL, "nested deeper than %d", CONFIG_DEPTH_MAX);
		return false;
	}
	if (++walk->visited > CONFIG_NODES_MAX) {
		problem_add(walk->problems, line, NULL, "more than %d values, aliases followed",
			    CONFIG_NODES_MAX);
		return false;
	}
	if (found->type == YAML_SCALAR_NODE &&
	    memchr(found->data.scalar.value, '\0', found->data.scalar.length)) {
		problem_add(walk->problems, line, NULL, "holds a zero byte (\\0)");
		return false;
	}
	if (found->type == YAML_MAPPING_NODE) {
		return walk_map(walk, node, depth);
	}
	return found->type == YAML_SCALAR_NODE || walk_list(walk, node, depth);
}

static bool check(struct config_doc *doc, struct config_problems *problems)
{
	struct walk walk = {.doc = doc, .problems = problems};

	if (doc_is_null(doc, doc_root(doc))) {
		problem_add(problems, 0, NULL, "is empty; docs/config.md shows what belongs there");
		return false;
	}
	if (!doc_is_map(doc, doc_root(doc))) {
		problem_add(problems, doc_line(doc, doc_root(doc)), NULL,
			    "must be a map with the keys bus, sources, destinations");
		return false;
	}
	return walk_node(&walk, doc_root(doc), 1);
}

/* A second document would be ignored silently. */
static bool is_last(yaml_parser_t *parser, struct config_problems *problems, const char *text, size_t size)
{
	yaml_document_t next;
	yaml_node_t *root;
	int line;

	if (!yaml_parser_load(parser, &next)) {
		problem_syntax(problems, parser, text, size);
		return false;
	}
	root = yaml_document_get_root_node(&next);
	line = (int)next.start_mark.line + 1;
	yaml_document_delete(&next);
	if (root) {
		problem_add(problems, line, NULL, "a second YAML document (---); put everything into one");
	}
	return !root;
}

static bool parse(struct config_doc *doc, const char *text, size_t size, struct config_problems *problems)
{
	yaml_parser_t parser;
	bool good;

	if (!yaml_parser_initialize(&parser)) {
		problem_no_memory(problems);
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* or a UTF-16 file would be taken */
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	doc->loaded = yaml_parser_load(&parser, &doc->yaml);
	if (!doc->loaded) {
		problem_syntax(problems, &parser, text, size);
	}
	good = doc->loaded && check(doc, problems) && is_last(&parser, problems, text, size);
	yaml_parser_delete(&parser);
	return good;
}

bool doc_load(struct config_doc *doc, const char *path, struct config_problems *problems)
{
	struct err err;
	size_t size;
	char *text = NULL;
	bool good;

	if (file_read(path, CONFIG_FILE_MAX, &text, &size, &err)) {
		problem_add(problems, 0, NULL, "%s; name the file with -c FILE or BUILDBUS_CONFIG", err.text);
		return false;
	}
	doc->folder = file_folder(path);
	if (!doc->folder) {
		problem_add(problems, 0, NULL, "its folder can't be found: %s", strerror(errno));
		free(text);
		return false;
	}
	good = parse(doc, text, size, problems);
	free(text);
	return good;
}
