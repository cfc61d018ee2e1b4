/* SPDX-License-Identifier: MIT */
#include "common/google/service_account.h"
#include "common/config_file.h"
#include "common/google/error.h"
#include "common/google/form.h"
#include "common/google/grant.h"
#include "common/log.h"
#include "common/process.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <strings.h>

#define FILE_MAX (64 << 10)
#define LIFE_S   3600
#define SKEW_MS  120000 /* Google takes a clock that is five minutes off; two are worth a word */

struct google_service_account {
	char *email, *key_id, *token_url, *scope;
	EVP_PKEY *key;
};

static char *copy(yyjson_val *root, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(root, key));

	return text ? strdup(text) : NULL;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static enum status fill(struct google_service_account *account, yyjson_val *root, const char *path,
			struct err *err)
{
	const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
	const char *pem = yyjson_get_str(yyjson_obj_get(root, "private_key"));

	if (!type || strcmp(type, "service_account") != 0) {
		return err_set(err, ERR_CONFIG,
			       "%s: not the key of a service account (its type is %.40s): make one in the "
			       "Google Cloud console, IAM, service accounts, keys",
			       path, type ? type : "not given");
	}
	account->email = copy(root, "client_email");
	account->key_id = copy(root, "private_key_id");
	account->token_url = copy(root, "token_uri");
	account->key = read_key(pem);
	log_secret(pem);
	if (!account->email || !account->token_url || !account->key) {
		return err_set(err, ERR_CONFIG,
			       "%s: %s is missing or can't be read: download the key file anew", path,
			       !account->email       ? "client_email"
			       : !account->token_url ? "token_uri"
						     : "private_key");
	}
	if (strncasecmp(account->token_url, "https://", 8) != 0 &&
	    strncasecmp(account->token_url, "http://127.0.0.1", 16) != 0 &&
	    strncasecmp(account->token_url, "http://localhost", 16) != 0) {
		return err_set(err, ERR_CONFIG, "%s: token_uri must be an https URL", path);
	}
	return OK;
}

enum status google_service_account_new(struct google_service_account **out, const char *path,
				       const char *scope, struct err *err)
{
	struct google_service_account *account = calloc(1, sizeof *account);
	yyjson_doc *doc = NULL;
	char *text = NULL;
	size_t size = 0;
	enum status status;

	*out = account;
	if (!account || !(account->scope = strdup(scope))) {
		google_service_account_free(out);
		return err_set(err, ERR_SYS, "no memory for a service account");
	}
	status = file_read(path, FILE_MAX, &text, &size, err);
	if (status != OK) {
		status = err_prefix(err, "credentials %.200s", path);
	} else {
		doc = yyjson_read(text, size, 0);
		status = fill(account, yyjson_doc_get_root(doc), path, err);
	}
	yyjson_doc_free(doc);
	free(text);
	if (status != OK) {
		google_service_account_free(out);
	}
	return status;
}

void google_service_account_free(struct google_service_account **pointer)
{
	struct google_service_account *account = *pointer;

	if (account) {
		free(account->email);
		free(account->key_id);
		free(account->token_url);
		free(account->scope);
		EVP_PKEY_free(account->key);
		free(account);
	}
	*pointer = NULL;
}

static const char *sign(EVP_PKEY *key, const char *text, struct arena *arena)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = (size_t)EVP_PKEY_get_size(key);
	unsigned char *signature = arena_alloc(arena, size);
	bool ok = context && signature && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(context, signature, &size, (const unsigned char *)text, strlen(text)) == 1;

	EVP_MD_CTX_free(context);
	return ok ? base64url(arena, signature, size) : NULL;
}

const char *google_jwt(const struct google_service_account *account, const char *header, const char *claims,
		       struct arena *arena)
{
	const char *head = base64url(arena, header, strlen(header));
	const char *body = base64url(arena, claims, strlen(claims));
	const char *text = head && body ? arena_format(arena, "%s.%s", head, body) : NULL;
	const char *signature = text ? sign(account->key, text, arena) : NULL;

	return signature ? arena_format(arena, "%s.%s", text, signature) : NULL;
}

static const char *json_of(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_alc *alc)
{
	yyjson_mut_doc_set_root(doc, root);
	return yyjson_mut_write_opts(doc, 0, alc, NULL, NULL);
}

static const char *assertion(const struct google_service_account *account, struct arena *arena)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *header = yyjson_mut_obj(doc), *claims = yyjson_mut_obj(doc);
	int64_t now_s = wall_ms() / 1000;
	const char *head, *body;

	yyjson_mut_obj_add_str(doc, header, "alg", "RS256");
	yyjson_mut_obj_add_str(doc, header, "typ", "JWT");
	if (account->key_id) {
		yyjson_mut_obj_add_str(doc, header, "kid", account->key_id);
	}
	yyjson_mut_obj_add_str(doc, claims, "iss", account->email);
	yyjson_mut_obj_add_str(doc, claims, "scope", account->scope);
	yyjson_mut_obj_add_str(doc, claims, "aud", account->token_url);
	yyjson_mut_obj_add_int(doc, claims, "iat", now_s);
	yyjson_mut_obj_add_int(doc, claims, "exp", now_s + LIFE_S);
	head = json_of(doc, header, &alc);
	body = json_of(doc, claims, &alc);
	return head && body ? google_jwt(account, head, body, arena) : NULL;
}

static enum status ask_account(const void *identity, const char *renewal, struct arena *arena,
			       struct google_call *call, struct err *err)
{
	const struct google_service_account *account = identity;
	const char *jwt = assertion(account, arena);

	(void)renewal;
	call->url = account->token_url;
	call->body = jwt ? arena_format(arena,
					"grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-"
					"bearer&assertion=%s",
					jwt)
			 : NULL;
	call->headers[0] = "Content-Type: application/x-www-form-urlencoded";
	return call->body ? OK
			  : err_set(err, ERR_CONFIG, "service account: its key can't sign: download it anew");
}

static enum status refused(const struct http_answer *answer, struct err *err)
{
	int64_t skew_ms = answer->date_ms ? wall_ms() - answer->date_ms : 0;
	struct google_error error;
	char text[400];

	google_error_read(answer->body, answer->body_size, &error);
	google_error_text(answer, &error, text, sizeof text);
	if (answer->class == HTTP_SERVER || answer->class == HTTP_LIMITED) {
		return err_set(err, ERR_REMOTE, "service account: %s", text);
	}
	if (llabs(skew_ms) > SKEW_MS) {
		return err_set(
			err, ERR_CONFIG,
			"service account: this machine's clock is %lld s %s Google's: set it right (%s)",
			(long long)llabs(skew_ms) / 1000, skew_ms < 0 ? "behind" : "ahead of", text);
	}
	return err_set(err, ERR_CONFIG,
		       "service account: %s: the key was deleted or its account disabled: make a new one",
		       text);
}

static enum status read_account(const void *identity, const struct http_answer *answer, struct arena *arena,
				struct google_grant *grant, struct err *err)
{
	(void)identity;
	if (answer->class != HTTP_OK) {
		return refused(answer, err);
	}
	return google_grant_read(answer, "service account", arena, grant, err);
}

const struct google_way google_service_account_way = {.ask = ask_account, .read = read_account};
