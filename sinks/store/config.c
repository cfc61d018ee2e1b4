/* SPDX-License-Identifier: MIT */
#include "sinks/store/config.h"
#include "common/listen.h"
#include "sinks/store/http/password.h"
#include "sinks/store/pair.h"

#include <arpa/inet.h>
#include <string.h>

#define ROW(name, kind, member, ...)                                                                         \
	{                                                                                                    \
		.key = (name), .type = (kind), .offset = offsetof(struct store_config, member), __VA_ARGS__  \
	}

const struct config_row store_config_rows[] = {
	ROW("listen", CONFIG_TEXT, listen, .check = listen_check,
	    .help = "ADDR:PORT of the web page and its API; port 0: any that is free"),
	ROW("hosts", CONFIG_LIST, hosts,
	    .help = "names by which browsers may reach a page without login, beside addresses and localhost"),
	ROW("auth.users", CONFIG_MAP, users, .hidden = true,
	    .help = "who may log in: name to what `buildbus password` printed"),
	ROW("auth.header.name", CONFIG_TEXT, header_name,
	    .help = "a header in which a proxy says who is there"),
	ROW("auth.header.from", CONFIG_LIST, header_from, .help = "the addresses of that proxy"),
	ROW("tls.certificate", CONFIG_PATH, certificate, .help = "PEM file: the certificate and its chain"),
	ROW("tls.key", CONFIG_PATH, key, .help = "PEM file: its private key"),
	ROW("insecure", CONFIG_BOOL, insecure, .fallback = "false",
	    .help = "listen off this machine without login or TLS: behind a proxy, in a private network"),
	CONFIG_END,
};

bool store_config_has_login(const struct store_config *config)
{
	return config->users.count > 0 || config->header_name;
}

bool store_config_is_open(const struct store_config *config)
{
	return config->insecure || (store_config_has_login(config) && config->certificate);
}

/* By what is written: names are not looked up here. What is no address at all is told by its row. */
static bool is_public(const char *listen)
{
	struct err ignored;

	if (!listen || listen_check(listen, &ignored) != OK) {
		return false;
	}
	return !(strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
		 strncmp(listen, "localhost:", 10) == 0);
}

static enum status check_addresses(const struct config_list *from, struct err *err)
{
	unsigned char out[sizeof(struct in6_addr)];

	for (size_t i = 0; i < from->count; i++) {
		if (inet_pton(AF_INET, from->items[i], out) != 1 &&
		    inet_pton(AF_INET6, from->items[i], out) != 1) {
			return err_set(err, ERR_CONFIG, "auth.header.from: %.60s is no address",
				       from->items[i]);
		}
	}
	return OK;
}

static enum status check_users(const struct config_map *users, struct err *err)
{
	for (size_t i = 0; i < users->count; i++) {
		if (!password_is_hash(users->values[i])) {
			return err_set(err, ERR_CONFIG,
				       "auth.users: %.60s: this is no hash, or not all of one: `buildbus "
				       "password` makes one of a password",
				       users->keys[i]);
		}
	}
	return OK;
}

static enum status check_pairs(const struct store_config *config, struct err *err)
{
	if (!config->listen && (store_config_has_login(config) || config->certificate || config->key)) {
		return err_set(err, ERR_CONFIG, "listen is missing: without it there is no page to protect");
	}
	if (!config->certificate != !config->key) {
		return err_set(err, ERR_CONFIG, "tls: certificate and key belong together");
	}
	if (!config->header_name != (config->header_from.count == 0)) {
		return err_set(
			err, ERR_CONFIG,
			"auth.header: name and from belong together: a header counts only from that proxy");
	}
	return OK;
}

enum status store_config_refuse(const struct store_config *config, struct err *err)
{
	if (*config->listen == ':') {
		return err_set(
			err, ERR_CONFIG,
			"listen %.60s: that is every address of this machine, and others than it could "
			"read every build there: write ADDR:PORT, e.g. 127.0.0.1%.60s, add auth and "
			"tls, or say insecure: true",
			config->listen, config->listen);
	}
	return err_set(
		err, ERR_CONFIG,
		"listen %.60s: others than this machine could read every build there: add auth and tls, "
		"listen on 127.0.0.1, or say insecure: true behind a proxy or in a private network",
		config->listen);
}

enum status store_config_check(const void *arg, const struct config *file, struct err *err)
{
	const struct store_config *config = arg;
	enum status status = check_pairs(config, err);

	(void)file;
	status = status == OK ? check_users(&config->users, err) : status;
	status = status == OK ? check_addresses(&config->header_from, err) : status;
	status = status == OK && config->certificate ? pair_check(config->certificate, config->key, err)
						     : status;
	return status == OK && is_public(config->listen) && !store_config_is_open(config)
		       ? store_config_refuse(config, err)
		       : status;
}
