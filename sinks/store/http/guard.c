/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/guard.h"
#include "common/process.h"
#include "common/time.h"
#include "sinks/store/http/hosts.h"
#include "sinks/store/http/password.h"
#include "sinks/store/http/server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { KNOWN_MS = 300000, PATIENCE_S = 2 };

/* Fits nothing; as dear as a real one, so that nobody learns which names there are. */
static const char nobody[] = "scrypt-14-8-5-00000000000000000000000000000000-"
			     "0000000000000000000000000000000000000000000000000000000000000000";

enum status guard_init(struct guard *guard, const struct store_config *config, const char *state_dir,
		       struct err *err)
{
	char *path = NULL;
	enum status status = OK;

	guard->config = config;
	pthread_mutex_init(&guard->lock, NULL);
	pthread_mutex_init(&guard->hashing, NULL);
	if (config->users.count > 0) {
		status = asprintf(&path, "%s/dashboard.key", state_dir) < 0
				 ? err_sys(err, "memory for a path")
				 : session_key_load(&guard->key, path, err);
		free(path);
	}
	return status;
}

void guard_fini(struct guard *guard)
{
	pthread_mutex_destroy(&guard->lock);
	pthread_mutex_destroy(&guard->hashing);
}

/* "10.0.0.1", of an IPv4 client on an IPv6 socket too. */
static void peer_address(const struct request *request, char out[static NI_MAXHOST])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	socklen_t size = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								   : sizeof(struct sockaddr_in);

	*out = '\0';
	if (address) {
		getnameinfo(address, size, out, NI_MAXHOST, NULL, 0, NI_NUMERICHOST);
	}
	if (strncmp(out, "::ffff:", 7) == 0 && strchr(out, '.')) {
		memmove(out, out + 7, strlen(out + 7) + 1);
	}
}

/* Sentences about the same address land in the same place; two addresses may share one. */
static bool is_too_often(struct guard *guard, const struct request *request, int more)
{
	char address[NI_MAXHOST];
	uint64_t hash;
	struct peer_tries *peer;
	bool often;

	peer_address(request, address);
	hash = XXH3_64bits(address, strlen(address));
	peer = &guard->peers[hash % GUARD_PEERS];
	pthread_mutex_lock(&guard->lock);
	if (now_ms() - peer->since_ms > MINUTE_MS) {
		*peer = (struct peer_tries){now_ms(), 0};
	}
	peer->tries += more;
	often = peer->tries >= GUARD_TRIES;
	pthread_mutex_unlock(&guard->lock);
	return often;
}

static void digest(const struct guard *guard, const char *user, const char *password, unsigned char out[32])
{
	char text[512 + PASSWORD_MAX];
	unsigned size = 32;
	int length = snprintf(text, sizeof text, "%.500s\n%s", user, password);

	HMAC(EVP_sha256(), guard->key.bytes, SESSION_KEY_SIZE, (const unsigned char *)text, (size_t)length,
	     out, &size);
	OPENSSL_cleanse(text, sizeof text);
}

static bool is_known(struct guard *guard, const unsigned char wanted[32])
{
	bool found = false;

	pthread_mutex_lock(&guard->lock);
	for (int i = 0; i < GUARD_KNOWN; i++) {
		found |= guard->known[i].until_ms > now_ms() &&
			 CRYPTO_memcmp(guard->known[i].digest, wanted, 32) == 0;
	}
	pthread_mutex_unlock(&guard->lock);
	return found;
}

static void keep(struct guard *guard, const unsigned char good[32])
{
	pthread_mutex_lock(&guard->lock);
	memcpy(guard->known[guard->next_known].digest, good, 32);
	guard->known[guard->next_known].until_ms = now_ms() + KNOWN_MS;
	guard->next_known = (guard->next_known + 1) % GUARD_KNOWN;
	pthread_mutex_unlock(&guard->lock);
}

static const char *hash_of(const struct config_map *users, const char *user)
{
	for (size_t i = 0; i < users->count; i++) {
		if (strcmp(users->keys[i], user) == 0) {
			return users->values[i];
		}
	}
	return nobody;
}

/* Several log in at a time, or one script asks several things. */
static bool wait_to_hash(struct guard *guard)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	return pthread_mutex_timedlock(&guard->hashing, &until) == 0;
}

