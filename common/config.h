/* The configuration file: YAML in, typed structs out, each error with file, line, key and the nearest right
 * key.
 *
 * A reader describes its section as rows; the same rows parse, default, check, document (docs/config.md).
 * Expansion of $NAME, ${NAME}, ${NAME:-default}, $$ happens after parsing, only in sections that are read
 * with config_read (docs/config.md), so a process never needs the credentials of another. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
	CONFIG_TEXT,     /* char *: heap, NULL when absent without default */
	CONFIG_SECRET,   /* char *: as CONFIG_TEXT, and registered with log_secret, never printed */
	CONFIG_PATH,     /* char *: a relative path is relative to the file's folder */
	CONFIG_URL,      /* char *: http(s) URL without trailing slash, without user or password */
	CONFIG_INT,      /* int64_t, min..max */
	CONFIG_BOOL,     /* bool */
	CONFIG_DURATION, /* int64_t ms; "30s", "5m", "1h", "7d", "2w"; min..max in ms */
	CONFIG_SIZE,     /* int64_t bytes; "512MiB", "1GB", "1048576" */
	CONFIG_SINCE,    /* struct config_since: duration, date, or number of builds */
	CONFIG_LIST,     /* struct config_list: one scalar or a list of them */
	CONFIG_MAP,      /* struct config_map: string to string */
	CONFIG_ENUM,     /* int: index into choices */
	CONFIG_WORDS,    /* unsigned: one word or a list of them, bit i for choices[i] */
	CONFIG_REAL,     /* double, min..max; "1.5" */
	CONFIG_ITEMS,    /* struct config_items: a list of maps */
};

struct config_since {
	int64_t ago_ms;  /* > 0: this long before now */
	int64_t date_ms; /* > 0: since this time, ms since the epoch UTC */
	int64_t builds;  /* > 0: the newest so many builds of a pipeline */
};

struct config_list {
	char **items;
	size_t count;
};

struct config_map {
	char **keys;
	char **values;
	size_t count;
};

/* Each item is a struct of the row's item_size, filled by the row's items. */
struct config_items {
	void *items;
	size_t count;
};

struct config_row {
	const char *key;
	enum config_type type;
	size_t offset;        /* in the section's struct */
	const char *fallback; /* written as in YAML; NULL: none. ITEMS: one item of nothing but defaults */
	bool required;
	int64_t min, max;               /* INT, REAL, DURATION, SIZE; 0,0: unbounded (but never negative) */
	const char *const *choices;     /* ENUM, WORDS: NULL-terminated */
	const struct config_row *items; /* ITEMS: of each map */
	size_t item_size;               /* of the struct that they fill */
	bool slug;                      /* TEXT, LIST: no '/' and no spaces, as the provider's slugs */
	/* TEXT, SECRET: of the value; LIST: of each item; MAP: of each value. err: what is wrong */
	enum status (*check)(const char *item, struct err *err);
	bool hidden;       /* MAP: its values are not shown */
	const char *alias; /* an older spelling of the key, or NULL; both given is an error */
	const char *help;  /* one line for docs/config.md and `buildbus validate` */
};
#define CONFIG_END                                                                                           \
	{                                                                                                    \
		.key = NULL                                                                                  \
	}

/* `bus:`, the same for every process. Addresses are resolved: never NULL after config_load. */
struct bus_config {
	char *state_dir; /* absolute; BUILDBUS_STATE_DIR where the file names none; default ./state */
	char *hub_dir;   /* absolute: of hub.db and the default sockets; state_dir, but for
			    `buildbus sync`, whose hub may be temporary (BUILDBUS_SYNC_HUB_DIR) */
	char *ingest, *feed, *tap; /* ZeroMQ endpoints; default ipc in hub_dir (a long path falls back,
				      docs/config.md) */
#define SYNC_FETCHED  "fetched"    /* a file in hub_dir: everything is at the hub, nothing more will come */
#define SYNC_COMPLETE "complete"   /* a file in hub_dir: this `buildbus sync` has fetched everything */
	bool sync;      /* everything is wanted once, at once: BUILDBUS_SYNC is set, by `buildbus sync` */
	bool brief;     /* `buildbus sync` itself: over before anybody could look at a page */
	bool temporary; /* of it: the hub is thrown away at the end, with its hub_dir */
	bool dry_run;   /* of it: nothing may be written to a destination (BUILDBUS_SYNC_DRY_RUN) */
	bool insecure;
	char *certificate, *server_key, *clients_dir; /* curve: certificate NULL: the bus is plain */
	const char *who; /* whose certificate it is where `certificate` is a folder; NULL: admin */
	int64_t log_retention_ms, raw_retention_ms, absent_max_ms, min_free_bytes;
};

enum section_kind { SECTION_SOURCE, SECTION_DESTINATION };

/* One entry of `sources:` or `destinations:`, not yet read. Lives as long as the config. */
struct config_section {
	enum section_kind side;
	const char *kind; /* "buildkite", "store" … */
	const char *name; /* `name:`, default the kind; unique on its side */
	int line;
	void *node; /* private */
};

struct config {
	char *path;
	struct bus_config bus;
	struct config_section *sections; /* sources first, then destinations, in the file's order */
	size_t section_count;
	void *document; /* private */
};

/* Reads and checks the shape of the file at path (all three accepted forms of docs/config.md). Unknown
 * kinds, repeated keys, repeated names are ERR_CONFIG. With no destination a `store` section is added. path
 * NULL: $BUILDBUS_CONFIG, then ./buildbus.yml. */
enum status config_load(struct config *config, const char *path, struct err *err) MUST_CHECK;
/* Accepts zeroed and half-built. */
void config_fini(struct config *config);
/* How many sections one side has. */
size_t config_count(const struct config *config, enum section_kind side);

/* Reads one section into target (zeroed by the caller) by rows, expanding variables. `name` is accepted in
 * every section. ERR_CONFIG names file, line, key. On failure target may be partly filled: call config_free.
 */
enum status config_read(const struct config *config, const struct config_section *section,
			const struct config_row *rows, void *target, struct err *err) MUST_CHECK;
/* The same for a process that needs a few keys of a section only: keys without a row are neither read nor
 * expanded nor checked (the hub reads which pipelines a source names, never its credentials). */
enum status config_read_part(const struct config *config, const struct config_section *section,
			     const struct config_row *rows, void *target, struct err *err) MUST_CHECK;
/* Frees what config_read put into target. */
void config_free(const struct config_row *rows, void *target);

/* The rows of `bus:`, for docs and validate. */
extern const struct config_row bus_config_rows[];
