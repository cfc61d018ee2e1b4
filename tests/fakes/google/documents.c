/* The fake's Firestore: batchGet and commit. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/fakes/google/google.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

static struct fake_document *find(const struct fake_google *google, const char *name)
{
	for (size_t i = 0; i < google->count; i++) {
		if (strcmp(google->documents[i].name, name) == 0) {
			return &google->documents[i];
		}
	}
	return NULL;
}

/* By the last part of the name. */
static struct fake_document *find_last(const struct fake_google *google, const char *id)
{
	for (size_t i = 0; i < google->count; i++) {
		if (strcmp(strrchr(google->documents[i].name, '/') + 1, id) == 0) {
			return &google->documents[i];
		}
	}
	return NULL;
}

static struct fake_document *make(struct fake_google *google, const char *name)
{
	google->documents = reallocarray(google->documents, google->count + 1, sizeof *google->documents);
	google->documents[google->count] = (struct fake_document){.name = strdup(name)};
	return &google->documents[google->count++];
}

static void store(struct fake_google *google, const char *name, char *fields)
{
	struct fake_document *document = find(google, name);

	document = document ? document : make(google, name);
	free(document->fields);
	document->fields = fields;
	document->version = ++google->version;
	document->writes++;
}

static void version_text(int64_t version, char out[static 40])
{
	char text[32];

	time_format(INT64_C(1767225600000) + version / 1000, text);
	text[strlen(text) - 1] = '\0';
	snprintf(out, 40, "%s%03dZ", text, (int)(version % 1000));
}

static void clock_text(const struct fake_google *google, char out[static 32])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	time_format(now.tv_sec * 1000 + now.tv_nsec / 1000000 + google->ahead_ms, out);
}

static void read_documents(const struct fake_google *google, yyjson_val *root, struct fake_reply *reply)
{
	size_t index, count, size;
	FILE *out = open_memstream(&reply->body, &size);
	char now[32], version[40];
	yyjson_val *name;

	clock_text(google, now);
	fputc('[', out);
	yyjson_arr_foreach(yyjson_obj_get(root, "documents"), index, count, name)
	{
		const struct fake_document *document = find(google, yyjson_get_str(name));
		fputs(index ? "," : "", out);
		if (document) {
			version_text(document->version, version);
			fprintf(out, "{\"found\":{\"name\":\"%s\",\"fields\":%s,\"updateTime\":\"%s\"}",
				document->name, document->fields, version);
		} else {
			fprintf(out, "{\"missing\":\"%s\"", yyjson_get_str(name));
		}
		fprintf(out, ",\"readTime\":\"%s\"}", now);
	}
	fputc(']', out);
	fclose(out);
}

/* False: refused, told in reply. */
static bool may_write(const struct fake_google *google, yyjson_val *write, struct fake_reply *reply)
{
	const char *name = yyjson_get_str(yyjson_ptr_get(write, "/update/name"));
	yyjson_val *exists = yyjson_ptr_get(write, "/currentDocument/exists");
	const char *updated = yyjson_get_str(yyjson_ptr_get(write, "/currentDocument/updateTime"));
	const struct fake_document *document = find(google, name);
	char version[40] = "";

	if (document) {
		version_text(document->version, version);
	}
	if (google->poison && strstr(name, google->poison)) {
		fake_error(reply, 400, "INVALID_ARGUMENT", "The value of property is too long.");
	} else if (google->forbidden && strstr(name, google->forbidden)) {
		fake_error(reply, 403, "PERMISSION_DENIED", "Missing or insufficient permissions.");
	} else if (exists && !yyjson_get_bool(exists) && document) {
		fake_error(reply, 409, "ALREADY_EXISTS", "Document already exists: \\/x");
	} else if (updated && strcmp(updated, version) != 0) {
		fake_error(reply, 400, "FAILED_PRECONDITION",
			   "the stored version (1) does not match the required base version (2)");
	}
	return reply->code == 200;
}

