/* Any bytes as a record at a listener, and any text as a topic. */
/* SPDX-License-Identifier: MIT */
#include "common/tap/field.h"
#include "common/tap/topics.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static void read_record(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"id", "state", "author.name", "jobs", "a.b.c.d", ".", ""};
	struct buildbus_tap_event event = {.record = data, .record_size = size};
	char *topic = field_topic(&event);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t length;
		const char *text = buildbus_tap_text(&event, keys[i], &length);

		REQUIRE(!text || (text >= (const char *)data && text + length <= (const char *)data + size));
		buildbus_tap_int(&event, keys[i], 0);
	}
	REQUIRE(!topic || strncmp(topic, "build.", 6) == 0);
	free(topic);
}

/* What is wanted up to the first newline, then a topic. */
static void match(const uint8_t *data, size_t size)
{
	char *wanted = strndup((const char *)data, size < 64 ? size : 64);
	char *topic = wanted ? strchr(wanted, '\n') : NULL;
	struct topics topics = {0};

	if (topic) {
		*topic++ = '\0';
		if (topics_add(&topics, wanted, NULL) == OK) {
			bool matches = topics_match(&topics, text_of(topic));

			REQUIRE(topics_subscription(&topics, 0).size > 0);
			REQUIRE(topics_all(&topics) ? topics_match(&topics, TEXT("build.a.b.running"))
						    : true);
			(void)topics_about(&topics, text_of(topic));
			(void)matches;
		}
		topics_fini(&topics);
	}
	free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_record(data, size);
	match(data, size);
	return 0;
}
