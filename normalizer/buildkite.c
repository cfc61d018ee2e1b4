/* Buildkite's JSON of one build to a record. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/provider.h"

static enum status normalize(const struct raw *raw, struct arena *arena, struct build **builds, size_t *count,
			     struct normal_notes *notes, struct err *err)
{
	(void)raw, (void)arena, (void)builds, (void)count, (void)notes;
	return err_set(err, ERR_DATA, "to be written");
}

const struct provider buildkite_provider = {.name = "buildkite", .normalize = normalize};
