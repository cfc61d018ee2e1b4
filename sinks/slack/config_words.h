/* Values of the section as Slack has them: what belongs under a key, and what people put there instead. No
 * sentence holds a secret, wherever it was put. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

enum status slack_check_token(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_webhook(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_channel(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_glob(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_mention(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_user(const char *text, struct err *err) MUST_CHECK;
enum status slack_check_api_url(const char *text, struct err *err) MUST_CHECK;
