/* SPDX-License-Identifier: MIT */
#include "sinks/store/pair.h"
#include "common/config_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX (1 << 20)

struct pair {
	X509 *certificate;
	EVP_PKEY *key;
};

/* Nobody is asked: a server that starts by itself could not. */
static int no_passphrase(char *out, int size, int writing, void *argument)
{
	(void)out, (void)size, (void)writing, (void)argument;
	return -1;
}

/* The file's bytes for OpenSSL; text is what they are in. */
static enum status read_pem(const char *path, const char *what, char **text, BIO **out, struct err *err)
{
	size_t size;

	if (file_read(path, PEM_MAX, text, &size, err) != OK) {
		return err_prefix(err, "tls.%s %s", what, path);
	}
	*out = BIO_new_mem_buf(*text, (int)size);
	return *out ? OK : err_set(err, ERR_SYS, "out of memory");
}

static enum status read_certificate(struct pair *pair, const char *path, struct err *err)
{
	char *text = NULL;
	BIO *bytes = NULL;
	enum status status = read_pem(path, "certificate", &text, &bytes, err);

	pair->certificate = status == OK ? PEM_read_bio_X509(bytes, NULL, no_passphrase, NULL) : NULL;
	if (status == OK && !pair->certificate) {
		status = err_set(err, ERR_CONFIG, "tls.certificate %s: holds no certificate in PEM", path);
	}
	BIO_free(bytes);
	free(text);
	return status;
}

static enum status read_key(struct pair *pair, const char *path, struct err *err)
{
	char *text = NULL;
	BIO *bytes = NULL;
	enum status status = read_pem(path, "key", &text, &bytes, err);

	pair->key = status == OK ? PEM_read_bio_PrivateKey(bytes, NULL, no_passphrase, NULL) : NULL;
	if (status == OK && !pair->key) {
		status = err_set(err, ERR_CONFIG,
				 "tls.key %s: holds no private key in PEM without a passphrase", path);
	}
	BIO_free(bytes);
	if (text) {
		explicit_bzero(text, strlen(text));
	}
	free(text);
	return status;
}

enum status pair_check(const char *certificate_path, const char *key_path, struct err *err)
{
	struct pair pair = {0};
	enum status status = read_certificate(&pair, certificate_path, err);

	if (status == OK) {
		status = read_key(&pair, key_path, err);
	}
	if (status == OK && X509_check_private_key(pair.certificate, pair.key) != 1) {
		status = err_set(err, ERR_CONFIG, "tls: %s is not the key of the first certificate in %s",
				 key_path, certificate_path);
	}
	X509_free(pair.certificate);
	EVP_PKEY_free(pair.key);
	ERR_clear_error();
	return status;
}
