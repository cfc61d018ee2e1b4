/* SPDX-License-Identifier: MIT */
#include "common/google/metadata.h"
#include "common/google/error.h"
#include "common/google/form.h"
#include "common/google/grant.h"

#include <stdlib.h>

static enum status ask_machine(const void *identity, const char *renewal, struct arena *arena,
			       struct google_call *call, struct err *err)
{
	const struct google_machine *machine = identity;
	const char *host = getenv("GCE_METADATA_HOST");

	(void)renewal;
	call->url = arena_format(
		arena, "http://%s/computeMetadata/v1/instance/service-accounts/default/token?scopes=%s",
		host && *host ? host : "169.254.169.254", form_escape(arena, machine->scope));
	call->headers[0] = "Metadata-Flavor: Google";
	return call->url ? OK : err_set(err, ERR_SYS, "no memory for a token");
}

static enum status read_machine(const void *identity, const struct http_answer *answer, struct arena *arena,
				struct google_grant *grant, struct err *err)
{
	struct google_error error;
	char text[400];

	(void)identity;
	if (answer->class == HTTP_OK) {
		return google_grant_read(answer, "metadata server", arena, grant, err);
	}
	google_error_read(answer->body, answer->body_size, &error);
	google_error_text(answer, &error, text, sizeof text);
	return err_set(
		err, answer->class == HTTP_SERVER || answer->class == HTTP_LIMITED ? ERR_REMOTE : ERR_CONFIG,
		"metadata server: %s: this machine has no service account with access", text);
}

const struct google_way google_machine_way = {.ask = ask_machine, .read = read_machine};
