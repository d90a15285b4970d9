/* cli/plain.c - text that came from elsewhere, for a terminal. */
#include "plain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "headcount.h"
#include "json_text.h"

/* No option is longer than its member: plain_copy works in place. */
static const struct word {
    const char *member, *option;
} words[] = {
    { "config.region", "--region" }, { "config.profile", "--profile" },
    { "config.endpoint_url", "--endpoint-url" },
    { "config.ca_bundle", "--ca-bundle" },
    { "config.no_sign_request", "--no-sign-request" },
    { "config.dns_server", "--dns-server" },
    { "config.acquire_timeout", "--acquire-timeout" },
    { "config.attempt_timeout", "--attempt-timeout" },
    { "config.max_connections", "--max-connections" },
    { "config.max_connections_per_host", "--max-connections-per-host" },
    { "config.min_speed", "--min-speed" },
    { "request.dry_run", "--dry-run" },
    { "request.drop_foreign", "--drop-foreign" },
    { "request.expect_account", "--expect-account" },
    { "request.external_id", "--external-id" },
    { "request.role_session_name", "--role-session-name" },
    { "request.role_duration", "--role-duration" },
    { "request.max_changes", "--max-changes" },
    { "request.max_falls", "--max-falls" }, { "request.allow", "--allow" },
    { "request.policy", "--policy" }, { "request.explain", "--explain" },
    { "request.target_prefix", "--target-prefix" },
    { "request.json_version", "--json-version" },
    { "request.signing_name", "--signing-name" },
    { "request.endpoint_prefix", "--endpoint-prefix" },
    { "request.sign", "--sign" },
};

static bool is_of_a_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '/' || c == '-';
}

/* A member's name may follow this character: "attribute:config.region" names
 * an attribute of hosts. */
static bool ends_a_word(char c)
{
    return c != '\0' && strchr(" (\"'`", c) != NULL;
}

/* The option for the member that stands here, or NULL.  A file's name such as
 * config.region.lua is none, nor is a place in a file, request.policy:3. */
static const char *option_at(const char *text, size_t n, size_t *length)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t at = strlen(words[i].member);

        if (at > n || memcmp(text, words[i].member, at) != 0 ||
            (at < n && is_of_a_word(text[at])) ||
            (at + 1 < n && (text[at] == '.' || text[at] == ':') &&
             is_of_a_word(text[at + 1])))
            continue;
        *length = at;
        return words[i].option;
    }
    return NULL;
}

bool plain_next(struct plain_walk *w)
{
    size_t length = 0;

    if (w->n == 0)
        return false;
    const char *option = w->within ? NULL : option_at(w->text, w->n, &length);

    w->within = option || !ends_a_word(*w->text);
    w->seen = true;
    w->shown = option ? option : w->text;
    if (!option)
        length = headcount_text_next(w->text, w->n, &w->seen);
    w->shown_n = option ? strlen(option) : length;
    w->text += length;
    w->n -= length;
    return true;
}

void plain_put(FILE *out, const char *text, size_t n)
{
    struct plain_walk w = { .text = text, .n = n };

    while (plain_next(&w)) {
        if (w.seen)
            fwrite(w.shown, 1, w.shown_n, out);
        else
            fputc('?', out);
    }
}

/* Without its end. */
static size_t put_option(char *to, const char *option)
{
    size_t n = 0;

    for (; option[n] != '\0'; n++)
        to[n] = option[n];
    return n;
}

size_t plain_copy(char *to, size_t size, const char *text, size_t n)
{
    size_t put = 0;
    bool seen, begins = true;

    for (size_t length; n > 0; text += length, n -= length) {
        const char *option = begins ? option_at(text, n, &length) : NULL;

        begins = !option && ends_a_word(*text);
        if (option && put + strlen(option) <= size) {
            put += put_option(to + put, option);
            continue;
        }
        length = headcount_text_next(text, n, &seen);
        if (put + (seen ? length : 1) > size)
            break;
        if (seen)
            memmove(to + put, text, length);
        else
            to[put] = '?';
        put += seen ? length : 1;
    }
    return put;
}

size_t plain_report(char *to, const char *json, size_t n)
{
    size_t put = 0;
    bool begins = true;

    for (size_t length; n > 0; json += length, n -= length) {
        const char *option = begins ? option_at(json, n, &length) : NULL;

        begins = !option && ends_a_word(*json);
        if (option) {
            put += put_option(to + put, option);
        } else {
            to[put++] = *json;
            length = 1;
        }
    }
    return put;
}

void plain_put_report(FILE *out, const char *json, size_t n)
{
    char *text = malloc(n + 1);

    if (text)
        fwrite(text, 1, plain_report(text, json, n), out);
    else
        fwrite(json, 1, n, out);
    free(text);
}

void plain_put_json(FILE *out, const char *json, size_t n)
{
    bool seen;

    for (size_t length; n > 0; json += length, n -= length) {
        length = headcount_text_next(json, n, &seen);
        if (*json == '\r')             /* between members: overprints a line */
            fputc(' ', out);
        else if (seen || (unsigned char)*json < ' ')
            fwrite(json, 1, length, out);
        else
            json_text_put(out, json, length);
    }
}
