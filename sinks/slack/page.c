/* SPDX-License-Identifier: MIT */
#include "sinks/slack/page.h"

#include <stdio.h>

#define BLOCK_BYTES (4 * SECTION_MAX)
#define TEXT_BYTES  (4 * TEXT_MAX)
#define PLAIN_MAX   200 /* characters of a text in the metadata */
#define PLAIN_BYTES (4 * PLAIN_MAX + 1)

static const char *const words_of[] = {
	[MESSAGE_BREAK] = "break", [MESSAGE_FAILURE] = "failure", [MESSAGE_FIXED] = "fixed",
	[MESSAGE_FLAKE] = "flake", [MESSAGE_UNKNOWN] = "unknown", [MESSAGE_DIGEST] = "digest",
	[MESSAGE_SLOW] = "slow",   [MESSAGE_STUCK] = "stuck",     [MESSAGE_REMIND] = "remind",
};

struct page *page_new(struct book *book, const struct shown *shown)
{
	struct page *page = arena_alloc(&book->arena, sizeof *page);
	char *text = arena_alloc(&book->arena, TEXT_BYTES);

	if (!page || !text) {
		return NULL;
	}
	*page = (struct page){
		.book = book,
		.kind = shown->kind,
		.block_max = SECTION_MAX,
		.webhook = book->config->token == NULL,
		.now_ms = shown->now_ms,
	};
	build_init(&page->newest);
	words_init(&page->text_words, text, TEXT_BYTES, TEXT_MAX);
	page->text = &page->text_words;
	return page;
}

static struct words *page_block(struct page *page, bool context)
{
	struct page_block *block = &page->blocks[page->count < PAGE_BLOCKS ? page->count : PAGE_BLOCKS - 1];
	char *at = page->count < PAGE_BLOCKS ? arena_alloc(&page->book->arena, BLOCK_BYTES) : NULL;

	if (at) {
		words_init(&block->words, at, BLOCK_BYTES, page->block_max);
		block->context = context;
		page->count++;
	} else if (!block->words.at) {
		static char none[1];

		words_init(&block->words, none, sizeof none, 0);
	}
	return &block->words;
}

struct words *page_section(struct page *page)
{
	return page_block(page, false);
}

struct words *page_context(struct page *page)
{
	return page_block(page, true);
}

struct text page_text(struct book *book, struct text text)
{
	return text.size ? (struct text){arena_text(&book->arena, text.at, text.size), text.size} : text;
}

void page_build(struct book *book, struct text bytes, struct build *build)
{
	if (!bytes.at || !book_unpack(book, bytes, build)) {
		build_init(build);
	}
}

/* The Slack id of whoever wrote it; "": unknown. The page's email is set where Slack has to be asked. */
static const char *author_id(struct page *page, const struct build *build)
{
	struct book *book = page->book;
	const char *id = users_find(book->config, build->author.email, build->author.login), *found = "";
	sqlite3_stmt *row;

	if (!id || strcmp(id, "lookup") != 0) {
		return id ? id : "";
	}
	if (memchr(build->author.email.at, '\0', build->author.email.size)) {
		return ""; /* what would be asked for, and answered, ends there */
	}
	row = db_ask(&book->db, "SELECT id FROM users WHERE email = ? AND until > ?", "ti",
		     &build->author.email, page->now_ms);
	if (!db_row(&book->db, row)) {
		page->email = arena_text(&book->arena, build->author.email.at, build->author.email.size);
		return "";
	}
	found = arena_format(&book->arena, "%.*s", TEXT_FMT(db_text(row, 0)));
	db_end(row);
	return found ? found : "";
}

static void mention_author(struct page *page, struct words *line, const struct build *build)
{
	const char *id = page->webhook ? "" : author_id(page, build);

	id = page->webhook ? users_find(page->book->config, build->author.email, build->author.login) : id;
	if (id && *id && strcmp(id, "lookup") != 0) {
		words_add(line, line->size ? " by " : "by ");
		words_format(line, "<@%s>", id);
	} else {
		phrase_author(line, build);
	}
}

void page_mention(struct page *page, struct words *line, const struct build *build)
{
	const struct slack_rule *rule = rules_find(page->book->config, build);
	const struct config_list *list = rule ? &rule->mention : NULL;
	bool author = false;

	for (size_t i = 0; list && i < list->count; i++) {
		author |= strcmp(list->items[i], "author") == 0;
	}
	author ? mention_author(page, line, build) : phrase_author(line, build);
	for (size_t i = 0; list && i < list->count; i++) {
		char text[64];

		if (mention_text(list->items[i], text)) {
			words_add(line, " ");
			words_add(line, text);
		}
	}
}

