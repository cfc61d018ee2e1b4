/* One request as curl sees it: what goes out, how much may come back, which authorities are trusted.
 * When it runs is http.c's. */
/* SPDX-License-Identifier: MIT */
#include "common/http/internal.h"
#include "common/http/url.h"
#include "common/process.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	LOW_SPEED_BYTES = 64, /* a second, averaged over half the time limit: slower is dead */
	BUFFER_BYTES = 64 * 1024,
	ANSWER_FIRST_BYTES = 16 * 1024,
};

static size_t on_answer_header(char *line, size_t unit, size_t size, void *arg)
{
	struct http_request *request = arg;

	http_headers_line(&request->answer_headers, line, unit * size);
	return unit * size;
}

static bool reserve(struct http_request *request, size_t size)
{
	size_t capacity = request->answer_capacity ? request->answer_capacity : ANSWER_FIRST_BYTES;
	char *grown;

	if (size <= request->answer_capacity) {
		return true;
	}
	while (capacity < size) {
		capacity *= 2;
	}
	grown = realloc(request->answer, capacity);
	if (!grown) {
		return false;
	}
	request->answer = grown;
	request->answer_capacity = capacity;
	return true;
}

/* The limit counts what comes out of decompression, so that a small answer can't become a large one. */
static size_t on_answer_body(char *bytes, size_t unit, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t size = unit * count, total = request->answer_size + size;

	request->too_large = total > (size_t)request->http->options.body_max_bytes;
	if (request->too_large || !reserve(request, total + 1)) {
		return 0;
	}
	memcpy(request->answer + request->answer_size, bytes, size);
	request->answer_size = total;
	request->answer[total] = '\0';
	return size;
}

static size_t on_body_wanted(char *out, size_t unit, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t left = request->body_size - request->body_sent;
	size_t size = unit * count < left ? unit * count : left;

	memcpy(out, request->body + request->body_sent, size);
	request->body_sent += size;
	return size;
}

static bool is_one_of(const char *method, const char *const *methods)
{
	while (*methods && strcmp(*methods, method) != 0) {
		methods++;
	}
	return *methods != NULL;
}

/* By default curl sends a request again, unasked, when a kept connection breaks before the first byte of the
 * answer, though the server may have acted on it. A body that is read through a callback that can't go back
 * makes curl fail instead, so that the caller decides; where there is no body to go back in, a fresh
 * connection does the same. */
static void set_once(struct http_request *request)
{
	curl_easy_setopt(request->easy, CURLOPT_READFUNCTION, on_body_wanted);
	curl_easy_setopt(request->easy, CURLOPT_READDATA, request);
	curl_easy_setopt(request->easy, CURLOPT_FRESH_CONNECT, request->body_size == 0 ? 1L : 0L);
}

static void set_body(struct http_request *request, const char *method)
{
	static const char *const with_body[] = {"POST", "PUT", "PATCH", NULL};
	static const char *const repeatable[] = {"GET", "HEAD", "PUT", "DELETE", NULL};
	CURL *easy = request->easy;
	bool has_body = request->body || is_one_of(method, with_body);

	curl_easy_setopt(easy, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
	if (has_body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	if (has_body && !is_one_of(method, repeatable)) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		set_once(request);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

/* Where distributions keep the authorities: a libcurl that came along knows only its own's place. NULL: in
 * none.
 */
static const char *usual_bundle(void)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
		"/etc/ssl/ca-bundle.pem",             /* openSUSE */
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (access(places[i], R_OK) == 0) {
			return places[i];
		}
	}
	return NULL;
}

/* Debian's libcurl has a fixed CA file; that these variables are honoured is the work of the curl tool. */
static void set_trust(CURL *easy)
{
	const char *bundle = getenv("CURL_CA_BUNDLE"), *file = getenv("SSL_CERT_FILE"),
		   *dir = getenv("SSL_CERT_DIR");

	if (bundle && *bundle) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
	} else if (file && *file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	} else if ((file = usual_bundle())) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	}
	if (dir && *dir) {
		curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
	}
}

static void set_limits(CURL *easy, const struct http_options *options)
{
	long patience_s = (long)(options->timeout_ms / 2000);

	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, patience_s > 0 ? patience_s : 1);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)options->body_max_bytes);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
}

static void set_protocol(CURL *easy, const char *url)
{
	bool tls = strncasecmp(url, "https:", 6) == 0;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
			 1L); /* else the end of a request waits for a slow name server */
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
	/* Over TLS rather share the connection that is being made than open one for each request. */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
}

static int on_connected(void *arg, char *address, char *local, int port, int local_port)
{
	(void)arg, (void)local, (void)port, (void)local_port;
	return http_address_is_private_to_host(address) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void set_callbacks(struct http_request *request)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_answer_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	if (request->http->options.told_by_others) {
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	}
	/* What a proxy says to CONNECT is not the answer. */
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static bool add_header(struct http_request *request, const char *line)
{
	struct curl_slist *grown = curl_slist_append(request->headers, line);

	if (grown) {
		request->headers = grown;
	}
	return grown != NULL;
}

static bool set_headers(struct http_request *request, const char *const *headers)
{
	/* Waiting for "100 Continue" costs a round trip, a second with servers that don't know it. */
	bool ok = add_header(request, "Expect:");

	for (; ok && headers && *headers; headers++) {
		ok = add_header(request, *headers);
	}
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
	return ok;
}

/* "https://user:pass@host/path?query#fragment" -> "https://host/path". Heap. */
static char *place_of(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t scheme = host ? (size_t)(host + 3 - url) : 0, size;
	char *place = malloc(strlen(url) + 1);

	if (!place) {
		return NULL;
	}
	memcpy(place, url, scheme);
	host = url + scheme;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	host = at ? at + 1 : host;
	size = strcspn(host, "?#");
	memcpy(place + scheme, host, size);
	place[scheme + size] = '\0';
	return place;
}

enum status http_transfer_open(struct http_request *request, const char *method, const char *url,
			       const char *const *headers, struct err *err)
{
	http_headers_init(&request->answer_headers);
	request->place = place_of(url);
	request->easy = curl_easy_init();
	if (!request->place || !request->easy || !set_headers(request, headers) ||
	    curl_easy_setopt(request->easy, CURLOPT_URL, url) != CURLE_OK) {
		return err_set(err, ERR_SYS, "no memory for an HTTP request");
	}
	curl_easy_setopt(request->easy, CURLOPT_USERAGENT, request->http->user_agent);
	set_callbacks(request);
	set_protocol(request->easy, url);
	set_trust(request->easy);
	set_limits(request->easy, &request->http->options);
	set_body(request, method ? method : request->body ? "POST" : "GET");
	return OK;
}

void http_request_free(struct http_request *request)
{
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	http_headers_fini(&request->answer_headers);
	free(request->answer);
	free(request->body);
	free(request->place);
	free(request);
}

void http_transfer_answer(struct http_request *request, CURLcode result, struct http_answer *answer)
{
	*answer = (struct http_answer){.body = request->answer ? request->answer : "",
				       .body_size = request->answer_size};
	http_headers_answer(&request->answer_headers, wall_ms(), answer);
	if (result != CURLE_OK || answer->class == HTTP_FAILED) {
		answer->class = HTTP_FAILED;
		answer->body = "";
		answer->body_size = 0;
		answer->untrusted = result == CURLE_PEER_FAILED_VERIFICATION;
		http_failure(request, result, &answer->err);
	}
}
