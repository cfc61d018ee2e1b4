/* SPDX-License-Identifier: MIT */
#include "tests/support/key_file.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static char *pem_of(EVP_PKEY *key, bool private_key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long size;

	cr_assert(private_key ? PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
			      : PEM_write_bio_PUBKEY(bio, key));
	size = BIO_get_mem_data(bio, &bytes);
	text = strndup(bytes, (size_t)size);
	BIO_free(bio);
	return text;
}

/* As JSON has it. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		*text == '\n' ? fputs("\\n", out) : fputc(*text, out);
	}
}

char *key_file_write(struct place *place, const char *type, const char *email, const char *token_uri)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	char *pem = pem_of(key, true), *public_key = pem_of(key, false), *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
		"{\"type\":\"%s\",\"client_email\":\"%s\",\"private_key_id\":\"k1\",\"token_uri\":\"%s\","
		"\"private_key\":\"",
		type, email, token_uri);
	print_escaped(out, pem);
	fputs("\"}", out);
	fclose(out);
	place_write(place, "account.json", "%s", text);
	free(text);
	free(pem);
	EVP_PKEY_free(key);
	return public_key;
}
