/* A configuration file as a tree of YAML nodes, within limits: whatever a file holds, walking the tree ends
 * soon. Nodes are named by index (0: none), because adding one moves the others. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config_problems.h"

#include <stdbool.h>
#include <yaml.h>

#define CONFIG_FILE_MAX  (256 * 1024)
#define CONFIG_DEPTH_MAX 16
#define CONFIG_NODES_MAX 20000 /* aliases followed, each time anew */

struct config_doc {
	char *folder; /* absolute: what relative paths are relative to */
	bool loaded;
	yaml_document_t yaml;
};

/* Parses the file at path into a zeroed doc; the root is a map, keys are scalars, no scalar holds a zero
 * byte. false: it could not, and the problem was added. */
bool doc_load(struct config_doc *doc, const char *path, struct config_problems *problems);
void doc_fini(struct config_doc *doc);

int doc_root(struct config_doc *doc);
int doc_line(struct config_doc *doc, int node); /* 1-based; 0 for no node */
bool doc_is_map(struct config_doc *doc, int node);
bool doc_is_list(struct config_doc *doc, int node);
/* None, or written as nothing, `~` or `null`. */
bool doc_is_null(struct config_doc *doc, int node);
/* A scalar's text, alive as long as doc; NULL for a map, a list or no node. */
const char *doc_text(struct config_doc *doc, int node);
/* Pairs of a map, items of a list; 0 for anything else. */
size_t doc_count(struct config_doc *doc, int node);
int doc_item(struct config_doc *doc, int list, size_t i);
int doc_key(struct config_doc *doc, int map, size_t i);
int doc_value(struct config_doc *doc, int map, size_t i);
/* The value of the first such key, 0 when there is none or node is no map. */
int doc_get(struct config_doc *doc, int node, const char *key);

/* New nodes, placed at the line of an existing one. 0: out of memory. */
int doc_new_map(struct config_doc *doc, int like);
int doc_new_list(struct config_doc *doc, int like);
bool doc_append(struct config_doc *doc, int list, int item);
/* key has the line of value. */
bool doc_put(struct config_doc *doc, int map, const char *key, int value);
