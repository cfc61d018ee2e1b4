/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/password.h"
#include "sinks/store/http/hex.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SALT_SIZE = 16, HASH_SIZE = 32, MEMORY_MAX = 64 << 20 };

/* OWASP's recommendation where memory is dear: N = 2^14, r = 8, p = 5. */
static const struct cost {
	unsigned log_n, r, p;
} cost_now = {14, 8, 5};

struct parsed {
	struct cost cost;
	unsigned char salt[SALT_SIZE], hash[HASH_SIZE];
};

static bool derive(const char *password, const struct cost *cost, const unsigned char *salt,
		   unsigned char *out)
{
	return EVP_PBE_scrypt(password, strlen(password), salt, SALT_SIZE, UINT64_C(1) << cost->log_n,
			      cost->r, cost->p, MEMORY_MAX, out, HASH_SIZE) == 1;
}

enum status password_hash(const char *password, char out[static PASSWORD_HASH_SIZE], struct err *err)
{
	unsigned char salt[SALT_SIZE], hash[HASH_SIZE];
	char salt_hex[2 * SALT_SIZE + 1], hash_hex[2 * HASH_SIZE + 1];

	if (RAND_bytes(salt, sizeof salt) != 1 || !derive(password, &cost_now, salt, hash)) {
		return err_set(err, ERR_SYS, "the password can't be hashed: no memory or no randomness");
	}
	hex_write(salt, sizeof salt, salt_hex);
	hex_write(hash, sizeof hash, hash_hex);
	snprintf(out, PASSWORD_HASH_SIZE, "scrypt-%u-%u-%u-%s-%s", cost_now.log_n, cost_now.r, cost_now.p,
		 salt_hex, hash_hex);
	return OK;
}

/* OpenSSL refuses what needs more: nobody could log in. */
static bool has_room(const struct cost *cost)
{
	return UINT64_C(128) * cost->r * ((UINT64_C(1) << cost->log_n) + cost->p + 2) <= MEMORY_MAX;
}

static bool parse(const char *text, struct parsed *parsed)
{
	char salt[2 * SALT_SIZE + 1], hash[2 * HASH_SIZE + 1], rest;
	struct cost *cost = &parsed->cost;

	return sscanf(text, "scrypt-%2u-%2u-%2u-%32[0-9a-f]-%64[0-9a-f]%c", &cost->log_n, &cost->r, &cost->p,
		      salt, hash, &rest) == 5 &&
	       cost->log_n >= 10 && cost->log_n <= 18 && cost->r >= 1 && cost->r <= 16 && cost->p >= 1 &&
	       cost->p <= 16 && has_room(cost) && hex_read(salt, parsed->salt, SALT_SIZE) &&
	       hex_read(hash, parsed->hash, HASH_SIZE);
}

bool password_is_hash(const char *text)
{
	struct parsed parsed;

	return parse(text, &parsed);
}

bool password_fits(const char *password, const char *hash)
{
	struct parsed parsed;
	unsigned char derived[HASH_SIZE];

	return parse(hash, &parsed) && derive(password, &parsed.cost, parsed.salt, derived) &&
	       CRYPTO_memcmp(derived, parsed.hash, HASH_SIZE) == 0;
}
