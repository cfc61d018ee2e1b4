/* SPDX-License-Identifier: MIT */
#include "compose/slack_print.h"
#include "compose/width.h"

#include <stdlib.h>
#include <string.h>

/* What Slack shows for a piece of text; longer ones first where they begin alike. */
static const struct {
	const char *from, *to;
} pieces[] = {
	{"&lt;", "<"},
	{"&gt;", ">"},
	{"&amp;", "&"},
	{":red_circle:", "\xf0\x9f\x94\xb4"},
	{":large_green_circle:", "\xf0\x9f\x9f\xa2"},
	{":large_yellow_circle:", "\xf0\x9f\x9f\xa1"},
	{":white_circle:", "\xe2\x9a\xaa"},
	{":alarm_clock:", "\xe2\x8f\xb0"},
	{":hourglass:", "\xe2\x8c\x9b"},
	{":snail:", "\xf0\x9f\x90\x8c"},
};

/* `<url|label>` is its label, `<@U1>` is @U1, `<!here>` is @here, `<!date^…|then>` is then. */
static const char *put_angle(const char *at, FILE *out)
{
	const char *end = strchr(at, '>'), *label;

	if (!end) {
		fputc(*at, out);
		return at + 1;
	}
	label = memchr(at, '|', (size_t)(end - at));
	if (label) {
		fwrite(label + 1, 1, (size_t)(end - label - 1), out);
	} else {
		at += strncmp(at, "<!subteam^", 10) == 0 ? 10 : at[1] == '!' || at[1] == '@' ? 2 : 1;
		fputs(at[-1] == '<' ? "" : "@", out);
		fwrite(at, 1, (size_t)(end - at), out);
	}
	return end + 1;
}

static const char *put_piece(const char *at, FILE *out)
{
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		size_t size = strlen(pieces[i].from);

		if (strncmp(at, pieces[i].from, size) == 0) {
			fputs(pieces[i].to, out);
			return at + size;
		}
	}
	fputc(*at, out);
	return at + 1;
}

static char *unfold(const char *mrkdwn)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	while (out && *mrkdwn) {
		mrkdwn = *mrkdwn == '<' ? put_angle(mrkdwn, out) : put_piece(mrkdwn, out);
	}
	if (out) {
		fclose(out);
	}
	return text;
}

char *slack_plain_text(const char *mrkdwn)
{
	char *text = unfold(mrkdwn), *clean = NULL;
	size_t size = 0;
	FILE *out = text ? open_memstream(&clean, &size) : NULL;

	for (const char *at = text; out && *at;) {
		size_t len = strcspn(at, "\n");
		char *line = width_clean(at, len);

		fputs(line ? line : "", out);
		fputs(at[len] ? "\n" : "", out);
		free(line);
		at += len + (at[len] != '\0');
	}
	if (out) {
		fclose(out);
	}
	free(text);
	return clean;
}
