/* SPDX-License-Identifier: MIT */
#include "tests/support/web.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct body {
	char *text;
	size_t size;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct body *body = context;
	char *text = realloc(body->text, body->size + size * count + 1);

	cr_assert(text);
	body->text = text;
	memcpy(text + body->size, bytes, size * count);
	body->size += size * count;
	text[body->size] = '\0';
	return size * count;
}

/* One handle for the whole test, so that connections are kept. */
static CURL *handle(void)
{
	static CURL *curl;

	curl = curl ? curl : curl_easy_init();
	cr_assert(curl);
	curl_easy_reset(curl);
	return curl;
}

char *web_ask(const char *method, const char *url, const char *token, const char *json, long *status)
{
	CURL *curl = handle();
	struct curl_slist *headers = NULL;
	struct body body = {calloc(1, 1), 0};
	char bearer[256];

	if (token) {
		snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", token);
		headers = curl_slist_append(headers, bearer);
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER,
			 0L); /* of a simulator: whom the product trusts is no matter of this */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 4 * (long)patience_ms());
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	if (json) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	*status = 0;
	if (curl_easy_perform(curl) == CURLE_OK) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	}
	curl_slist_free_all(headers);
	return body.text;
}

char *web_get(struct spot spot, const char *url, const char *token)
{
	long status;
	char *body = web_ask("GET", url, token, NULL, &status);

	if (status / 100 != 2) {
		fail_at(spot, "GET %s: %ld %s", url, status, body);
	}
	return body;
}
