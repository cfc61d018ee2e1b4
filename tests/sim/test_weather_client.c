/* SPDX-License-Identifier: MIT */
#include "tests/sim/test_weather_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yyjson.h>

struct place *place;
struct simulator *sim;
CURL *curl;

struct got got;

static size_t on_header(char *line, size_t unit, size_t size, void *arg)
{
	size_t used = strlen(got.headers);

	(void)arg;
	snprintf(got.headers + used, sizeof got.headers - used, "%.*s", (int)(unit * size), line);
	return unit * size;
}

static size_t on_body(char *bytes, size_t unit, size_t size, void *arg)
{
	size_t keep = unit * size;

	(void)arg;
	got.size += keep;
	if (got.kept + keep < 8 << 20) {
		got.body = realloc(got.body, got.kept + keep + 1);
		memcpy(got.body + got.kept, bytes, keep);
		got.kept += keep;
		got.body[got.kept] = '\0';
	}
	return unit * size;
}

void get(const char *path)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer " SIM_TOKEN);
	int64_t since = test_now_ms();
	char url[512];

	free(got.body);
	memset(&got, 0, sizeof got);
	snprintf(url, sizeof url, "%s%s", sim->root, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	got.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &got.connects);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &got.os_error);
	got.took_ms = test_now_ms() - since;
	curl_slist_free_all(headers);
}

bool has_header(const char *name)
{
	char mark[64];

	snprintf(mark, sizeof mark, "\n%s:", name);
	return strcasestr(got.headers, mark) != NULL;
}

bool body_is(const char *first)
{
	return got.body && strncmp(got.body, first, strlen(first)) == 0;
}

bool is_json(void)
{
	yyjson_doc *doc = yyjson_read(got.body ? got.body : "", got.kept, 0);

	yyjson_doc_free(doc);
	return doc != NULL;
}

void open_sim(void)
{
	place = place_new();
	curl = curl_easy_init();
	sim = simulator_new(place, "--builds", "60", "--pipelines", "2");
}

void close_sim(void)
{
	curl_easy_cleanup(curl);
	free(got.body);
	simulator_free(&sim);
	place_free(&place);
}
