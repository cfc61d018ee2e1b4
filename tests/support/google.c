/* SPDX-License-Identifier: MIT */
#include "tests/support/google.h"
#include "tests/support/child.h"
#include "tests/support/web.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Tests are processes of their own: what they must know is in the environment. */
#define FIRESTORE_HOST "BUILDBUS_TEST_FIRESTORE"
#define FIRESTORE_SKIP "BUILDBUS_TEST_FIRESTORE_SKIP"
#define AUTH_HOST      "BUILDBUS_TEST_AUTH"
#define AUTH_SKIP      "BUILDBUS_TEST_AUTH_SKIP"
#define MODULES        "BUILDBUS_TEST_MODULES"
#define FAKES          SOURCE_DIR "/tests/fakes/firebase"
#define JAR            "/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"

static struct place *place;
static struct child *firestore, *auth;

/* The file `name` in the PATH with symbolic links resolved. */
static bool find_program(const char *name, char out[static PATH_MAX])
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	while (path && *path) {
		size_t size = strcspn(path, ":");
		if (snprintf(file, sizeof file, "%.*s/%s", (int)size, path, name) < PATH_MAX &&
		    access(file, X_OK) == 0 && realpath(file, out)) {
			return true;
		}
		path += size + (path[size] == ':');
	}
	return false;
}

/* The emulator of the Cloud SDK that gcloud belongs to. */
static bool find_jar(char out[static PATH_MAX])
{
	char *bin;

	if (!find_program("gcloud", out)) {
		return false;
	}
	bin = strstr(out, "/bin/gcloud");
	if (!bin || (size_t)(bin - out) + sizeof JAR > PATH_MAX) {
		return false;
	}
	memcpy(bin, JAR, sizeof JAR);
	return access(out, R_OK) == 0;
}

static void set_host(const char *name, int port)
{
	char host[32];

	snprintf(host, sizeof host, "127.0.0.1:%d", port);
	setenv(name, host, 1);
}

/* gcloud's own launcher needs Python and leaves Java behind when it is killed. */
static void start_firestore(void)
{
	char java[PATH_MAX], jar[PATH_MAX], port_option[32];
	int port = free_port();

	if (!find_jar(jar)) {
		setenv(FIRESTORE_SKIP,
		       "Google's Firestore emulator is not installed (gcloud components install "
		       "cloud-firestore-emulator)",
		       1);
		return;
	}
	if (!find_program("java", java)) {
		setenv(FIRESTORE_SKIP, "Google's Firestore emulator needs java", 1);
		return;
	}
	snprintf(port_option, sizeof port_option, "--port=%d", port);
	firestore = child_start(&(struct launch){
		.place = place,
		.program = "/bin/sh",
		.args = ARGS("-c", "exec \"$0\" \"$@\" >&2", java, "-Duser.language=en", "-Xmx512m",
			     "-XX:TieredStopAtLevel=1", "-cp", jar,
			     "com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start",
			     "--host=127.0.0.1", port_option, "--rules=" FAKES "/strict.rules"),
		.no_ready = true,
	});
	be_patient(20); /* Java on a busy machine */
	child_says(firestore, "Dev App Server is now running");
	be_patient(1);
	set_host(FIRESTORE_HOST, port);
}

/* The last line that a script printed; false: it failed. */
static bool run_script(const char *script, char *out, size_t size)
{
	FILE *pipe = popen(script, "re");

	cr_assert(pipe);
	*out = '\0';
	while (fgets(out, (int)size, pipe)) {
		out[strcspn(out, "\n")] = '\0';
	}
	return pclose(pipe) == 0;
}

static void start_auth(void)
{
	char folder[PATH_MAX], modules[PATH_MAX + 64], node[PATH_MAX];

	if (!run_script(FAKES "/install 2>&1", folder, sizeof folder) || !find_program("node", node)) {
		setenv(AUTH_SKIP, folder, 1);
		return;
	}
	snprintf(modules, sizeof modules, "%s/node_modules", folder);
	setenv(MODULES, modules, 1);
	setenv("NODE_PATH", modules, 1);
	auth = child_start(&(struct launch){
		.place = place,
		.program = node,
		.args = ARGS(FAKES "/auth.js", "demo-auth"),
	});
	be_patient(20);
	child_ready(auth);
	be_patient(1);
	set_host(AUTH_HOST, (int)strtol(child_greeting(auth), NULL, 10));
	free(auth_ask(HERE, "POST", "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
		      "{'email':'" GOOGLE_EMAIL "','password':'" GOOGLE_PASSWORD "'}"));
}

void google_start(void)
{
	fail_outside(true);
	place = place_new();
	start_firestore();
	if (firestore) {
		start_auth();
	} else {
		setenv(AUTH_SKIP, getenv(FIRESTORE_SKIP), 1);
	}
	fail_outside(false);
}

void google_stop(void)
{
	if (firestore) {
		child_kill(firestore);
		child_free(&firestore);
	}
	if (auth) {
		child_kill(auth);
		child_free(&auth);
	}
	place_free(&place);
}

static const char *need(const char *host, const char *skip)
{
	if (!getenv(host)) {
		const char *why = getenv(skip);
		cr_assert(why, "the emulator did not start");
		cr_skip_test("%s", why);
	}
	return getenv(host);
}

void need_firestore(void)
{
	need(FIRESTORE_HOST, FIRESTORE_SKIP);
}

void need_auth(void)
{
	need(AUTH_HOST, AUTH_SKIP);
}

const char *firestore_host(void)
{
	return getenv(FIRESTORE_HOST);
}

const char *auth_host(void)
{
	return getenv(AUTH_HOST);
}

const char *node_modules(void)
{
	return getenv(MODULES);
}

static char *with_quotes(const char *json)
{
	char *out = strdup(json);

	for (char *c = out; *c; c++) {
		*c = *c == '\'' ? '"' : *c;
	}
	return out;
}

static char *ask(struct spot spot, const char *method, const char *url, const char *json, bool may_miss)
{
	char *body = json ? with_quotes(json) : NULL, *answer;
	long status;

	answer = web_ask(method, url, "owner", body, &status);
	free(body);
	if (may_miss && status == 404) {
		free(answer);
		return NULL;
	}
	if (status / 100 != 2) {
		fail_at(spot, "%s %s: %ld %s", method, url, status, answer);
	}
	return answer;
}

char *auth_ask(struct spot spot, const char *method, const char *path, const char *json)
{
	char url[512];

	snprintf(url, sizeof url, "http://%s%s", auth_host(), path);
	return ask(spot, method, url, json, false);
}

static void document_url(const char *project, const char *path, char out[static 512])
{
	snprintf(out, 512, "http://%s/v1/projects/%s/databases/(default)/documents/%s", firestore_host(),
		 project, path);
}

char *firestore_document(const char *project, const char *path)
{
	char url[512];

	document_url(project, path, url);
	return ask(HERE, "GET", url, NULL, true);
}

void firestore_put(const char *project, const char *path, const char *fields)
{
	char url[512], *body;

	document_url(project, path, url);
	cr_assert(asprintf(&body, "{\"fields\":%s}", fields) > 0);
	free(ask(HERE, "PATCH", url, body, false));
	free(body);
}
