/* The normalisers as they were before a fix: builds of branch `unreadable` can't be read, and `main` is
 * called `master`. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/provider.h"

static enum status normalize(const struct raw *raw, struct arena *arena, struct build **builds, size_t *count,
			     struct normal_notes *notes, struct err *err)
{
	enum status status = buildkite_provider.normalize(raw, arena, builds, count, notes, err);

	for (size_t i = 0; status == OK && i < *count; i++) {
		if (text_is((*builds)[i].branch, "unreadable")) {
			return err_set(err, ERR_DATA, "$.branch: not a branch");
		}
		if (text_is((*builds)[i].branch, "main")) {
			(*builds)[i].branch = TEXT("master");
		}
	}
	return status;
}

static const struct provider old_buildkite = {.name = "buildkite", .normalize = normalize};

const struct provider *provider_find(struct text name)
{
	return text_is(name, old_buildkite.name) ? &old_buildkite : NULL;
}
