/* docker-compare: whether destinations hold what a simulator says. Prints the first difference; exit 1.
 *   docker-compare store STORE.DB HUB.DB TRUTH    and the hub's log is in order
 *   docker-compare firestore PROJECT TRUTH        at $BUILDBUS_TEST_FIRESTORE, of acme/web and acme/api */
/* SPDX-License-Identifier: MIT */
#include "tests/faults/compare.h"
#include "tests/support/documents.h"
#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!file || getdelim(&text, &room, '\0', file) < 0) {
		perror(path);
		exit(2);
	}
	fclose(file);
	return text;
}

/* 1 where there is a difference, which it prints and frees. */
static int tell(char *difference)
{
	int code = difference != NULL;

	if (difference) {
		printf("%s\n", difference);
	}
	free(difference);
	return code;
}

static int compare_store(const char *store, const char *hub, const char *truth_path)
{
	char *truth = read_all(truth_path), *disorder = NULL;
	int code = tell(truth_differs(store, truth));

	if (compare_log(hub, &disorder) > 0) {
		code = 1;
		printf("the log is out of order: %s\n", disorder);
	}
	free(disorder);
	free(truth);
	return code;
}

static int compare_firestore(const char *project, const char *truth_path)
{
	static const struct pipeline_project projects[] = {{"web", "web"}, {"api", "api"}, {NULL, NULL}};
	char *truth = read_all(truth_path);
	int code = tell(documents_differ(project, projects, truth));

	free(truth);
	return code;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "store") == 0) {
		return compare_store(argv[2], argv[3], argv[4]);
	}
	if (argc == 4 && strcmp(argv[1], "firestore") == 0) {
		return compare_firestore(argv[2], argv[3]);
	}
	fprintf(stderr, "usage: docker-compare store STORE.DB HUB.DB TRUTH | firestore PROJECT TRUTH\n");
	return 2;
}
