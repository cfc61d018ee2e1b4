/* SPDX-License-Identifier: MIT */
#include "normalizer/keys.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 10000

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->public_key, ((const struct key *)b)->public_key);
}

const struct key *keys_find(const struct keys *keys, const char *public_key)
{
	struct key wanted;

	if (strlen(public_key) != KEY_TEXT_SIZE - 1 || !keys->count) {
		return NULL;
	}
	memcpy(wanted.public_key, public_key, KEY_TEXT_SIZE);
	return bsearch(&wanted, keys->items, keys->count, sizeof *keys->items, by_key);
}

const char *key_sink(const struct key *key)
{
	return key->role == ROLE_SINK ? key->role_text + strlen("sink:") : "";
}

void keys_fini(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->items[i].role_text);
		free(keys->items[i].file);
	}
	free(keys->items);
	*keys = (struct keys){0};
}

static enum status add(struct keys *keys, const char *file, const struct certificate *certificate,
		       struct err *err)
{
	struct key *items = reallocarray(keys->items, keys->count + 1, sizeof *items), *key;

	if (!items) {
		return err_set(err, ERR_SYS, "out of memory for %zu certificates", keys->count);
	}
	keys->items = items;
	key = &items[keys->count];
	*key = (struct key){
		.role = certificate->role, .role_text = strdup(certificate->role_text), .file = strdup(file)};
	memcpy(key->public_key, certificate->public_key, KEY_TEXT_SIZE);
	keys->count++; /* keys_fini takes it half-built */
	return key->role_text && key->file ? OK : err_set(err, ERR_SYS, "out of memory for a certificate");
}

/* Why the certificate admits nobody; NULL: it does. */
static const char *fault(const struct certificate *certificate)
{
	if (certificate->role == ROLE_NONE) {
		return "it has no role: under metadata it needs role = \"fetch\", \"sink:NAME\", \"tap\" or "
		       "\"admin\"";
	}
	return certificate->role == ROLE_HUB ? "it is the hub's own" : NULL;
}

static enum status take_file(struct keys *keys, const char *folder, const char *file, struct err *err)
{
	struct certificate certificate = {0};
	struct err why = {0};
	const char *wrong;
	char *path;
	enum status status = OK;

	if (asprintf(&path, "%s/%s", folder, file) < 0) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	wrong = cert_read(path, &certificate, &why) == OK ? fault(&certificate) : why.text;
	if (!wrong && certificate.secret_key[0]) {
		wrong = "it holds a secret key, which belongs to its process alone";
	}
	explicit_bzero(certificate.secret_key, sizeof certificate.secret_key);
	if (wrong) {
		log_warn("hub.key_unusable", STR("file", path), STR("why", wrong));
	} else {
		status = add(keys, file, &certificate, err);
	}
	free(path);
	return status;
}

/* An editor's copies and hidden files are nobody's. */
static bool counts(const char *file)
{
	size_t size = strlen(file);

	return file[0] != '.' && file[size - 1] != '~';
}

/* A key in two files: both must agree, or it has no role at all. */
static void drop_doubles(struct keys *keys)
{
	size_t kept = 0;

	for (size_t i = 0; i < keys->count; i++) {
		struct key *key = &keys->items[i], *before = kept ? &keys->items[kept - 1] : NULL;

		if (before && by_key(before, key) == 0) {
			if (strcmp(before->role_text, key->role_text) != 0) {
				log_warn("hub.key_unusable", STR("file", key->file),
					 STR("why", "another file gives its key another role"),
					 STR("other", before->file));
				before->role = ROLE_NONE;
			}
			free(key->role_text);
			free(key->file);
		} else {
			keys->items[kept++] = *key;
		}
	}
	keys->count = kept;
}

static enum status read_folder(struct keys *keys, DIR *folder, const char *path, struct err *err)
{
	struct dirent *entry;
	enum status status = OK;

	while (status == OK && (entry = readdir(folder)) != NULL) {
		if (!counts(entry->d_name)) {
			continue;
		}
		status = keys->count < KEYS_MAX
				 ? take_file(keys, path, entry->d_name, err)
				 : err_set(err, ERR_CONFIG, "%s holds more than %d certificates", path,
					   KEYS_MAX);
	}
	return status;
}

enum status keys_load(struct keys *keys, const char *path, struct err *err)
{
	DIR *folder = opendir(path);
	enum status status;

	*keys = (struct keys){0};
	if (!folder) {
		return err_set(err, ERR_CONFIG, "bus.curve.clients_dir: %s: %s", path, strerror(errno));
	}
	status = read_folder(keys, folder, path, err);
	closedir(folder);
	if (status != OK) {
		keys_fini(keys);
		return status;
	}
	if (keys->count) {
		qsort(keys->items, keys->count, sizeof *keys->items, by_key);
	}
	drop_doubles(keys);
	return OK;
}
