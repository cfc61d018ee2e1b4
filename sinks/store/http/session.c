/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/session.h"
#include "sinks/store/http/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAC_SIZE = 32, MAC_HEX_SIZE = 2 * MAC_SIZE + 1, USER_MAX = 100 };

static enum status draw(struct session_key *key, int fd, const char *path, struct err *err)
{
	if (RAND_bytes(key->bytes, SESSION_KEY_SIZE) != 1) {
		return err_set(err, ERR_SYS, "no randomness for %s", path);
	}
	return write(fd, key->bytes, SESSION_KEY_SIZE) == SESSION_KEY_SIZE ? OK
									   : err_sys(err, "write %s", path);
}

/* A file that is too short was being written when the machine stopped: it is made anew. */
enum status session_key_load(struct session_key *key, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum status status = OK;

	if (fd == -1) {
		return err_sys(err, "open %s", path);
	}
	if (read(fd, key->bytes, SESSION_KEY_SIZE) != SESSION_KEY_SIZE) {
		status = lseek(fd, 0, SEEK_SET) == 0 ? draw(key, fd, path, err)
						     : err_sys(err, "read %s", path);
	}
	close(fd);
	return status;
}

static void mac(const struct session_key *key, const char *user, const char *end, const char *hash,
		char out[static MAC_HEX_SIZE])
{
	unsigned char bytes[MAC_SIZE];
	char text[SESSION_SIZE];
	unsigned size = sizeof bytes;
	int length = snprintf(text, sizeof text, "%s.%s.%s", user, end, hash);

	HMAC(EVP_sha256(), key->bytes, SESSION_KEY_SIZE, (const unsigned char *)text, (size_t)length, bytes,
	     &size);
	hex_write(bytes, sizeof bytes, out);
}

void session_make(const struct session_key *key, const char *user, const char *hash, int64_t now_ms,
		  char out[static SESSION_SIZE])
{
	char user_hex[2 * USER_MAX + 1], end[24], tag[MAC_HEX_SIZE];

	hex_write((const unsigned char *)user, strnlen(user, USER_MAX), user_hex);
	snprintf(end, sizeof end, "%lld", (long long)(now_ms / 1000 + SESSION_S));
	mac(key, user_hex, end, hash, tag);
	snprintf(out, SESSION_SIZE, "%s.%s.%s", user_hex, end, tag);
}

static bool is_user(const char *user_hex, const char *user)
{
	char hex[2 * USER_MAX + 1];

	hex_write((const unsigned char *)user, strnlen(user, USER_MAX), hex);
	return strcmp(hex, user_hex) == 0;
}

int session_user(const struct session_key *key, const struct config_map *users, const char *session,
		 int64_t now_ms)
{
	char user[2 * USER_MAX + 1], end[24], given[MAC_HEX_SIZE], right[MAC_HEX_SIZE], rest;

	if (sscanf(session, "%200[0-9a-f].%20[0-9].%64[0-9a-f]%c", user, end, given, &rest) != 3 ||
	    strlen(given) != MAC_HEX_SIZE - 1 || strtoll(end, NULL, 10) < now_ms / 1000) {
		return -1;
	}
	for (size_t i = 0; i < users->count; i++) {
		if (is_user(user, users->keys[i])) {
			mac(key, user, end, users->values[i], right);
			return CRYPTO_memcmp(given, right, MAC_HEX_SIZE) == 0 ? (int)i : -1;
		}
	}
	return -1;
}
