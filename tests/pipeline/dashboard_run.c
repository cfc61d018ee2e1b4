/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/dashboard_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct page page;

void page_start(const char *options)
{
	const char *line, *at;

	run_destination("store: {listen: \"127.0.0.1:0\"%s%s}", *options ? ", " : "", options);
	run_start();
	line = child_event(run.sink, "store.listening", NULL, NULL);
	at = strstr(line, "\"address\":\"");
	cr_assert_not_null(at, "%s", line);
	cr_assert_eq(sscanf(at + strlen("\"address\":\""), "%63[^\"]", page.address), 1);
	page.port = (int)strtol(strrchr(page.address, ':') + 1, NULL, 10);
	snprintf(page.base, sizeof page.base, "http://%s", page.address);
	child_ready(run.sink);
}

void page_store(int64_t from, int64_t to, int64_t version)
{
	for (int64_t i = from; i <= to; i++) {
		fake_hub_add_number(run.hub, i, version);
	}
	all_acked();
}

void tap_open(struct wire_tap *tap)
{
	tap_open_from(tap, NULL);
}

void tap_open_from(struct wire_tap *tap, const char *from)
{
	struct sockaddr_in own = {.sin_family = AF_INET};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)page.port)};

	*tap = (struct wire_tap){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .text = calloc(1, 1)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(tap->fd >= 0, "%s", strerror(errno));
	if (from) {
		cr_assert(inet_pton(AF_INET, from, &own.sin_addr) == 1);
		cr_assert(bind(tap->fd, (struct sockaddr *)&own, sizeof own) == 0, "%s: %s", from,
			  strerror(errno));
	}
	cr_assert(connect(tap->fd, (struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
	fcntl(tap->fd, F_SETFL, O_NONBLOCK);
}

void tap_send(struct wire_tap *tap, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(tap->fd, bytes, size, MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return; /* ended by the other side: what it said is read later */
		}
	}
}

static void read_some(struct wire_tap *tap)
{
	char bytes[16384];
	ssize_t size;

	while ((size = recv(tap->fd, bytes, sizeof bytes, 0)) > 0) {
		tap->text = realloc(tap->text, tap->size + (size_t)size + 1);
		cr_assert(tap->text);
		memcpy(tap->text + tap->size, bytes, (size_t)size);
		tap->size += (size_t)size;
		tap->text[tap->size] = '\0';
	}
	tap->ended = size == 0 || (size < 0 && errno != EAGAIN);
}

struct wait {
	struct wire_tap *tap;
	const char *text; /* NULL: the end */
};

static bool is_there(void *arg)
{
	struct wait *wait = arg;

	read_some(wait->tap);
	return wait->tap->ended ||
	       (wait->text && memmem(wait->tap->text, wait->tap->size, wait->text, strlen(wait->text)));
}

bool tap_until(struct wire_tap *tap, const char *text)
{
	struct wait wait = {tap, text};

	run_until(run.loop, is_there, &wait, (int)patience_ms());
	return memmem(tap->text, tap->size, text, strlen(text)) != NULL;
}

bool tap_ends(struct wire_tap *tap)
{
	struct wait wait = {tap, NULL};

	run_until(run.loop, is_there, &wait, (int)patience_ms());
	return tap->ended;
}

void tap_close(struct wire_tap *tap)
{
	close(tap->fd);
	free(tap->text);
	*tap = (struct wire_tap){.fd = -1};
}

char *page_raw(const char *request)
{
	return page_raw_from(NULL, request);
}

char *page_raw_from(const char *from, const char *request)
{
	struct wire_tap tap;
	char *text;

	tap_open_from(&tap, from);
	tap_send(&tap, request, strlen(request));
	cr_expect(tap_ends(&tap), "the connection stays open after %.60s", request);
	text = strdup(tap.text);
	tap_close(&tap);
	return text;
}

static int status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.", 7) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

int page_status(const char *request)
{
	char *answer = page_raw(request);
	int status = status_of(answer);

	free(answer);
	return status;
}

char *page_get(const char *path, const char *headers)
{
	char *request = NULL, *answer;

	cr_assert(asprintf(&request, "GET %s HTTP/1.1\r\n%s%sConnection: close\r\n\r\n", path,
			   strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers) > 0);
	answer = page_raw(request);
	free(request);
	return answer;
}

void expect_status_at(struct spot spot, const char *path, const char *headers, int code)
{
	char *answer = page_get(path, headers);

	if (status_of(answer) != code) {
		fail_at(spot, "%.100s with %.60s: not %d but %.300s", path, headers, code, answer);
	}
	free(answer);
}
