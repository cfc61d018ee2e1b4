/* Alerts, dashboard and docs/metrics.md name metrics that the code has. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <ftw.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *code; /* all of it */
static size_t code_size;

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	cr_assert_not_null(file, "%s", path);
	cr_assert_neq(getdelim(&text, &room, '\0', file), -1, "%s", path);
	fclose(file);
	return text;
}

static int on_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	size_t size = strlen(path);

	(void)status, (void)place;
	if (type == FTW_F && size > 2 && strcmp(path + size - 2, ".c") == 0) {
		char *text = read_file(path);

		code = realloc(code, code_size + strlen(text) + 1);
		cr_assert(code);
		memcpy(code + code_size, text, strlen(text) + 1);
		code_size += strlen(text);
		free(text);
	}
	return 0;
}

static void read_code(void)
{
	static const char *const folders[] = {"common", "normalizer", "fetchers", "sinks"};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[512];

		snprintf(path, sizeof path, SOURCE_DIR "/%s", folders[i]);
		cr_assert_eq(nftw(path, on_file, 16, FTW_PHYS), 0);
	}
}

TestSuite(monitoring, .init = read_code);

/* The name of a histogram's series is that of the histogram. */
static void cut(char *name)
{
	static const char *const ends[] = {"_bucket", "_sum", "_count"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t size = strlen(name), end = strlen(ends[i]);

		if (size > end && strcmp(name + size - end, ends[i]) == 0) {
			name[size - end] = '\0';
		}
	}
}

/* pattern: its first group is a name. At least so many different hits. */
static void check(const char *file, const char *pattern, int least)
{
	char *text = read_file(file);
	regmatch_t match[2];
	regex_t regex;
	int found = 0;

	cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED), 0);
	for (const char *at = text; regexec(&regex, at, 2, match, 0) == 0; at += match[1].rm_eo) {
		char name[128], quoted[140];

		snprintf(name, sizeof name, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
			 at + match[1].rm_so);
		cut(name);
		snprintf(quoted, sizeof quoted, "\"%s\"", name);
		cr_expect(strstr(code, quoted), "%s: no code has %s", file, name);
		found++;
	}
	cr_assert_geq(found, least, "%s: the pattern still finds them", file);
	regfree(&regex);
	free(text);
}

#define NAME "((buildbus|cicd|process)_[a-z_]+)"

Test(monitoring, every_metric_of_the_alerts_is_in_the_code)
{
	check(SOURCE_DIR "/compose/monitoring/alerts.yml", NAME, 20);
	check(SOURCE_DIR "/compose/monitoring/alerts_test.yml", NAME, 30);
}

Test(monitoring, every_metric_of_the_dashboard_is_in_the_code)
{
	check(SOURCE_DIR "/compose/monitoring/dashboard.json", NAME, 30);
}

Test(monitoring, every_metric_of_the_documentation_is_in_the_code)
{
	check(SOURCE_DIR "/docs/metrics.md", "`" NAME "`", 60);
}

/* Each alert has its row in the manual, and each row its alert. */
Test(monitoring, the_manual_says_what_to_do_at_each_alert)
{
	char *alerts = read_file(SOURCE_DIR "/compose/monitoring/alerts.yml");
	char *manual = read_file(SOURCE_DIR "/docs/operations.md");
	char *tests = read_file(SOURCE_DIR "/compose/monitoring/alerts_test.yml");
	int found = 0;

	for (char *at = alerts; (at = strstr(at, "- alert: ")); found++) {
		char name[64], row[80];

		at += strlen("- alert: ");
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\n"), at);
		snprintf(row, sizeof row, "| `%s` |", name);
		cr_expect(strstr(manual, row), "docs/operations.md: %s", row);
		cr_expect(strstr(tests, name), "alerts_test.yml: %s", name);
	}
	cr_assert_gt(found, 10);
	free(alerts);
	free(manual);
	free(tests);
}
