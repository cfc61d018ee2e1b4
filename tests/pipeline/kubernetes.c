/* The manifests for Kubernetes: what the manual says, done, by kubectl's kustomize; the outcome against the
 * API's schemas. No API server is asked. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/place.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER BUILD_DIR "/tests/kubernetes"

static struct place *place;
static char *text_said;

/* A shell command in the place, with the build's programs in the PATH; what it prints is in `said`. Some
 * kubectl first asks a cluster for its version, and waits for it. */
#define sh(format, ...)                                                                                      \
	place_sh(place,                                                                                      \
		 "PATH=" BUILD_DIR                                                                           \
		 "/bin:$PATH && kustomize() { command kubectl --server=http://127.0.0.1:1 "                  \
		 "kustomize $1; } && { " format "; }",                                                       \
		 __VA_ARGS__)

static char *said(void)
{
	size_t size;

	free(text_said);
	text_said = place_read(place, "said", &size);
	return text_said;
}

static void expect_done(const char *command)
{
	if (sh("%s", command) != 0) {
		fail_at(HERE, "%s: %s", command, said());
	}
}

static void need(const char *command, const char *why)
{
	if (sh("%s", command) != 0) {
		cr_skip_test("%s", why);
	}
}

/* The commands of the manual's chapter, a line each; applying is printing. */
static void walk(void)
{
	size_t size;
	struct place manual = {.folder = (char *)(SOURCE_DIR "/docs")};
	char *text = place_read(&manual, "operations.md", &size), *at = strstr(text, "\n## Kubernetes\n"),
	     *end = at ? strstr(at + 2, "\n## ") : NULL;
	int commands = 0;

	cr_assert(end);
	*end = '\0';
	for (char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		if (strncmp(line, "    $ ", 6) == 0) {
			char *command;

			cr_assert(asprintf(&command,
					   "kubectl() { test $1 = apply && kustomize $3 >applied.yaml; }; %s",
					   line + 6) > 0);
			expect_done(command);
			free(command);
			commands++;
		}
	}
	cr_assert_gt(commands, 4);
	free(text);
}

static void open_place(void)
{
	place = place_new();
	setenv("BUILDKITE_TOKEN", "t0ken", 1);
	need("node --version && { test -d " FOLDER "/node_modules/typescript || { mkdir -p " FOLDER
	     " && cd " FOLDER " && timeout -k 5 120 npm install --no-audit --no-fund --prefer-offline "
	     "--ignore-scripts --no-save "
	     "kubernetes-models@5.1.0 yaml@2 typescript@5; }; }",
	     "npm can't be asked for the schemas of the Kubernetes API");
	need("mkdir k && echo 'replicas: []' >k/kustomization.yaml; command -v kubectl && ! { kustomize k "
	     "2>&1 | "
	     "grep 'unknown field'; }",
	     "no kubectl of 1.21 or later here");
	expect_done("cp -r " SOURCE_DIR "/compose compose");
	walk();
}

static void close_place(void)
{
	free(text_said);
	place_free(&place);
}

TestSuite(kubernetes, .init = open_place, .fini = close_place, .timeout = 240);

static int check(const char *file)
{
	return sh("node " SOURCE_DIR "/tests/pipeline/kubernetes.mjs " FOLDER "/node_modules %s", file);
}

/* A kustomization of all folders, each with a Secret of its own. */
static const char all_parts[] =
	"cd mine && { echo namespace: buildbus; echo resources:; for part in ../compose/kubernetes/*/; do "
	"case $part in */example/) ;; "
	"*) echo "
	"\"  - $part\";; esac; done; sed -n '/^configMapGenerator/,$p' kustomization.yaml; for part in "
	"../compose/kubernetes/*-*/; do name=$(basename $part); grep -q \"name: $name$\" kustomization.yaml "
	"|| echo \" "
	" - {name: $name, files: [buildbus.yml]}\"; done; } >all && mv all kustomization.yaml && kustomize . "
	">../all.yaml";

Test(kubernetes, every_part_is_what_the_api_takes)
{
	int code;

	expect_done(all_parts);
	code = check("all.yaml");
	cr_expect(code == 0 && strstr(said(), "26 objects, 0 problems"), "%s", said());
	expect_done("for folder in " SOURCE_DIR "/fetchers/*/ " SOURCE_DIR
		    "/sinks/*/; do program=$(basename $(dirname $folder) | sed 's/fetchers/fetch/; "
		    "s/sinks/sink/')-$(basename $folder); grep -q \"buildbus-$program$\" all.yaml || { echo "
		    "no $program; exit 1; }; done");
}

Test(kubernetes, what_is_wrong_is_found)
{
	static const char *const words[] = {
		"does not exist in type 'IPodSpec'",
		"containerPort must be integer",
		"the API has no such kind",
		"no Secret nomalizer",
		"no port fed",
		"not restricted: runAsNonRoot",
		"not restricted: capabilities.drop",
		"selects no pods",
	};

	expect_done("sed -e 's/terminationGracePeriodSeconds: 15/terminationGracePeriod: 15/' -e "
		    "'s/containerPort: 5550/containerPort: ingest/' -e 's/kind: ConfigMap/kind: ConfMap/' -e "
		    "'s/secretName: normalizer/secretName: nomalizer/' -e 's/targetPort: feed/targetPort: "
		    "fed/' -e "
		    "'s/runAsNonRoot: true/runAsNonRoot: false/' -e 's/- ALL/- NET_RAW/' -e "
		    "'0,/component: hub/s//component: hob/' applied.yaml >wrong.yaml");
	cr_expect_neq(check("wrong.yaml"), 0);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		cr_expect(strstr(said(), words[i]), "%s: %s", words[i], said());
	}
}

Test(kubernetes, each_process_reads_its_part_of_the_configuration)
{
	expect_done("sed -e \"s#/own/token#$PWD/mine/token#\" -e \"s#/own#$PWD/mine/certs#\" -e "
		    "\"s#/clients#$PWD/mine/clients#\" mine/buildbus.yml >k.yml && BUILDBUS_HUB=0.0.0.0 "
		    "buildbus validate "
		    "-c k.yml");
	cr_expect(strstr(said(), "tcp://0.0.0.0:5550"), "%s", said());
}
