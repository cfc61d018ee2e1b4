/* Which document of `projects` a pipeline's builds belong to. Two pipelines on one id would overwrite each
 * other's builds: the documents are named by project and number alone. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/firestore/config.h"

struct projects {
	const struct firestore_config *config;
	char *pipeline; /* metrics_project_id: the one that it stands for, once a build of it came */
	size_t count;   /* of ids */
};

enum project_found {
	PROJECT_KNOWN,
	PROJECT_NONE,  /* a pipeline that `projects:` does not name */
	PROJECT_CLASH, /* a second pipeline for metrics_project_id */
};

/* config must outlive projects. */
void projects_open(struct projects *projects, const struct firestore_config *config);
/* Accepts zeroed. */
void projects_close(struct projects *projects);

const char *projects_id(const struct projects *projects, size_t index);
/* The id for a build. Its pipeline is in its record's id: PROVIDER/ORGANIZATION/PIPELINE/NUMBER. */
enum project_found projects_find(struct projects *projects, const struct build *build, const char **id);
/* ORGANIZATION/PIPELINE as in the record's id. */
struct text pipeline_of(const struct build *build);
