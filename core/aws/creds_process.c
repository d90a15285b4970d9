/* aws/creds_process.c - credentials that a program prints (contract:
 * aws/creds_process.h).
 *
 * A word of the command, as botocore splits it (the shlex of Python):
 *
 *   word    = 1*( '...' / "..." / \x / other )      blanks are between words
 *   '...'     as it stands
 *   "..."     a \ before " and \ goes, any other stays
 *   \x        x, whatever it is
 *
 * The other SDKs hand the command to a shell.  So that each command means the
 * same to all of them, or is refused here, a character that is special to a
 * shell has to be quoted, and a first word NAME=VALUE is refused.
 */
#include "aws/creds_process.h"

#include <string.h>

#include "aws/creds_json.h"
#include "aws/strike.h"
#include "aws/user_agent.h"
#include "base/text.h"

#define PROCESS_TEXTS ((size_t)16 << 10)
#define PROCESS_COMMAND ((size_t)64 << 10)
#define PROCESS_TOKENS 256
#define PROCESS_SAYS 300                 /* of its standard error in ours    */
#define PROCESS_NO_SHELL                                                    \
    "it is started without a shell, and has what only a shell "             \
    "understands: quote that, or write sh -c '...'"

/* ---- words ---- */

/* A command while it is split. */
struct process_split {
    struct hc_str in;
    size_t at;
    struct hc_buf *text;
    size_t *words;
    size_t n;
    const char *wrong;                   /* NULL: nothing yet                */
};

static bool process_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool process_is_special(char c)
{
    return c != '\0' && strchr("$`~*?[|&;<>()", c) != NULL;
}

/* NAME=... at the start sets a variable in a shell, and is the name of a
 * program without one. */
