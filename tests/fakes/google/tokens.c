/* The fake's Identity Toolkit, token servers and metadata server. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/google/google.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

bool fake_token_fits(const struct fake_google *google, const char *header)
{
	static const char prefix[] = "Bearer ya29.t0ken-";

	if (google->any_token) {
		return header != NULL;
	}
	return header && strncmp(header, prefix, strlen(prefix)) == 0 &&
	       strtol(header + strlen(prefix), NULL, 10) >= google->valid_from;
}

void fake_revoke(struct fake_google *google)
{
	fake_lock(google);
	google->valid_from = google->token + 1;
	fake_unlock(google);
}

static int next_token(struct fake_google *google)
{
	return ++google->token;
}

static int lives_s(const struct fake_google *google)
{
	return google->lives_s ? google->lives_s : 3600;
}

static void grant_session(struct fake_google *google, struct fake_reply *reply)
{
	int number = next_token(google);

	cr_assert(asprintf(&reply->body,
			   "{\"idToken\":\"ya29.t0ken-%d\",\"refreshToken\":\"refresh-%d\",\"expiresIn\":\"%"
			   "d\"}",
			   number, number, lives_s(google)) > 0);
}

static void grant_renewal(struct fake_google *google, struct fake_reply *reply)
{
	int number = next_token(google);

	cr_assert(asprintf(&reply->body,
			   "{\"id_token\":\"ya29.t0ken-%d\",\"refresh_token\":\"refresh-%d\",\"expires_in\":"
			   "\"%d\"}",
			   number, number, lives_s(google)) > 0);
}

/* Identity Toolkit says its words in `message`. */
static void refuse(struct fake_reply *reply, const char *word)
{
	cr_assert(asprintf(&reply->body,
			   "{\"error\":{\"code\":400,\"message\":\"%s\",\"errors\":[{\"message\":\"%s\"}]}}",
			   word, word) > 0);
	reply->code = 400;
}

static void sign_in(struct fake_google *google, const char *key, const char *body, struct fake_reply *reply)
{
	yyjson_doc *doc = yyjson_read(body, strlen(body), 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (!key || strcmp(key, FAKE_KEY) != 0) {
		refuse(reply, "API key not valid. Please pass a valid API key.");
	} else if (!yyjson_equals_str(yyjson_obj_get(root, "email"), FAKE_EMAIL) ||
		   !yyjson_equals_str(yyjson_obj_get(root, "password"), FAKE_PASSWORD)) {
		refuse(reply, "INVALID_LOGIN_CREDENTIALS");
	} else {
		grant_session(google, reply);
	}
	yyjson_doc_free(doc);
}

static bool signature_fits(const char *pem, const char *assertion)
{
	const char *dot = strrchr(assertion, '.');
	unsigned char signature[1024];
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char text[1400];
	int size;
	bool fits;

	cr_assert(dot && key && strlen(dot) < sizeof text - 4);
	snprintf(text, sizeof text, "%s", dot + 1);
	for (char *c = text; *c; c++) {
		*c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	}
	strncat(text, "==", (4 - strlen(text) % 4) % 4);
	size = EVP_DecodeBlock(signature, (unsigned char *)text, (int)strlen(text));
	fits = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(context, signature, (size_t)EVP_PKEY_get_size(key),
				(const unsigned char *)assertion, (size_t)(dot - assertion)) == 1 &&
	       size > 0;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return fits;
}

static void grant_assertion(struct fake_google *google, const char *body, struct fake_reply *reply)
{
	const char *assertion = strstr(body, "&assertion=");

	snprintf(google->assertion, sizeof google->assertion, "%s", assertion ? assertion + 11 : "");
	if (google->public_key && !(assertion && signature_fits(google->public_key, assertion + 11))) {
		reply->code = 400;
		reply->body = strdup("{\"error\":\"invalid_grant\",\"error_description\":"
				     "\"Invalid JWT Signature.\"}");
		return;
	}
	cr_assert(asprintf(&reply->body,
			   "{\"access_token\":\"ya29.t0ken-%d\",\"token_type\":\"Bearer\",\"expires_in\":%d}",
			   next_token(google), lives_s(google)) > 0);
}

void fake_tokens(struct fake_google *google, enum fake_verb verb, const char *key, const char *body,
		 struct fake_reply *reply)
{
	if (verb == FAKE_SIGN_IN) {
		sign_in(google, key, body, reply);
	} else if (verb == FAKE_GRANT) {
		grant_assertion(google, body, reply);
	} else if (!strstr(body, "grant_type=refresh_token&refresh_token=refresh-")) {
		refuse(reply, "INVALID_REFRESH_TOKEN");
	} else {
		grant_renewal(google, reply);
	}
}
