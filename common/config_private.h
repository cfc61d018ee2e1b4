/* Between the files of the configuration module, and for `buildbus validate`, which wants every problem and
 * not only the first. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/config_doc.h"
#include "common/config_kinds.h"
#include "common/config_problems.h"

/* What config_section.node points to. */
struct config_place {
	int options;    /* the map of options; 0: none */
	char where[96]; /* `sources[0].buildkite` */
};

/* config_load with another table of kinds, telling every problem. After a problem, what could be understood
 * is in config all the same; config_fini in any case. */
enum status config_load_all(struct config *config, const char *path, const struct config_kind *kinds,
			    struct config_problems *problems) MUST_CHECK;
/* config_read, telling every problem. */
enum status config_read_all(const struct config *config, const struct config_section *section,
			    const struct config_row *rows, void *target,
			    struct config_problems *problems) MUST_CHECK;

/* A map of options against its rows. */
struct config_options {
	struct config_doc *doc;
	int map;           /* 0: none given */
	int line;          /* where the section starts */
	const char *where; /* `sources[0].buildkite`, `bus` */
	const char *kind;  /* for BUILDBUS_<KIND>_API_URL; NULL: bus */
	bool partial;      /* keys without a row are somebody else's */
};
void config_options_read(const struct config_options *options, const struct config_row *rows, void *target,
			 struct config_problems *problems);
/* The list of maps at node, one option of outer called where, into target by row->items. */
void config_items_read(const struct config_options *outer, const struct config_row *row, int node,
		       const char *where, struct config_items *target, struct config_problems *problems);

/* Finds the sections in the three accepted forms and appends them to config->sections. */
void config_shape(struct config *config, const struct config_kind *kinds, struct config_problems *problems);
/* Reads `bus:` into config->bus and resolves its addresses. */
void config_bus(struct config *config, struct config_problems *problems);
/* Checks bus.curve, once bus is read. */
void config_curve(const struct config *config, struct bus_config *bus, int map,
		  struct config_problems *problems);
