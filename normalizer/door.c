/* SPDX-License-Identifier: MIT */
#include "normalizer/door.h"
#include "common/curve.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "normalizer/batch.h"
#include "normalizer/port.h"
#include "normalizer/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DENIED_RETRY_MS 2000
#define HANDSHAKE_MS    5000 /* who has not shown a key by then is cut off */
#define TELL_EVERY_MS   1000 /* a flood of refusals must not become a flood of lines */
#define ZAP_ENDPOINT    "inproc://zeromq.zap.01"
#define LISTENERS       (ROLE_TAP | ROLE_ADMIN)
#define READERS         (ROLE_SINK | LISTENERS)

/* What is not here is for admin alone. */
static const struct {
	enum port port;
	const char *command;
	unsigned roles;
} rules[] = {
	{PORT_INGEST, "claim", ROLE_FETCH},   {PORT_INGEST, "publish", ROLE_FETCH},
	{PORT_INGEST, "targets", ROLE_FETCH}, {PORT_INGEST, "heartbeat", ROLE_FETCH},
	{PORT_INGEST, "done", ROLE_FETCH},    {PORT_FEED, "attach", READERS},
	{PORT_FEED, "credit", READERS},       {PORT_FEED, "heartbeat", READERS},
	{PORT_FEED, "detach", READERS},       {PORT_FEED, "ack", ROLE_SINK},
	{PORT_FEED, "reject", ROLE_SINK},     {PORT_FEED, "status", ROLE_SINK | ROLE_ADMIN},
};

/* The page of the store shows them. */
static bool lists_dead_letters(const struct wire_fields *fields)
{
	struct text verb = {0};

	return text_is(fields->command, "dead") && wire_text(fields, 0, &verb) && text_is(verb, "list");
}

static unsigned roles_for(enum port port, const struct wire_fields *fields)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].port == port && text_is(fields->command, rules[i].command)) {
			return rules[i].roles;
		}
	}
	if (port == PORT_FEED && lists_dead_letters(fields)) {
		return ROLE_SINK | ROLE_ADMIN;
	}
	return port == PORT_FEED ? ROLE_ADMIN : ROLE_NONE;
}

static const struct key *key_of(const struct request *request)
{
	return keys_find(&request->hub->door.keys, request->hub->in.sender);
}

static void PRINTF(2, 3) deny(struct request *request, const char *format, ...)
{
	char detail[256];
	va_list values;

	va_start(values, format);
	vsnprintf(detail, sizeof detail, format, values);
	va_end(values);
	request_refuse(request, "denied", DENIED_RETRY_MS, detail);
}

bool door_admits(struct request *request)
{
	const struct key *key;

	if (!request->hub->door.curve) {
		return true;
	}
	key = key_of(request);
	if (!key) {
		deny(request, "the hub does not admit this certificate any more");
	}
	return key != NULL;
}

bool door_allows(struct request *request)
{
	struct text command = request->fields->command;
	const struct key *key;

	if (!request->hub->door.curve) {
		return true;
	}
	key = key_of(request);
	if (key && key->role & roles_for(request->port, request->fields)) {
		return true;
	}
	deny(request, "a certificate with the role %s may not say %.*s here", key ? key->role_text : "none",
	     (int)(command.size < 32 ? command.size : 32), command.at);
	return false;
}

bool door_allows_name(struct request *request, struct text name)
{
	const struct key *key;

	if (!request->hub->door.curve) {
		return true;
	}
	key = key_of(request);
	if (key && (name.at ? text_is(name, key_sink(key)) : key->role != ROLE_SINK)) {
		return true;
	}
	deny(request, "a certificate with the role %s may not attach %s%.*s", key ? key->role_text : "none",
	     name.at ? "as " : "without a name", (int)(name.size < 64 ? name.size : 64),
	     name.at ? name.at : "");
	return false;
}

bool door_owns(const struct request *request, const struct session *session)
{
	return !request->hub->door.curve || strcmp(request->hub->in.sender, session->owner) == 0;
}

