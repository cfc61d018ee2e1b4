/* SPDX-License-Identifier: MIT */
#include "common/http/url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_web(const char *scheme)
{
	return scheme && (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0);
}

char *http_url_join(const char *base, const char *location)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *whole = NULL, *copy = NULL;

	if (url && curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_URL, location, CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && is_web(scheme) &&
	    curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
		copy = strdup(whole);
	}
	curl_free(scheme);
	curl_free(whole);
	curl_url_cleanup(url);
	return copy;
}

static bool is_here(const char *host)
{
	static const char *const names[] = {"localhost", "localhost.", "[::1]", "[::]", "0.0.0.0"};
	size_t size = strlen(host);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcasecmp(host, names[i]) == 0) {
			return true;
		}
	}
	return strncmp(host, "127.", 4) == 0 || strncasecmp(host, "[::ffff:127.", 12) == 0 ||
	       (size > 10 && strcasecmp(host + size - 10, ".localhost") == 0);
}

struct place {
	bool tls, here;
};

static bool place_of(const char *text, struct place *place)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL;
	bool known = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		     curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		     curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;

	if (known) {
		*place = (struct place){strcmp(scheme, "https") == 0, is_here(host)};
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return known;
}

bool http_url_may_follow(const char *api_url, const char *url)
{
	struct place api, there;

	if (!place_of(api_url, &api) || !place_of(url, &there)) {
		return false;
	}
	return api.here ? there.tls || !api.tls : there.tls && !there.here;
}

static char *part_of(const char *text, CURLUPart part)
{
	CURLU *url = curl_url();
	char *value = NULL, *copy = NULL;

	if (url && curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(url, part, &value, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		copy = strdup(value);
	}
	curl_free(value);
	curl_url_cleanup(url);
	return copy;
}

static bool same_part(const char *a, const char *b, CURLUPart part)
{
	char *of_a = part_of(a, part), *of_b = part_of(b, part);
	bool same = of_a && of_b && strcasecmp(of_a, of_b) == 0;

	free(of_a);
	free(of_b);
	return same;
}

bool http_url_same_origin(const char *a, const char *b)
{
	return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

static bool is_below(const char *host, const char *domain)
{
	size_t size = strlen(host), tail = strlen(domain);

	return size >= tail && strcasecmp(host + size - tail, domain) == 0 &&
	       (size == tail || host[size - tail - 1] == '.');
}

bool http_url_within(const char *url, const char *domain)
{
	char *scheme = part_of(url, CURLUPART_SCHEME), *host = part_of(url, CURLUPART_HOST),
	     *port = part_of(url, CURLUPART_PORT);
	bool within = scheme && host && port && strcmp(scheme, "https") == 0 && strcmp(port, "443") == 0 &&
		      is_below(host, domain);

	free(scheme);
	free(host);
	free(port);
	return within;
}

bool http_address_is_private_to_host(const char *address)
{
	static const char *const prefixes[] = {"169.254.", "fe80:", "fd00:ec2::254"};

	address += strncasecmp(address, "::ffff:", 7) == 0 ? 7 : 0;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (strncasecmp(address, prefixes[i], strlen(prefixes[i])) == 0) {
			return true;
		}
	}
	return false;
}
