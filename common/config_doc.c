/* SPDX-License-Identifier: MIT */
#include "common/config_doc.h"

#include "common/config_file.h"

#include <stdlib.h>
#include <string.h>

static yaml_node_t *at(struct config_doc *doc, int node)
{
	return doc->loaded ? yaml_document_get_node(&doc->yaml, node) : NULL;
}

static bool is(struct config_doc *doc, int node, yaml_node_type_t type)
{
	const yaml_node_t *found = at(doc, node);

	return found && found->type == type;
}

int doc_root(struct config_doc *doc)
{
	return at(doc, 1) ? 1 : 0; /* libyaml's first node is the root */
}

int doc_line(struct config_doc *doc, int node)
{
	const yaml_node_t *found = at(doc, node);

	return found ? (int)found->start_mark.line + 1 : 0;
}

bool doc_is_map(struct config_doc *doc, int node)
{
	return is(doc, node, YAML_MAPPING_NODE);
}

bool doc_is_list(struct config_doc *doc, int node)
{
	return is(doc, node, YAML_SEQUENCE_NODE);
}

const char *doc_text(struct config_doc *doc, int node)
{
	return is(doc, node, YAML_SCALAR_NODE) ? (const char *)at(doc, node)->data.scalar.value : NULL;
}

bool doc_is_null(struct config_doc *doc, int node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	const char *text = doc_text(doc, node);

	if (!at(doc, node)) {
		return true;
	}
	if (!text || at(doc, node)->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
		return false;
	}
	for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
		if (strcmp(text, nulls[i]) == 0) {
			return true;
		}
	}
	return false;
}

size_t doc_count(struct config_doc *doc, int node)
{
	yaml_node_t *found = at(doc, node);

	if (doc_is_map(doc, node)) {
		return (size_t)(found->data.mapping.pairs.top - found->data.mapping.pairs.start);
	}
	if (doc_is_list(doc, node)) {
		return (size_t)(found->data.sequence.items.top - found->data.sequence.items.start);
	}
	return 0;
}

int doc_item(struct config_doc *doc, int list, size_t i)
{
	return at(doc, list)->data.sequence.items.start[i];
}

int doc_key(struct config_doc *doc, int map, size_t i)
{
	return at(doc, map)->data.mapping.pairs.start[i].key;
}

int doc_value(struct config_doc *doc, int map, size_t i)
{
	return at(doc, map)->data.mapping.pairs.start[i].value;
}

int doc_get(struct config_doc *doc, int node, const char *key)
{
	size_t count = doc_is_map(doc, node) ? doc_count(doc, node) : 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(doc_text(doc, doc_key(doc, node, i)), key) == 0) {
			return doc_value(doc, node, i);
		}
	}
	return 0;
}

static int placed(struct config_doc *doc, int fresh, int like)
{
	if (fresh) {
		at(doc, fresh)->start_mark = at(doc, like)->start_mark;
	}
	return fresh;
}

int doc_new_map(struct config_doc *doc, int like)
{
	return placed(doc, yaml_document_add_mapping(&doc->yaml, NULL, YAML_BLOCK_MAPPING_STYLE), like);
}

int doc_new_list(struct config_doc *doc, int like)
{
	return placed(doc, yaml_document_add_sequence(&doc->yaml, NULL, YAML_BLOCK_SEQUENCE_STYLE), like);
}

bool doc_append(struct config_doc *doc, int list, int item)
{
	return yaml_document_append_sequence_item(&doc->yaml, list, item);
}

bool doc_put(struct config_doc *doc, int map, const char *key, int value)
{
	int fresh = placed(doc,
			   yaml_document_add_scalar(&doc->yaml, NULL, (const yaml_char_t *)key, -1,
						    YAML_PLAIN_SCALAR_STYLE),
			   value);

	return fresh && yaml_document_append_mapping_pair(&doc->yaml, map, fresh, value);
}

void doc_fini(struct config_doc *doc)
{
	if (doc->loaded) {
		yaml_document_delete(&doc->yaml);
	}
	free(doc->folder);
	memset(doc, 0, sizeof *doc);
}
