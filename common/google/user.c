/* SPDX-License-Identifier: MIT */
#include "common/google/user.h"
#include "common/google/error.h"
#include "common/google/form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the words of Identity Toolkit mean for the one who wrote the configuration. A word may be followed by
 * " : text". */
static const struct {
	const char *word;
	enum status status;
	const char *sentence;
} refusals[] = {
	{"INVALID_PASSWORD", ERR_CONFIG, "the password is wrong: correct firebase_user_pass"},
	{"EMAIL_NOT_FOUND", ERR_CONFIG,
	 "no account has this e-mail address: correct firebase_user_email, or add the user to the project"},
	{"INVALID_LOGIN_CREDENTIALS", ERR_CONFIG,
	 "e-mail address or password are wrong: correct firebase_user_email and firebase_user_pass"},
	{"INVALID_EMAIL", ERR_CONFIG, "firebase_user_email is not an e-mail address"},
	{"MISSING_PASSWORD", ERR_CONFIG, "firebase_user_pass is empty"},
	{"USER_DISABLED", ERR_CONFIG, "the account of firebase_user_email is disabled"},
	{"PASSWORD_LOGIN_DISABLED", ERR_CONFIG,
	 "the project does not allow sign-in by password: enable it in Firebase Authentication"},
	{"OPERATION_NOT_ALLOWED", ERR_CONFIG,
	 "the project does not allow sign-in by password: enable it in Firebase Authentication"},
	{"CONFIGURATION_NOT_FOUND", ERR_CONFIG,
	 "the project of firebase_public_api_key does not use Firebase Authentication"},
	{"API key not valid", ERR_CONFIG,
	 "the API key is wrong: correct firebase_public_api_key (Firebase console, project settings)"},
	{"TOO_MANY_ATTEMPTS_TRY_LATER", ERR_REMOTE, "too many attempts to sign in: Google wants a pause"},
	{"QUOTA_EXCEEDED", ERR_REMOTE, "too many attempts to sign in: Google wants a pause"},
	/* Of renewals: the password is tried next. */
	{"TOKEN_EXPIRED", ERR_CONFIG, "the session of firebase_user_email was revoked"},
	{"INVALID_REFRESH_TOKEN", ERR_CONFIG, "the session of firebase_user_email is not known"},
	{"USER_NOT_FOUND", ERR_CONFIG, "the account of firebase_user_email was deleted"},
};

static enum status refused(const struct http_answer *answer, struct err *err)
{
	struct google_error error;
	char text[400];

	google_error_read(answer->body, answer->body_size, &error);
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strncmp(error.message, refusals[i].word, strlen(refusals[i].word)) == 0) {
			return err_set(err, refusals[i].status, "sign-in: %s", refusals[i].sentence);
		}
	}
	google_error_text(answer, &error, text, sizeof text);
	if (answer->class == HTTP_CLIENT || answer->class == HTTP_REFUSED ||
	    answer->class == HTTP_NOT_FOUND || answer->class == HTTP_REDIRECT) {
		return err_set(err, ERR_CONFIG,
			       "sign-in: %s: check firebase_public_api_key, its restrictions, and auth_url",
			       text);
	}
	return err_set(err, ERR_REMOTE, "sign-in: %s", text);
}

static enum status ask_to_sign_in(const struct google_user *user, struct arena *arena,
				  struct google_call *call, struct err *err)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "email", user->email);
	yyjson_mut_obj_add_str(doc, root, "password", user->password);
	yyjson_mut_obj_add_bool(doc, root, "returnSecureToken", true);
	call->url = arena_format(arena, "%s/v1/accounts:signInWithPassword?key=%s", user->sign_in_url,
				 form_escape(arena, user->api_key));
	call->body = yyjson_mut_write_opts(doc, 0, &alc, NULL, NULL);
	call->headers[0] = "Content-Type: application/json";
	return call->url && call->body ? OK
				       : err_set(err, ERR_CONFIG, "sign-in: e-mail or password are not text");
}

static enum status ask_user(const void *identity, const char *renewal, struct arena *arena,
			    struct google_call *call, struct err *err)
{
	const struct google_user *user = identity;

	if (!renewal) {
		return ask_to_sign_in(user, arena, call, err);
	}
	call->url =
		arena_format(arena, "%s/v1/token?key=%s", user->renew_url, form_escape(arena, user->api_key));
	call->body =
		arena_format(arena, "grant_type=refresh_token&refresh_token=%s", form_escape(arena, renewal));
	call->headers[0] = "Content-Type: application/x-www-form-urlencoded";
	return call->url && call->body ? OK : err_set(err, ERR_SYS, "sign-in: no memory");
}

/* Signing in answers idToken, renewing id_token, and so on. */
static const char *either(yyjson_val *root, const char *signed_in, const char *renewed)
{
	yyjson_val *value = yyjson_obj_get(root, signed_in);

	return yyjson_get_str(value ? value : yyjson_obj_get(root, renewed));
}

static enum status read_user(const void *identity, const struct http_answer *answer, struct arena *arena,
			     struct google_grant *grant, struct err *err)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_val *root;
	const char *lives;

	(void)identity;
	if (answer->class != HTTP_OK) {
		return refused(answer, err);
	}
	root = yyjson_doc_get_root(
		yyjson_read_opts((char *)(uintptr_t)answer->body, answer->body_size, 0, &alc, NULL));
	grant->token = either(root, "idToken", "id_token");
	grant->renewal = either(root, "refreshToken", "refresh_token");
	lives = either(root, "expiresIn", "expires_in");
	grant->lives_ms = lives ? strtoll(lives, NULL, 10) * 1000 : 0;
	if (!grant->token || grant->lives_ms <= 0 || !token_is_clean(grant->token)) {
		return err_set(err, ERR_CONFIG, "sign-in: the answer holds no token: check auth_url");
	}
	return OK;
}

const struct google_way google_user_way = {.ask = ask_user, .read = read_user};
