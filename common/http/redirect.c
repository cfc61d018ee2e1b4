/* SPDX-License-Identifier: MIT */
#include "common/http/redirect.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of both, NULL and NULL are equal. */
static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *left = NULL, *right = NULL;
	bool same;

	curl_url_get(a, part, &left, CURLU_DEFAULT_PORT);
	curl_url_get(b, part, &right, CURLU_DEFAULT_PORT);
	same = left && right ? strcasecmp(left, right) == 0 : left == right;
	curl_free(left);
	curl_free(right);
	return same;
}

static bool same_place(CURLU *a, CURLU *b)
{
	return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

static void keep_query(CURLU *from, CURLU *to)
{
	char *query = NULL, *own = NULL;

	if (curl_url_get(to, CURLUPART_QUERY, &own, 0) != CURLUE_OK &&
	    curl_url_get(from, CURLUPART_QUERY, &query, 0) == CURLUE_OK) {
		curl_url_set(to, CURLUPART_QUERY, query, 0);
	}
	curl_free(query);
	curl_free(own);
}

char *http_redirect_within(const char *from, const char *location)
{
	CURLU *old = curl_url(), *url = curl_url();
	char *whole = NULL, *copy = NULL;

	if (old && url && curl_url_set(old, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_URL, location, CURLU_DISALLOW_USER) == CURLUE_OK &&
	    same_place(old, url)) {
		curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
		keep_query(old, url);
		if (curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
			copy = strdup(whole);
		}
	}
	curl_free(whole);
	curl_url_cleanup(old);
	curl_url_cleanup(url);
	return copy;
}
