/* SPDX-License-Identifier: MIT */
#include "common/google/grant.h"
#include "common/google/form.h"

enum status google_grant_read(const struct http_answer *answer, const char *who, struct arena *arena,
			      struct google_grant *grant, struct err *err)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_val *root = yyjson_doc_get_root(
		yyjson_read_opts((char *)(uintptr_t)answer->body, answer->body_size, 0, &alc, NULL));

	grant->token = yyjson_get_str(yyjson_obj_get(root, "access_token"));
	grant->lives_ms = yyjson_get_sint(yyjson_obj_get(root, "expires_in")) * 1000;
	if (!grant->token || grant->lives_ms <= 0 || !token_is_clean(grant->token)) {
		return err_set(err, ERR_REMOTE, "%s: the answer holds no token", who);
	}
	return OK;
}