static yyjson_mut_val *block_json(yyjson_mut_doc *doc, const struct page_block *block)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc), *text = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, text, "type", "mrkdwn");
	yyjson_mut_obj_add_strn(doc, text, "text", block->words.at, block->words.size);
	yyjson_mut_obj_add_bool(doc, text, "verbatim", true); /* no links but ours */
	yyjson_mut_obj_add_str(doc, out, "type", block->context ? "context" : "section");
	if (block->context) {
		yyjson_mut_val *elements = yyjson_mut_obj_add_arr(doc, out, "elements");

		yyjson_mut_arr_append(elements, text);
	} else {
		yyjson_mut_obj_add_val(doc, out, "text", text);
	}
	return out;
}

static void add_blocks(const struct page *page, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *blocks = yyjson_mut_obj_add_arr(doc, root, "blocks");

	for (size_t i = 0; i < page->count; i++) {
		if (page->blocks[i].words.size) {
			yyjson_mut_arr_append(blocks, block_json(doc, &page->blocks[i]));
		}
	}
}

/* Plain, whatever is in it: at most a part of the 8 KB that all of it may have. */
static void add_plain(struct page *page, yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
		      struct text text)
{
	char *at = arena_alloc(&page->book->arena, PLAIN_BYTES);
	struct words words;

	if (at && text.size) {
		words_init(&words, at, PLAIN_BYTES, PLAIN_MAX);
		words_add_text(&words, text, PLAIN_MAX);
		yyjson_mut_obj_add_strn(doc, object, key, words.at, words.size);
	}
}

/* By which a message is found again, and known for what it is. */
static void add_metadata(struct page *page, yyjson_mut_doc *doc, yyjson_mut_val *root,
			 const struct operation *out)
{
	yyjson_mut_val *metadata = yyjson_mut_obj_add_obj(doc, root, "metadata"), *payload;
	const struct build *build = &page->newest;
	size_t pipeline = build->id.size;

	yyjson_mut_obj_add_str(doc, metadata, "event_type", "buildbus_alert");
	payload = yyjson_mut_obj_add_obj(doc, metadata, "event_payload");
	yyjson_mut_obj_add_str(doc, payload, "key", out->key);
	yyjson_mut_obj_add_int(doc, payload, "rev", out->rev);
	yyjson_mut_obj_add_str(doc, payload, "kind", out->kind);
	while (pipeline > 0 && build->id.at[pipeline - 1] != '/') {
		pipeline--;
	}
	add_plain(page, doc, payload, "pipeline", (struct text){build->id.at, pipeline ? pipeline - 1 : 0});
	add_plain(page, doc, payload, "branch", build->branch);
	add_plain(page, doc, payload, "build", build->id);
}

static void add_address(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct operation *out)
{
	yyjson_mut_obj_add_str(doc, root, "channel", out->channel_id ? out->channel_id : out->channel);
	if (out->edit) {
		yyjson_mut_obj_add_str(doc, root, "ts", out->ts);
		return;
	}
	if (out->thread_ts) {
		yyjson_mut_obj_add_str(doc, root, "thread_ts", out->thread_ts);
	}
	if (out->broadcast) {
		yyjson_mut_obj_add_bool(doc, root, "reply_broadcast", true);
	}
	yyjson_mut_obj_add_bool(doc, root, "unfurl_links", false);
	yyjson_mut_obj_add_bool(doc, root, "unfurl_media", false);
}

bool page_end(struct page *page, const struct shown *shown, struct operation *out)
{
	yyjson_alc alc = arena_yyjson(&page->book->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;

	if (!root) {
		return false;
	}
	yyjson_mut_doc_set_root(doc, root);
	out->kind = words_of[page->kind];
	out->text = page->text->at;
	out->email = page->email;
	if (!page->webhook) {
		add_address(doc, root, out);
		add_metadata(page, doc, root, out);
	}
	yyjson_mut_obj_add_strn(doc, root, "text", page->text->at, page->text->size);
	if (!shown->plain) {
		add_blocks(page, doc, root);
	}
	out->body = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, NULL, NULL);
	return out->body != NULL;
}