static void tell_refused(struct door *door, const char *address, const char *domain, const char *why,
			 const char *key)
{
	++*metrics_counter("buildbus_hub_handshakes_refused_total",
			   "Connections whose certificate was not admitted.", NULL);
	door->told_since++;
	if (door->told_ms == 0 || now_ms() - door->told_ms >= TELL_EVERY_MS) {
		log_warn("hub.refused", STR("socket", domain), STR("address", address), STR("key", key),
			 STR("why", why), NUM("count", door->told_since));
		door->told_ms = now_ms();
		door->told_since = 0;
	}
}

/* On the tap nobody speaks but by subscribing, and nobody can be answered: its role is asked for here. */
static const char *fault(const struct key *key, const char *domain)
{
	if (!key) {
		return "no file in bus.curve.clients_dir has its key";
	}
	if (strcmp(domain, "tap") == 0 && !(key->role & LISTENERS)) {
		return "its role is neither tap nor admin";
	}
	return NULL;
}

static void answer_zap(struct door *door, char **text, zframe_t *credentials)
{
	char key[KEY_TEXT_SIZE] = "";
	const char *wrong = "it showed no key", *version = text[0], *sequence = text[1];

	if (streq(version, "1.0") && streq(text[5], "CURVE") && credentials &&
	    zframe_size(credentials) == 32 && zmq_z85_encode(key, zframe_data(credentials), 32)) {
		wrong = fault(keys_find(&door->keys, key), text[2]);
	}
	zstr_sendx(door->zap, "1.0", sequence, wrong ? "400" : "200", wrong ? "not admitted" : "OK",
		   wrong ? "" : key, "", NULL);
	if (wrong) {
		tell_refused(door, text[3], text[2], wrong, key);
	}
}

/* version, sequence, domain, address, routing id, mechanism, then what the mechanism shows. */
static int on_zap(zloop_t *loop, zsock_t *socket, void *arg)
{
	enum { FIELDS = 6 };
	zmsg_t *request = zmsg_recv(socket);
	char *text[FIELDS];
	zframe_t *credentials;

	(void)loop;
	for (int i = 0; i < FIELDS; i++) {
		text[i] = request ? zmsg_popstr(request) : NULL;
		text[i] = text[i] ? text[i] : strdup("");
	}
	credentials = request ? zmsg_pop(request) : NULL;
	answer_zap(arg, text, credentials);
	for (int i = 0; i < FIELDS; i++) {
		free(text[i]);
	}
	zframe_destroy(&credentials);
	zmsg_destroy(&request);
	return 0;
}

static enum status read_own(struct door *door, const struct bus_config *bus, struct err *err)
{
	char *path = curve_certificate_path(bus, "hub");
	struct certificate own;
	enum status status = path ? cert_read(path, &own, err) : err_set(err, ERR_SYS, "no memory");

	if (status == OK && !own.secret_key[0]) {
		status = err_set(err, ERR_CONFIG,
				 "%s is a public certificate: the hub needs its secret one, which ends in "
				 "_secret",
				 path);
	}
	if (status == OK && !(door->secret_key = strdup(own.secret_key))) {
		status = err_set(err, ERR_SYS, "no memory");
	}
	free(path);
	return status == OK ? OK : err_prefix(err, "bus.curve.certificate");
}

enum status door_open(struct hub *hub, const struct bus_config *bus, struct err *err)
{
	struct door *door = &hub->door;

	door->loop = hub->context->loop;
	door->curve = bus->certificate != NULL;
	if (!door->curve) {
		return OK;
	}
	if (!bus->clients_dir) {
		return err_set(err, ERR_CONFIG,
			       "bus.curve.clients_dir: missing: of the hub: folder of the clients' public "
			       "certificates");
	}
	if (read_own(door, bus, err) != OK || keys_load(&door->keys, bus->clients_dir, err) != OK) {
		return err->status = err->status == ERR_SYS ? ERR_SYS : ERR_CONFIG;
	}
	door->zap = zsock_new(ZMQ_REP);
	if (!door->zap || zsock_bind(door->zap, ZAP_ENDPOINT) < 0) {
		return err_set(err, ERR_SYS, "bus.curve: %s", zmq_strerror(errno));
	}
	zloop_reader(hub->context->loop, door->zap, on_zap, door);
	log_info("hub.keys", NUM("admitted", door->keys.count), STR("folder", bus->clients_dir));
	return OK;
}