static bool process_sets_variable(struct hc_str in)
{
    size_t i = 0;

    for (; i < in.n; i++) {
        char c = hc_lower(in.p[i]);

        if (c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9'))
            break;
    }
    return i > 0 && i < in.n && in.p[i] == '=';
}

/* In quotes: from behind the first one to behind the last one. */
static void process_quoted(struct process_split *s, char quote)
{
    for (; s->at < s->in.n; s->at++) {
        char c = s->in.p[s->at];

        if (c == quote) {
            s->at++;
            return;
        }
        char next = s->at + 1 < s->in.n ? s->in.p[s->at + 1] : '\0';

        if (quote == '"' && c == '\\' && (next == '"' || next == '\\')) {
            s->at++;
            c = next;
        }
        hc_buf_chr(s->text, c);
    }
    s->wrong = "a quotation mark has no second one";
}

static void process_escaped(struct process_split *s)
{
    if (s->at == s->in.n)
        s->wrong = "nothing follows the backslash at its end";
    else
        hc_buf_chr(s->text, s->in.p[s->at++]);
}

/* From its first byte to the blank behind it. */
static void process_word(struct process_split *s)
{
    while (s->wrong == NULL && s->at < s->in.n &&
           !process_is_blank(s->in.p[s->at])) {
        char c = s->in.p[s->at++];

        if (c == '\'' || c == '"')
            process_quoted(s, c);
        else if (c == '\\')
            process_escaped(s);
        else if (process_is_special(c))
            s->wrong = PROCESS_NO_SHELL;
        else
            hc_buf_chr(s->text, c);
    }
    hc_buf_chr(s->text, '\0');
}

int hc_creds_process_words(struct hc_str command, struct hc_buf *text,
                           size_t words[HC_CREDS_PROCESS_WORDS],
                           const char **wrong)
{
    struct process_split s = { .in = command, .text = text, .words = words };

    while (s.wrong == NULL) {
        while (s.at < s.in.n && process_is_blank(s.in.p[s.at]))
            s.at++;
        if (s.at == s.in.n)
            break;
        if (s.n == 0 && process_sets_variable(hc_str_from(s.in, s.at)))
            s.wrong = PROCESS_NO_SHELL;
        else if (s.n == HC_CREDS_PROCESS_WORDS)
            s.wrong = "it has too many words";
        else {
            words[s.n++] = text->n;
            process_word(&s);
        }
    }
    if (hc_str_find(command, '\0') < command.n)
        s.wrong = "it holds a NUL";
    else if (s.wrong == NULL && s.n == 0)
        s.wrong = "it is empty";
    if (s.wrong == NULL && hc_buf_error(text) == HEADCOUNT_ENOMEM)
        return HEADCOUNT_ENOMEM;
    if (s.wrong == NULL && hc_buf_error(text) < 0)
        s.wrong = "it is too long";
    *wrong = s.wrong;
    return s.wrong != NULL ? HEADCOUNT_ECONFIG : (int)s.n;
}

/* ---- errors ---- */

static int process_wrong(const struct hc_creds_process *c, int code,
                         const char *what, struct headcount_error *e)
{
    return hc_error_set(e, code, "credential_process of profile `%.*s`: %s",
                        (int)(c->profile.n < 80 ? c->profile.n : 80),
                        c->profile.n > 0 ? c->profile.p : "", what);
}

/* "SecretAccessKey": "...", AWS_SESSION_TOKEN=..., Authorization: ... */
static bool process_names_secret(const char *t)
{
    static const char *const names[] = { "secretaccesskey", "sessiontoken",
                                         "securitytoken", "authorization" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *at = t, *want = names[i];

        while (*want != '\0' && hc_lower(*at) == *want) {
            want++;
            for (at++; *want != '\0' && (*at == '_' || *at == '-'); at++)
                continue;
        }
        at += *want == '\0' ? strspn(at, " '\"\\") : 0;
        if (*want == '\0' && (*at == ':' || *at == '='))
            return true;
    }
    return false;
}

/* The start of its standard error in one line.  A program that traces what it
 * does has its output in there, too: that is struck out.  A set in the wrong
 * place, or an environment, ends the line. */
static void process_says(const struct hc_proc *p, char out[PROCESS_SAYS])
{
    struct hc_str rest = hc_buf_view(&p->err);
    size_t n = 0;

    memset(out, 0, PROCESS_SAYS);
    while (rest.n > 0 && n + 4 < PROCESS_SAYS) {
        size_t length = hc_text_utf8_length(rest);
        bool seen = length > 0 && hc_text_is_seen(hc_text_code(rest));

        if (length == 0)
            length = 1;
        if (process_is_blank(rest.p[0])) {
            if (n > 0 && out[n - 1] != ' ')
                out[n++] = ' ';
        } else if (seen) {
            memcpy(out + n, rest.p, length);
            n += length;
        } else {
            out[n++] = '?';
        }
        rest = hc_str_from(rest, length);
    }
    while (n > 0 && out[n - 1] == ' ')
        out[--n] = '\0';
    for (n = 0; out[n] != '\0' && !process_names_secret(out + n); n++)
        continue;
    hc_fmt(out + n, PROCESS_SAYS - n, "%s", out[n] != '\0' ? "***" : "");
    hc_strike(out, hc_buf_view(&p->out));
}

/* It ended badly. */
static int process_ended(const struct hc_creds_process *c,
                         struct headcount_error *e)
{
    const struct hc_proc *p = &c->proc;
    char says[PROCESS_SAYS], what[PROCESS_SAYS + 64];

    process_says(p, says);
    hc_fmt(what, sizeof what, "the program ended with %s %d%s%s",
           p->signal != 0 ? "signal" : "exit status",
           p->signal != 0 ? p->signal : p->exit, says[0] != '\0' ? ": " : "",
           says);
    return process_wrong(c, HEADCOUNT_ECREDENTIALS, what, e);
}

/* ---- what it printed ---- */

static int process_members(const struct hc_creds_process *c,
                           const struct hc_json_doc *doc,
                           struct hc_credentials *out,
                           struct headcount_error *e)
{
    const struct hc_creds_json_form form = {
        .token = "SessionToken", .expires = "Expiration",
        .token_may_lack = true, .otherwise = HC_NEVER,
    };
    struct headcount_error why = { .code = 0 };
    int version = hc_json_find_any(doc, 0, HC_STR("Version"));
    int64_t number = 0;

    if (hc_json_kind(doc, 0) == KIND_OBJECT &&
        (!hc_json_int(doc, version, &number) || number != 1))
        return process_wrong(c, HEADCOUNT_ECREDENTIALS, "what it printed has "
                             "not the number 1 as its Version", e);
    int err = hc_creds_json_set(out, doc, 0, &form, &why);

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, &why);
    if (err < 0)
        return process_wrong(c, err, why.what, e);
    out->features = HC_FEATURE_PROFILE_PROCESS | HC_FEATURE_PROCESS;
    return 1;
}

