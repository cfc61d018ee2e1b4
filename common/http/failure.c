/* SPDX-License-Identifier: MIT */
#include "common/http/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Sentences of our own where curl's are vague; curl's say more about TLS, and where they do they name no
 * secret. */
static const struct {
	CURLcode code;
	enum status status;
	const char *why; /* NULL: curl's own words */
} failures[] = {
	{CURLE_OK, ERR_REMOTE, "the answer has no status"},
	{CURLE_UNSUPPORTED_PROTOCOL, ERR_CONFIG, "not an http or https URL"},
	{CURLE_URL_MALFORMAT, ERR_CONFIG, "not a URL"},
	{CURLE_COULDNT_RESOLVE_HOST, ERR_REMOTE, "no address is known for this host"},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_REMOTE, "no address is known for the proxy"},
	{CURLE_GOT_NOTHING, ERR_REMOTE, "the connection was closed without an answer"},
	{CURLE_PARTIAL_FILE, ERR_REMOTE, "the answer was cut off"},
	{CURLE_SEND_FAIL_REWIND, ERR_REMOTE, "the connection was closed without an answer"},
	{CURLE_FILESIZE_EXCEEDED, ERR_DATA, "the answer is too large"},
	{CURLE_OUT_OF_MEMORY, ERR_SYS, "no memory for the answer"},
	{CURLE_WRITE_ERROR, ERR_SYS, "no memory for the answer"},
	{CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, NULL},
	{CURLE_PEER_FAILED_VERIFICATION, ERR_REMOTE, NULL},
	{CURLE_SSL_CONNECT_ERROR, ERR_REMOTE, NULL},
	{CURLE_BAD_CONTENT_ENCODING, ERR_REMOTE, "the answer's compression is broken"},
	{CURLE_WEIRD_SERVER_REPLY, ERR_REMOTE, "the answer is not HTTP"},
};

/* The first letter small: it goes after a colon. */
static void put_words(struct err *err, enum status status, const char *place, const char *words)
{
	err_set(err, status, "%s: %c%s", place, tolower((unsigned char)words[0]), words[0] ? words + 1 : "");
}

static void put_timeout(const struct http_request *request, struct err *err)
{
	const struct http_options *options = &request->http->options;
	curl_off_t connected_us = 0;

	curl_easy_getinfo(request->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (connected_us == 0) {
		err_set(err, ERR_REMOTE, "%s: no connection in time", request->place);
	} else {
		err_set(err, ERR_REMOTE, "%s: no whole answer within %g s", request->place,
			(double)options->timeout_ms / 1000);
	}
}

static bool was_sent(const struct http_request *request)
{
	long size = 0;

	curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &size);
	return size > 0;
}

/* The system's words for a broken connection, else curl's. */
static const char *words_of(const struct http_request *request, CURLcode result)
{
	long os_error = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_error);
	if (os_error &&
	    (result == CURLE_COULDNT_CONNECT || result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR)) {
		return strerror((int)os_error);
	}
	return *request->curl_error ? request->curl_error : curl_easy_strerror(result);
}

void http_failure(struct http_request *request, CURLcode result, struct err *err)
{
	const char *words = words_of(request, result);

	if (request->too_large || result == CURLE_FILESIZE_EXCEEDED) {
		err_set(err, ERR_DATA, "%s: the answer is larger than %lld bytes", request->place,
			(long long)request->http->options.body_max_bytes);
		return;
	}
	if (result == CURLE_UNSUPPORTED_PROTOCOL && was_sent(request)) {
		result = CURLE_WEIRD_SERVER_REPLY; /* HTTP/0.9, or something else altogether */
	}
	if (result == CURLE_OPERATION_TIMEDOUT) {
		put_timeout(request, err);
		return;
	}
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].code == result) {
			put_words(err, failures[i].status, request->place,
				  failures[i].why ? failures[i].why : words);
			return;
		}
	}
	put_words(err, ERR_REMOTE, request->place, words);
}