void door_close(struct door *door)
{
	zsock_destroy(&door->zap);
	keys_fini(&door->keys);
	if (door->secret_key) {
		explicit_bzero(door->secret_key, strlen(door->secret_key));
		free(door->secret_key);
	}
	*door = (struct door){0};
}

static struct crowd *crowd_of(struct door *door, const void *socket)
{
	for (size_t i = 0; i < DOOR_SOCKETS; i++) {
		if (door->crowds[i].socket == socket) {
			return &door->crowds[i];
		}
	}
	return NULL;
}

enum status door_dress(struct door *door, zsock_t *socket, const char *name, const char *endpoint,
		       struct err *err)
{
	zsock_set_handshake_ivl(socket, HANDSHAKE_MS);
	if (!door->curve) {
		return OK;
	}
	zsock_set_zap_domain(socket, name);
	zsock_set_curve_server(socket, 1);
	zsock_set_curve_secretkey(socket, door->secret_key);
	if (zsock_mechanism(socket) != ZMQ_CURVE) {
		return err_set(err, ERR_CONFIG, "bus.curve: this libzmq was built without CURVE");
	}
	if (strncmp(endpoint, "tcp:", 4) != 0) {
		return OK; /* whoever can reach a folder of ours need not be kept out */
	}
	return crowd_watch(crowd_of(door, NULL), door->loop, socket, err);
}

void door_undress(struct door *door, zsock_t *socket)
{
	struct crowd *crowd = socket ? crowd_of(door, zsock_resolve(socket)) : NULL;

	if (crowd) {
		crowd_end(crowd);
	}
}

/* Those who listen say little: they would go on until their next message. */
static size_t end_revoked(struct hub *hub)
{
	size_t ended = 0;

	for (size_t i = hub->session_count; i-- > 0;) {
		struct session *session = &hub->sessions[i];
		const struct key *key = keys_find(&hub->door.keys, session->owner);

		if (key && key->role & READERS &&
		    strcmp(session->name ? session->name : "", key_sink(key)) == 0) {
			continue;
		}
		log_warn("hub.revoked", STR("sink", session->name), NUM("session", session->number));
		reply_error(hub, PORT_FEED, &session->identity, "denied", DENIED_RETRY_MS,
			    "the hub does not admit this certificate any more", 0);
		session_close(hub, session);
		ended++;
	}
	return ended;
}

/* A listener says nothing that could be refused, and libzmq ends no single connection. */
static bool lost_a_listener(const struct keys *old, const struct keys *fresh)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct key *now = keys_find(fresh, old->items[i].public_key);

		if (old->items[i].role & LISTENERS && !(now && now->role & LISTENERS)) {
			return true;
		}
	}
	return false;
}

void door_reload(struct hub *hub, const struct bus_config *fresh)
{
	struct keys keys;
	struct err err;
	bool lost;

	if (hub->door.curve != (fresh->certificate && fresh->clients_dir)) {
		log_error("hub.keys_failed", STR("why", "bus.curve comes and goes with a restart only"));
		return;
	}
	if (!hub->door.curve) {
		return;
	}
	if (keys_load(&keys, fresh->clients_dir, &err) != OK) {
		log_error("hub.keys_failed", STR("why", err.text));
		return;
	}
	lost = lost_a_listener(&hub->door.keys, &keys);
	keys_fini(&hub->door.keys);
	hub->door.keys = keys;
	if (lost) {
		tap_renew(hub);
	}
	log_info("hub.keys", NUM("admitted", keys.count), STR("folder", fresh->clients_dir),
		 NUM("ended", end_revoked(hub)));
}
