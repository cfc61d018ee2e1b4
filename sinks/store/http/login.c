/* The way in: a form, a cookie, the way out. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/store/http/form.h"
#include "sinks/store/http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char form_page[] =
	"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
	"<meta name=color-scheme content=\"light dark\"><title>Buildbus: log in</title>"
	"<link rel=stylesheet href=/login.css><link rel=icon href=data:,>"
	"<meta name=referrer content=same-origin>"
	"<h1>Buildbus</h1>%s<form method=post action=/login><input type=hidden name=to value=\"%s\">"
	"<p><label>Name <input name=user autocomplete=username required autofocus></label>"
	"<p><label>Password <input name=password type=password autocomplete=current-password "
	"required></label>"
	"<p><button>Log in</button></form></html>\n";

/* Where to go after the login: one of our own addresses, of plain characters. */
static const char *own_path(const char *to)
{
	bool ours =
		to && to[0] == '/' && to[1] != '/' && to[1] != '\\' &&
		strspn(to, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~%=&?+,:@-") ==
			strlen(to);

	return ours ? to : "/";
}

static enum MHD_Result redirect(const struct request *request, const char *to, const char *cookie)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);

	if (!response) {
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, to);
	if (cookie) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	}
	return answer_response(request, MHD_HTTP_SEE_OTHER, response);
}

enum MHD_Result login_redirect(const struct request *request)
{
	char to[1100];

	snprintf(to, sizeof to, "/login?to=%.1000s", own_path(request->path));
	return redirect(request, to, NULL);
}

static enum MHD_Result show_form(struct request *request)
{
	const char *failed = request_parameter(request, "failed");
	char *page = NULL;
	int size =
		asprintf(&page, form_page, failed ? "<p role=alert>That name and password do not fit." : "",
			 own_path(request_parameter(request, "to")));

	return size < 0 ? MHD_NO
			: answer_text(request, MHD_HTTP_OK, "text/html; charset=utf-8", page, (size_t)size);
}

static enum MHD_Result let_in(struct request *request, const char *user, const char *to)
{
	const struct config_map *users = &request->dashboard->config->users;
	char session[SESSION_SIZE], cookie[SESSION_SIZE + 200];
	size_t i = 0;

	while (strcmp(users->keys[i], user) != 0) {
		i++;
	}
	session_make(&request->dashboard->guard.key, user, users->values[i], wall_ms(), session);
	snprintf(cookie, sizeof cookie, SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
		 session, SESSION_S, request->dashboard->config->certificate ? "; Secure" : "");
	return redirect(request, own_path(to), cookie);
}

static enum MHD_Result try(struct request *request)
{
	char *user = form_value(request->body, "user"), *password = form_value(request->body, "password"),
	     *to = form_value(request->body, "to");
	enum guard_word word = user && password
				       ? guard_check(&request->dashboard->guard, request, user, password)
				       : GUARD_WRONG;
	enum MHD_Result result;

	if (word == GUARD_FITS) {
		result = let_in(request, user, to);
	} else if (word != GUARD_WRONG) {
		result = guard_refuse(request, word);
	} else {
		char again[1100];

		snprintf(again, sizeof again, "/login?failed=1&to=%.1000s", own_path(to));
		result = redirect(request, again, NULL);
	}
	free(user);
	free(password);
	free(to);
	return result;
}

/* Another site's form must not log anybody in or out here. Without a referrer (all pages but the login's) a
 * browser says `Origin: null` of a form of ours, but tells the site where the connection is safe. */
static bool is_from_elsewhere(const struct request *request)
{
	const char *site = request_header(request, "Sec-Fetch-Site");
	const char *origin = request_header(request, "Origin"), *host = request_header(request, "Host");
	const char *name = origin ? strstr(origin, "://") : NULL;

	if (site) {
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	}
	return origin && (!name || !host || strcmp(name + 3, host) != 0);
}

enum MHD_Result login_answer(struct request *request)
{
	if (request->dashboard->config->users.count == 0) {
		return redirect(request, "/", NULL);
	}
	if (!request->post) {
		return show_form(request);
	}
	return is_from_elsewhere(request) ? answer_error(request, MHD_HTTP_FORBIDDEN,
							 "the form of another site can't log in here")
					  : try(request);
}

enum MHD_Result logout_answer(struct request *request)
{
	if (is_from_elsewhere(request)) {
		return answer_error(request, MHD_HTTP_FORBIDDEN, "another site can't log out here");
	}
	return redirect(request, "/login", SESSION_COOKIE "=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
}

enum MHD_Result api_session(struct request *request)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *session = yyjson_mut_obj(doc);
	const char *user = guard_user(&request->dashboard->guard, request);
	enum MHD_Result result;

	yyjson_mut_obj_add_val(doc, session, "user", user ? yyjson_mut_str(doc, user) : yyjson_mut_null(doc));
	result = answer_json(request, NULL, session);
	yyjson_mut_doc_free(doc);
	return result;
}