enum guard_word guard_check(struct guard *guard, const struct request *request, const char *user,
			    const char *password)
{
	unsigned char wanted[32];
	bool fits;

	if (is_too_often(guard, request, 0)) {
		return GUARD_OFTEN;
	}
	if (strlen(password) > PASSWORD_MAX) {
		return GUARD_WRONG;
	}
	digest(guard, user, password, wanted);
	if (is_known(guard, wanted)) {
		return GUARD_FITS;
	}
	if (!wait_to_hash(guard)) {
		return GUARD_BUSY;
	}
	fits = is_known(guard, wanted); /* by now: of the same script, mostly */
	if (!fits && password_fits(password, hash_of(&guard->config->users, user))) {
		keep(guard, wanted);
		fits = true;
	}
	pthread_mutex_unlock(&guard->hashing);
	if (!fits) {
		is_too_often(guard, request, 1);
	}
	return fits ? GUARD_FITS : GUARD_WRONG;
}

const char *guard_user(const struct guard *guard, const struct request *request)
{
	const struct config_map *users = &guard->config->users;
	const char *cookie =
		MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, SESSION_COOKIE);
	int user = cookie ? session_user(&guard->key, users, cookie, wall_ms()) : -1;

	return user < 0 ? NULL : users->keys[user];
}

/* The proxy says who is there; from anybody else the header is a lie. */
static bool comes_by_proxy(struct guard *guard, const struct request *request)
{
	const char *said =
		guard->config->header_name ? request_header(request, guard->config->header_name) : NULL;
	char address[NI_MAXHOST];

	if (!said || !*said) {
		return false;
	}
	peer_address(request, address);
	for (size_t i = 0; i < guard->config->header_from.count; i++) {
		if (strcmp(guard->config->header_from.items[i], address) == 0) {
			return true;
		}
	}
	return false;
}

static enum guard_word try_basic(struct guard *guard, const struct request *request)
{
	char *password = NULL, *user = MHD_basic_auth_get_username_password(request->connection, &password);
	enum guard_word word = user && password ? guard_check(guard, request, user, password) : GUARD_WRONG;

	MHD_free(user);
	MHD_free(password);
	return word;
}

/* What needs no login: whether the process is well, and how to log in. */
static bool is_open(const struct request *request)
{
	return strcmp(request->path, "/healthz") == 0 || strcmp(request->path, "/login") == 0 ||
	       strcmp(request->path, "/login.css") == 0 || strncmp(request->path, "/assets/", 8) == 0;
}

static enum MHD_Result ask_for_login(const struct request *request)
{
	const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);
	bool page = accept && strstr(accept, "text/html") && strncmp(request->path, "/api/", 5) != 0;

	return page ? login_redirect(request)
		    : answer_error(request, MHD_HTTP_UNAUTHORIZED,
				   "log in first: at /login, or with a password in "
				   "the request");
}

enum MHD_Result guard_refuse(const struct request *request, enum guard_word word)
{
	return word == GUARD_OFTEN ? answer_error(request, MHD_HTTP_TOO_MANY_REQUESTS,
						  "too many wrong passwords: wait a minute")
				   : answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
						  "many log in just now: try again");
}

bool guard_admits(struct guard *guard, struct request *request, enum MHD_Result *result)
{
	enum guard_word word;

	if (!store_config_has_login(guard->config)) {
		if (host_is_ours(request_header(request, MHD_HTTP_HEADER_HOST), &guard->config->hosts)) {
			return true;
		}
		*result = answer_error(request, MHD_HTTP_FORBIDDEN,
				       "this page is not known by that name: add it to `hosts` of the store");
		return false;
	}
	if (is_open(request) || comes_by_proxy(guard, request)) {
		return true;
	}
	if (guard->config->users.count == 0) {
		*result = answer_error(request, MHD_HTTP_UNAUTHORIZED,
				       "come by the proxy that knows who you are");
		return false;
	}
	if (guard_user(guard, request)) {
		return true;
	}
	word = try_basic(guard, request);
	if (word != GUARD_FITS) {
		*result = word == GUARD_WRONG ? ask_for_login(request) : guard_refuse(request, word);
	}
	return word == GUARD_FITS;
}