static int process_printed(const struct hc_creds_process *c,
                           struct hc_credentials *out,
                           struct headcount_error *e)
{
    const struct hc_alloc *alloc = &c->net->sys.alloc;
    struct hc_json_doc doc;
    int err = hc_json_doc_init(&doc, alloc, hc_buf_view(&c->proc.out),
                               PROCESS_TOKENS, NULL);

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory for the credentials");
    if (err < 0)
        return process_wrong(c, HEADCOUNT_ECREDENTIALS,
                             c->proc.out.n == 0 ? "it printed nothing"
                                                : "it printed no JSON object",
                             e);
    err = process_members(c, &doc, out, e);
    hc_json_doc_fini(&doc);
    return err;
}

/* ---- the provider ---- */

static int process_run(struct hc_creds_process *c, struct hc_job *job,
                       int64_t now, struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    size_t words[HC_CREDS_PROCESS_WORDS];
    const char *argv[HC_CREDS_PROCESS_WORDS + 1] = { NULL };
    const struct hc_proc_config config = {
        .sys = &c->net->sys, .jobs = &c->net->jobs, .job = job, .argv = argv,
    };
    const char *wrong = NULL;
    struct hc_buf text;

    hc_buf_init_secret(&text, &c->net->sys.alloc, PROCESS_COMMAND);
    int n = hc_creds_process_words(hc_buf_view(&c->command), &text, words,
                                   &wrong);
    int err = n;

    for (int i = 0; i < n; i++)
        argv[i] = text.p + words[i];
    if (n > 0)
        err = hc_proc_start(&c->proc, &config, now, &why);
    else if (wrong != NULL)
        hc_error_set(&why, n, "%s", wrong);
    hc_buf_fini(&text);
    c->runs = err == 0;
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory to run credential_process");
    return err < 0 ? process_wrong(c, err, why.what, e) : 0;
}

static int creds_process_ask(void *ud, struct hc_job *job, int64_t now,
                             struct hc_credentials *out,
                             struct headcount_error *e)
{
    struct hc_creds_process *c = ud;
    int got = hc_arena_error(&c->texts);

    if (got == 0)
        got = hc_buf_error(&c->command);
    if (got == HEADCOUNT_ENOMEM)
        return hc_error_set(e, got, "no memory for credential_process");
    if (got < 0)
        return process_wrong(c, HEADCOUNT_ECONFIG, "it is too long", e);
    if (!c->runs)
        got = process_run(c, job, now, e);
    if (got < 0)
        return got;
    switch (hc_proc_step(&c->proc, now)) {
    case PROC_WAIT:
        return HC_CREDS_WAIT;
    case PROC_DONE:
        got = c->proc.exit != 0 || c->proc.signal != 0
                  ? process_ended(c, e) : process_printed(c, out, e);
        break;
    case PROC_FAILED:
        got = c->proc.error.code == HEADCOUNT_ENOMEM
                  ? hc_error_pass(e, &c->proc.error)
                  : process_wrong(c, c->proc.error.code, c->proc.error.what, e);
        break;
    }
    hc_proc_fini(&c->proc);
    c->runs = false;
    return got;
}

void hc_creds_process_init(struct hc_creds_process *c,
                           const struct hc_creds_process_config *config)
{
    memset(c, 0, sizeof *c);
    c->net = config->net;
    hc_arena_init(&c->texts, &c->net->sys.alloc, PROCESS_TEXTS);
    hc_buf_init_secret(&c->command, &c->net->sys.alloc, PROCESS_COMMAND);
    hc_buf_str(&c->command, config->command);
    c->profile = hc_arena_str(&c->texts, config->profile);
}

void hc_creds_process_fini(struct hc_creds_process *c)
{
    if (c->net == NULL)
        return;
    hc_proc_fini(&c->proc);
    hc_buf_fini(&c->command);
    hc_arena_fini(&c->texts);
    c->net = NULL;
}

struct hc_creds_provider hc_creds_process(struct hc_creds_process *c)
{
    return (struct hc_creds_provider){ "credential_process",
                                       creds_process_ask, c, false };
}