static bool too_large(const struct fake_google *google, size_t size, struct fake_reply *reply)
{
	if (google->commit_max == 0 || size <= google->commit_max) {
		return false;
	}
	google->like_emulator
		? fake_error(reply, 429, "RESOURCE_EXHAUSTED", "gRPC message exceeds maximum size 4194304: 5")
		: fake_error(reply, 400, "INVALID_ARGUMENT",
			     "Request payload size exceeds the limit: 10485760 bytes.");
	return true;
}

/* Rules may look at so many other documents for one request. */
static bool too_many_lookups(const struct fake_google *google, yyjson_val *writes, struct fake_reply *reply)
{
	const char *seen[1000];
	size_t index, count, projects = 0;
	yyjson_val *write;

	yyjson_arr_foreach(writes, index, count, write)
	{
		const char *project =
			yyjson_get_str(yyjson_ptr_get(write, "/update/fields/projectId/stringValue"));
		size_t i = 0;

		while (project && i < projects && strcmp(seen[i], project) != 0) {
			i++;
		}
		if (project && i == projects) {
			seen[projects++] = project;
		}
	}
	if (google->lookups_max == 0 || projects <= (size_t)google->lookups_max) {
		return false;
	}
	fake_error(reply, 403, "PERMISSION_DENIED", "Missing or insufficient permissions.");
	return true;
}

static void commit(struct fake_google *google, yyjson_val *root, struct fake_reply *reply)
{
	yyjson_val *writes = yyjson_obj_get(root, "writes"), *write;
	size_t index, count;

	if (too_many_lookups(google, writes, reply)) {
		return;
	}
	yyjson_arr_foreach(writes, index, count, write)
	{
		if (!may_write(google, write, reply)) {
			return;
		}
	}
	yyjson_arr_foreach(writes, index, count, write)
	{
		store(google, yyjson_get_str(yyjson_ptr_get(write, "/update/name")),
		      yyjson_val_write(yyjson_ptr_get(write, "/update/fields"), 0, NULL));
	}
	reply->body = strdup("{\"writeResults\":[],\"commitTime\":\"2026-01-01T00:00:00Z\"}");
}

void fake_documents(struct fake_google *google, enum fake_verb verb, const char *body, size_t size,
		    struct fake_reply *reply)
{
	yyjson_doc *doc = yyjson_read(body, size, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (!doc) {
		fake_error(reply, 400, "INVALID_ARGUMENT", "Payload isn't valid for request.");
	} else if (verb == FAKE_READ) {
		read_documents(google, root, reply);
	} else if (!too_large(google, size, reply)) {
		if (google->bodies) {
			fprintf(google->bodies, "%s\n", body);
			fflush(google->bodies);
		}
		commit(google, root, reply);
	}
	yyjson_doc_free(doc);
}

void fake_put(struct fake_google *google, const char *name, const char *fields)
{
	char *json = strdup(fields);

	for (char *c = json; *c; c++) {
		*c = *c == '\'' ? '"' : *c;
	}
	fake_lock(google);
	store(google, name, json);
	fake_unlock(google);
}

char *fake_get(struct fake_google *google, const char *name)
{
	const struct fake_document *document;
	char *fields;

	fake_lock(google);
	document = find_last(google, name);
	fields = document ? strdup(document->fields) : NULL;
	fake_unlock(google);
	return fields;
}

int fake_writes(struct fake_google *google, const char *name)
{
	const struct fake_document *document;
	int writes;

	fake_lock(google);
	document = find_last(google, name);
	writes = document ? document->writes : 0;
	fake_unlock(google);
	return writes;
}

size_t fake_count(struct fake_google *google, const char *part)
{
	size_t count = 0;

	fake_lock(google);
	for (size_t i = 0; i < google->count; i++) {
		count += strstr(google->documents[i].name, part) != NULL;
	}
	fake_unlock(google);
	return count;
}
