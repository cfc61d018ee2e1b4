/* The views beside `build_events`. */
/* SPDX-License-Identifier: MIT */
#pragma once

struct view {
	const char *name; /* NULL ends the table */
	const char *description;
	const char *sql; /* GoogleSQL; each $ stands for the dataset with its project, `project.dataset` */
};

extern const struct view views[];

/* The SQL for one dataset; heap; NULL: out of memory. */
char *view_sql(const struct view *view, const char *project, const char *dataset);
