/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/hosts.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 255 };

static bool ends_in_localhost(const char *name)
{
	size_t size = strlen(name);

	return size > 10 && strcasecmp(name + size - 10, ".localhost") == 0;
}

static bool is_listed(const char *name, const struct config_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcasecmp(names->items[i], name) == 0) {
			return true;
		}
	}
	return false;
}

bool host_is_ours(const char *host, const struct config_list *names)
{
	char name[HOST_MAX + 1];
	unsigned char address[sizeof(struct in6_addr)];
	size_t size;

	if (!host || !*host) {
		return false;
	}
	if (*host == '[') {
		return strchr(host, ']') != NULL;
	}
	size = strcspn(host, ":");
	if (size == 0 || size > HOST_MAX) {
		return false;
	}
	memcpy(name, host, size);
	name[size] = '\0';
	return !strchr(name, '.') || ends_in_localhost(name) || inet_pton(AF_INET, name, address) == 1 ||
	       is_listed(name, names);
}
