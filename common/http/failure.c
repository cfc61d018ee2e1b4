/* SPDX-License-Identifier: MIT */
#include "common/http/internal.h"

#include <ctype.h>
#include <openssl/x509_vfy.h>
#include <string.h>

/* Sentences of our own where curl's are vague. */
static const struct {
	CURLcode code;
	enum status status;
	const char *why;
} failures[] = {
	{CURLE_OK, ERR_REMOTE, "the answer has no status"},
	{CURLE_UNSUPPORTED_PROTOCOL, ERR_CONFIG, "not an http or https URL"},
	{CURLE_URL_MALFORMAT, ERR_CONFIG, "not a URL"},
	{CURLE_COULDNT_RESOLVE_HOST, ERR_REMOTE, "no address is known for this host"},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_REMOTE, "no address is known for the proxy"},
	{CURLE_GOT_NOTHING, ERR_REMOTE, "the connection was closed without an answer"},
	{CURLE_SEND_FAIL_REWIND, ERR_REMOTE, "the connection was closed without an answer"},
	{CURLE_PARTIAL_FILE, ERR_REMOTE, "the answer was cut off"},
	{CURLE_BAD_CONTENT_ENCODING, ERR_REMOTE, "the answer's compression is broken"},
	{CURLE_WEIRD_SERVER_REPLY, ERR_REMOTE, "the answer is not HTTP"},
	{CURLE_SSL_CACERT_BADFILE, ERR_CONFIG,
	 "no authorities to trust: the file of CURL_CA_BUNDLE or SSL_CERT_FILE can't be read; "
	 "where neither is set, install ca-certificates"},
	{CURLE_ABORTED_BY_CALLBACK, ERR_REMOTE, "an address that no file may come from"},
	{CURLE_OUT_OF_MEMORY, ERR_SYS, "no memory for the answer"},
	{CURLE_WRITE_ERROR, ERR_SYS, "no memory for the answer"},
};

static bool was_sent(const struct http_request *request)
{
	long size = 0;

	curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &size);
	return size > 0;
}

/* The detail of "SSL certificate problem: self-signed certificate" and the like. */
static void put_other_doubt(const struct http_request *request, struct err *err)
{
	const char *detail = strstr(request->curl_error, ": ");

	err_set(err, ERR_REMOTE,
		"%s: its certificate is not trusted: %s (SSL_CERT_FILE names other authorities)",
		request->place, detail ? detail + 2 : "not verified");
}

/* What curl says of a date alone leaves open who must act. */
static void put_untrusted(const struct http_request *request, struct err *err)
{
	long doubt = X509_V_OK;

	curl_easy_getinfo(request->easy, CURLINFO_SSL_VERIFYRESULT, &doubt);
	if (doubt == X509_V_ERR_CERT_HAS_EXPIRED) {
		err_set(err, ERR_REMOTE,
			"%s: its certificate has expired: its owner must renew it (or this machine's clock "
			"is wrong)",
			request->place);
	} else if (doubt == X509_V_ERR_CERT_NOT_YET_VALID) {
		err_set(err, ERR_REMOTE,
			"%s: its certificate is not valid yet: is this machine's clock right?",
			request->place);
	} else {
		put_other_doubt(request, err);
	}
}

/* The system's words for a broken connection, else curl's (it names no secret in those). The first letter
 * small: it goes after a colon. */
static void put_words(const struct http_request *request, CURLcode result, struct err *err)
{
	const char *words = *request->curl_error ? request->curl_error : curl_easy_strerror(result);
	long os_error = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_error);
	if (os_error &&
	    (result == CURLE_COULDNT_CONNECT || result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR)) {
		words = strerror((int)os_error);
	}
	if (isupper((unsigned char)words[0]) && islower((unsigned char)words[1])) {
		err_set(err, ERR_REMOTE, "%s: %c%s", request->place, tolower((unsigned char)words[0]),
			words + 1);
	} else {
		err_set(err, ERR_REMOTE, "%s: %s", request->place, words);
	}
}

static bool put_own_words(const struct http_request *request, CURLcode result, struct err *err)
{
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].code == result) {
			err_set(err, failures[i].status, "%s: %s", request->place, failures[i].why);
			return true;
		}
	}
	return false;
}

void http_failure(struct http_request *request, CURLcode result, struct err *err)
{
	if (request->too_large || result == CURLE_FILESIZE_EXCEEDED) {
		err_set(err, ERR_DATA, "%s: the answer is larger than %lld bytes", request->place,
			(long long)request->http->options.body_max_bytes);
		return;
	}
	if (result == CURLE_OPERATION_TIMEDOUT) {
		err_set(err, ERR_REMOTE, "%s: %s", request->place,
			was_sent(request) ? "no whole answer in time" : "no connection in time");
		return;
	}
	if (result == CURLE_PEER_FAILED_VERIFICATION) {
		put_untrusted(request, err);
		return;
	}
	if (result == CURLE_UNSUPPORTED_PROTOCOL && was_sent(request)) {
		result = CURLE_WEIRD_SERVER_REPLY; /* HTTP/0.9, or something else altogether */
	}
	if (!put_own_words(request, result, err)) {
		put_words(request, result, err);
	}
}
