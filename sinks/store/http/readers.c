/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/readers.h"

void readers_init(struct readers *readers, const char *path)
{
	pthread_mutex_init(&readers->lock, NULL);
	readers->path = path;
}

void readers_fini(struct readers *readers)
{
	for (int i = 0; i < READERS_MAX; i++) {
		reader_close(&readers->at[i]);
	}
	pthread_mutex_destroy(&readers->lock);
}

static struct reader *find(struct readers *readers)
{
	struct reader *reader = NULL;

	pthread_mutex_lock(&readers->lock);
	for (int i = 0; i < READERS_MAX && !reader; i++) {
		if (!readers->taken[i]) {
			readers->taken[i] = true;
			reader = &readers->at[i];
		}
	}
	pthread_mutex_unlock(&readers->lock);
	return reader;
}

static void put_back(struct readers *readers, const struct reader *reader)
{
	pthread_mutex_lock(&readers->lock);
	readers->taken[reader - readers->at] = false;
	pthread_mutex_unlock(&readers->lock);
}

struct reader *readers_take(struct readers *readers, struct err *err)
{
	struct reader *reader = find(readers);
	enum status status = reader ? OK : err_set(err, ERR_SYS, "every reader is busy");

	if (status == OK && !reader->db) {
		status = reader_open(reader, readers->path, err);
	}
	if (status == OK) {
		status = reader_begin(reader, err);
	}
	if (status != OK && reader) {
		reader_close(reader);
		put_back(readers, reader);
	}
	return status == OK ? reader : NULL;
}

void readers_give(struct readers *readers, struct reader *reader)
{
	reader_end(reader);
	put_back(readers, reader);
}
