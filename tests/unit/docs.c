/* What the code can say is in the documentation: every log event, every metric. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <ftw.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	regex_t pattern; /* its first group is the name */
	char *document;
	int found;
	char missing[4096];
} check;

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	cr_assert_not_null(file, "%s", path);
	if (getdelim(&text, &room, '\0', file) == -1) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static void check_name(const char *name, size_t size, const char *path)
{
	char quoted[128];
	size_t used = strlen(check.missing);

	snprintf(quoted, sizeof quoted, "`%.*s`", (int)size, name);
	check.found++;
	if (!strstr(check.document, quoted)) {
		snprintf(check.missing + used, sizeof check.missing - used, "%s in %s\n", quoted, path);
	}
}

static int on_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	size_t size = strlen(path);
	regmatch_t match[2];
	char *text;

	(void)status, (void)place;
	if (type != FTW_F || size < 2 || strcmp(path + size - 2, ".c") != 0) {
		return 0;
	}
	text = read_file(path);
	for (const char *at = text; regexec(&check.pattern, at, 2, match, 0) == 0; at += match[1].rm_eo) {
		check_name(at + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so),
			   path + strlen(SOURCE_DIR "/"));
	}
	free(text);
	return 0;
}

static void check_all(const char *pattern, const char *document)
{
	static const char *const folders[] = {"common", "normalizer", "fetchers", "sinks", "compose"};

	cr_assert_eq(regcomp(&check.pattern, pattern, REG_EXTENDED), 0);
	check.document = read_file(document);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[512];

		snprintf(path, sizeof path, SOURCE_DIR "/%s", folders[i]);
		cr_assert_eq(nftw(path, on_file, 16, FTW_PHYS), 0);
	}
	cr_assert_str_empty(check.missing, "not in %s:\n%s", document, check.missing);
	cr_assert_gt(check.found, 5, "the pattern still finds them");
	regfree(&check.pattern);
	free(check.document);
}

Test(docs, every_log_event_is_documented)
{
	check_all("log_[a-z]+\\([[:space:]]*\"([a-z_]+\\.[a-z_.]+)\"", SOURCE_DIR "/docs/events.md");
}

Test(docs, every_metric_is_documented)
{
	check_all("\"(buildbus_[a-z_]+|cicd_[a-z_]+(_seconds|_total|_active)|process_[a-z_]+(_bytes|_fds|_"
		  "seconds|_total))\",[[:space:]]*\"",
		  SOURCE_DIR "/docs/metrics.md");
}
