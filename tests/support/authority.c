/* SPDX-License-Identifier: MIT */
#include "tests/support/authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400L

struct authority {
	const struct place *place;
	EVP_PKEY *key;
	X509 *certificate;
	long serial;
};

static void write_pem(const struct place *place, const char *name, const char *suffix, X509 *certificate,
		      EVP_PKEY *key)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s%s", name, suffix);
	file = fopen(place_path(place, path), "w");
	cr_assert(file, "%s can't be written", path);
	cr_assert(certificate ? PEM_write_X509(file, certificate)
			      : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
	fclose(file);
}

static void extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	cr_assert(extension, "%s", value);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, long serial, long days)
{
	X509 *certificate = X509_new();

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -30 * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(certificate), days * DAY_S);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static void sign(const struct authority *authority, X509 *certificate)
{
	X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate));
	cr_assert_gt(X509_sign(certificate, authority->key, EVP_sha256()), 0);
}

struct authority *authority_new(const struct place *place)
{
	struct authority *authority = calloc(1, sizeof *authority);

	cr_assert(authority);
	authority->place = place;
	authority->key = EVP_EC_gen("P-256");
	authority->certificate =
		certificate_new(authority->key, "Private test authority", ++authority->serial, 1);
	extend(authority->certificate, NID_basic_constraints, "critical,CA:TRUE");
	extend(authority->certificate, NID_key_usage, "critical,keyCertSign");
	sign(authority, authority->certificate);
	write_pem(place, "ca", ".pem", authority->certificate, NULL);
	return authority;
}

void authority_free(struct authority **authority)
{
	if (*authority) {
		X509_free((*authority)->certificate);
		EVP_PKEY_free((*authority)->key);
		free(*authority);
		*authority = NULL;
	}
}

void authority_certify(struct authority *authority, const char *name, const char *names, int days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certificate_new(key, name, ++authority->serial, days);

	extend(certificate, NID_subject_alt_name, names);
	sign(authority, certificate);
	write_pem(authority->place, name, ".pem", certificate, NULL);
	write_pem(authority->place, name, ".key", NULL, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
