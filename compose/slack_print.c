/* SPDX-License-Identifier: MIT */
#include "compose/slack_print.h"
#include "common/time.h"
#include "compose/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define CHANNEL_WIDTH_MAX 24

static const char *const kinds[] = {"break",  "failure", "fixed", "flake", "unknown",
				    "digest", "slow",    "stuck", "remind"};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static void widen(struct slack_print *print, const char *channel)
{
	int width = channel ? (int)strlen(channel) : 0;

	width = width > CHANNEL_WIDTH_MAX ? CHANNEL_WIDTH_MAX : width;
	print->channel_width = width > print->channel_width ? width : print->channel_width;
}

void slack_print_init(struct slack_print *print, const struct slack_config *config, bool json)
{
	const struct slack_rule *rules = config->rules.items;

	*print = (struct slack_print){.json = json, .coloured = terminal_coloured()};
	widen(print, config->webhook_url ? "webhook" : config->channel);
	for (size_t i = 0; i < config->rules.count; i++) {
		widen(print, rules[i].channel);
	}
}

static void count(struct slack_print *print, const struct operation *operation)
{
	print->edits += operation->edit;
	print->replies += !operation->edit && operation->thread;
	print->posts += !operation->edit && !operation->thread;
	for (size_t i = 0; i < KIND_COUNT && !operation->edit && !operation->thread; i++) {
		print->kinds[i] += strcmp(kinds[i], operation->kind) == 0;
	}
}

static void print_json(const struct preview_said *said)
{
	const struct operation *operation = said->operation;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_doc *body =
		yyjson_read(operation->body, strlen(operation->body), YYJSON_READ_ALLOW_INVALID_UNICODE);
	char at[32], *text;

	time_format(said->at_ms, at);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "at", at);
	yyjson_mut_obj_add_str(doc, root, "does", operation->edit ? "edit" : said->thread ? "reply" : "post");
	yyjson_mut_obj_add_str(doc, root, "kind", operation->kind);
	yyjson_mut_obj_add_str(doc, root, "channel", operation->channel);
	yyjson_mut_obj_add_int(doc, root, "message", said->number);
	said->thread ? yyjson_mut_obj_add_int(doc, root, "thread", said->thread)
		     : yyjson_mut_obj_add_null(doc, root, "thread");
	yyjson_mut_obj_add_bool(doc, root, "broadcast", operation->broadcast);
	yyjson_mut_obj_add_str(doc, root, "text", operation->text);
	yyjson_mut_obj_add_val(doc, root, "blocks",
			       yyjson_val_mut_copy(doc, yyjson_obj_get(yyjson_doc_get_root(body), "blocks")));
	text = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	puts(text ? text : "");
	free(text);
	yyjson_doc_free(body);
	yyjson_mut_doc_free(doc);
}

/* Each line of text, the first behind what stands there, the others below it. */
static void print_lines(const char *mrkdwn, int indent, const char *mark)
{
	char *text = slack_plain_text(mrkdwn);

	for (const char *at = text; at && *at;) {
		size_t len = strcspn(at, "\n");

		printf("%*s%s%.*s\n", at == text ? 0 : indent, "", at == text ? mark : "", (int)len, at);
		at += len + (at[len] != '\0');
	}
	free(text);
}

/* What stands below the first line of a message. */
static void print_blocks(const struct operation *operation, int indent)
{
	yyjson_doc *body =
		yyjson_read(operation->body, strlen(operation->body), YYJSON_READ_ALLOW_INVALID_UNICODE);
	yyjson_val *blocks = yyjson_obj_get(yyjson_doc_get_root(body), "blocks"), *block;
	size_t i, max;

	yyjson_arr_foreach(blocks, i, max, block)
	{
		yyjson_val *text = yyjson_obj_get(block, "text");
		const char *words;

		text = text ? text : yyjson_arr_get_first(yyjson_obj_get(block, "elements"));
		words = yyjson_get_str(yyjson_obj_get(text, "text"));
		if (i > 0 && words && *words) {
			printf("%*s", indent, "");
			print_lines(words, indent, "");
		}
	}
	yyjson_doc_free(body);
}

/* 2026-11-20 10:05Z  #builds  1  … */
static void print_text(struct slack_print *print, const struct preview_said *said)
{
	const struct operation *operation = said->operation;
	int64_t talk = said->talk - print->talks_before;
	const char *mark = operation->edit ? "\xe2\x9c\x8e " : "";
	char at[32], head[128], number[24] = "-"; /* said before the beginning */
	int indent;

	time_format(said->at_ms, at);
	at[10] = ' ';
	if (talk > 0) {
		snprintf(number, sizeof number, "%lld", (long long)talk);
	}
	indent = snprintf(head, sizeof head, "%.16sZ  %-*.*s  %4s  ", at, print->channel_width,
			  CHANNEL_WIDTH_MAX, operation->channel, number);
	printf("%s%s%s%s", print->coloured ? "\033[2m" : "", head, print->coloured ? "\033[0m" : "",
	       said->thread ? "  \xe2\x86\xb3 " : "");
	print_lines(operation->text, indent, mark);
	if (!operation->edit && !said->thread) {
		print_blocks(operation, indent);
	}
}

void slack_print_said(void *owner, const struct preview_said *said)
{
	struct slack_print *print = owner;

	if (said->at_ms < print->from_ms) {
		print->talks_before = said->talk > print->talks_before ? said->talk : print->talks_before;
		return;
	}
	count(print, said->operation);
	print->json ? print_json(said) : print_text(print, said);
}

static const char *plural(int64_t number)
{
	return number == 1 ? "" : "s";
}

void slack_print_counts(const struct slack_print *print, FILE *out)
{
	const char *before = " (";

	fprintf(out, "%lld message%s", (long long)print->posts, plural(print->posts));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (print->kinds[i] > 0) {
			fprintf(out, "%s%lld %s", before, (long long)print->kinds[i], kinds[i]);
			before = ", ";
		}
	}
	fprintf(out, "%s, %lld repl%s, %lld edit%s", *before == ',' ? ")" : "", (long long)print->replies,
		print->replies == 1 ? "y" : "ies", (long long)print->edits, plural(print->edits));
}
