/* aws/creds_sso_token.c - the file of `aws sso login` (contract:
 * aws/creds_sso_token.h). */
#include "aws/creds_sso_token.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define SSO_TOKENS 1024
#define SSO_TEXT ((size_t)64 << 10)      /* of one member                    */
#define SSO_SHA1 20
#define SSO_DATE 40
#define SSO_SECONDS 19                   /* of YYYY-MM-DDTHH:MM:SS           */
#define SSO_NO_TOKEN "it has no accessToken"
#define SSO_LONGEST ((int64_t)10 * 366 * 86400)      /* s; of expiresIn      */

/* In the order of enum hc_sso_text. */
static const char sso_names[] =
    "accessToken\0refreshToken\0clientId\0clientSecret\0startUrl";

void hc_sso_token_path(struct hc_buf *out, struct hc_str cache,
                       struct hc_str session, struct hc_str start_url)
{
    struct hc_str name = session.n > 0 ? session : start_url;
    unsigned char hash[SSO_SHA1];
    br_sha1_context sha1;

    br_sha1_init(&sha1);
    if (name.n > 0)
        br_sha1_update(&sha1, name.p, name.n);
    br_sha1_out(&sha1, hash);
    hc_buf_str(out, cache);
    hc_buf_chr(out, '/');
    hc_text_hex(out, hash, sizeof hash);
    hc_buf_lit(out, ".json");
}

void hc_sso_token_init(struct hc_sso_token *t, const struct hc_alloc *a)
{
    hc_buf_init_secret(&t->file, a, HC_SSO_TOKEN_FILE);
    for (size_t i = 0; i < HC_SSO_TEXTS; i++)
        hc_buf_init_secret(&t->text[i], a, SSO_TEXT);
    t->expires = t->registered = 0;
}

void hc_sso_token_fini(struct hc_sso_token *t)
{
    hc_buf_fini(&t->file);
    for (size_t i = 0; i < HC_SSO_TEXTS; i++)
        hc_buf_fini(&t->text[i]);
}

/* ---- read ---- */

/* Old versions of AWS's CLI wrote 2030-01-31T12:00:00UTC. */
static bool sso_time(struct hc_str s, int64_t *out)
{
    struct hc_str utc = HC_STR("UTC");
    char text[SSO_DATE];

    if (!hc_str_ends(s, utc) || s.n >= SSO_DATE)
        return hc_time_get_rfc3339(s, out);
    size_t n = hc_fmt(text, sizeof text, "%.*sZ", (int)(s.n - utc.n), s.p);

    return hc_time_get_rfc3339(hc_str_n(text, n), out);
}

/* Leaves a text empty where the member is none.  0 or HEADCOUNT_ENOMEM. */
static int sso_texts(struct hc_sso_token *t, const struct hc_json_doc *doc)
{
    const char *name = sso_names;

    for (size_t i = 0; i < HC_SSO_TEXTS; i++) {
        struct hc_buf *to = &t->text[i];
        int v = hc_json_find(doc, 0, name);

        if (hc_json_kind(doc, v) == KIND_STRING)
            hc_json_string(doc, v, to);
        if (hc_buf_error(to) == HEADCOUNT_ENOMEM)
            return HEADCOUNT_ENOMEM;
        if (hc_buf_error(to) < 0)
            hc_buf_reset(to);
        name += strlen(name) + 1;
    }
    return 0;
}

static bool sso_member_time(const struct hc_json_doc *doc, const char *name,
                            int64_t *out)
{
    int v = hc_json_find(doc, 0, name);

    return hc_json_kind(doc, v) == KIND_STRING &&
           sso_time(hc_json_raw(doc, v), out);
}

static int sso_members(struct hc_sso_token *t, const struct hc_json_doc *doc,
                       const char **wrong)
{
    int err = sso_texts(t, doc);

    if (err < 0)
        return err;
    if (!sso_member_time(doc, "registrationExpiresAt", &t->registered))
        t->registered = 0;
    if (t->text[SSO_ACCESS].n == 0)
        *wrong = SSO_NO_TOKEN;
    else if (!sso_member_time(doc, "expiresAt", &t->expires))
        *wrong = "its expiresAt is no time";
    return *wrong != NULL ? HEADCOUNT_ECREDENTIALS : 0;
}

static int sso_parse(struct hc_json_doc *doc, const struct hc_alloc *a,
                     struct hc_str text, const char **wrong)
{
    int err = hc_json_doc_init(doc, a, text, SSO_TOKENS, NULL);

    if (err == 0 && hc_json_kind(doc, 0) == KIND_OBJECT)
        return 0;
    if (err == 0)
        hc_json_doc_fini(doc);
    if (err == HEADCOUNT_ENOMEM)
        return err;
    *wrong = "it is no JSON object";
    return HEADCOUNT_ECREDENTIALS;
}

int hc_sso_token_get(struct hc_sso_token *t, struct hc_str text,
                     const char **wrong)
{
    struct hc_sso_token next;
    struct hc_json_doc doc;
    const struct hc_alloc *alloc = t->file.alloc;

    *wrong = NULL;
    hc_sso_token_init(&next, alloc);
    hc_buf_str(&next.file, text);
    int err = hc_buf_error(&next.file);

    if (err == HEADCOUNT_ELIMIT) {
        *wrong = "it is too long";
        err = HEADCOUNT_ECREDENTIALS;
    }
    if (err == 0)
        err = sso_parse(&doc, alloc, text, wrong);
    if (err == 0) {
        err = sso_members(&next, &doc, wrong);
        hc_json_doc_fini(&doc);
    }
    if (err < 0) {
        hc_sso_token_fini(&next);
        return err;
    }
    hc_sso_token_fini(t);
    *t = next;
    return 0;
}

/* ---- refreshed ---- */

static struct hc_str sso_view(const struct hc_sso_token *t, enum hc_sso_text i)
{
    return hc_buf_view(&t->text[i]);
}

bool hc_sso_token_refreshes(const struct hc_sso_token *t, int64_t wall)
{
    return t->text[SSO_REFRESH].n > 0 && t->text[SSO_CLIENT_ID].n > 0 &&
           t->text[SSO_CLIENT_SECRET].n > 0 && t->registered > wall;
}

void hc_sso_token_ask(const struct hc_sso_token *t, struct hc_buf *out)
{
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "clientId", sso_view(t, SSO_CLIENT_ID));
    hc_json_put_member(out, "clientSecret", sso_view(t, SSO_CLIENT_SECRET));
    hc_json_put_member(out, "grantType", HC_STR("refresh_token"));
    hc_json_put_member(out, "refreshToken", sso_view(t, SSO_REFRESH));
    hc_buf_chr(out, '}');
}

/* The answer of the service, as a token that has no file. */
static int sso_news(struct hc_sso_token *n, const struct hc_json_doc *doc,
                    int64_t wall, const char **wrong)
{
    int64_t seconds = 0;
    int err = sso_texts(n, doc);

    if (err < 0)
        return err;
    if (n->text[SSO_ACCESS].n == 0)
        *wrong = SSO_NO_TOKEN;
    else if (!hc_json_int(doc, hc_json_find(doc, 0, "expiresIn"), &seconds) ||
             seconds <= 0 || seconds > SSO_LONGEST)
        *wrong = "its expiresIn is no number of seconds";
    else
        n->expires = hc_time_add(wall, seconds * HC_SECOND);
    return *wrong != NULL ? HEADCOUNT_ECREDENTIALS : 0;
}

/* A member of the file as it stood, unless it is replaced. */
static void sso_put_old(struct hc_buf *out, const struct hc_json_doc *doc,
                        int key, const struct hc_sso_token *n)
{
    int v = hc_json_value(doc, key);
    const char *quote = hc_json_kind(doc, v) == KIND_STRING ? "\"" : "";
    struct hc_str name = hc_json_raw(doc, key), value = hc_json_raw(doc, v);

    if (hc_json_is(doc, key, "accessToken") ||
        hc_json_is(doc, key, "expiresAt") ||
        (hc_json_is(doc, key, "refreshToken") && n->text[SSO_REFRESH].n > 0))
        return;
    hc_json_put_comma(out);
    hc_buf_chr(out, '"');
    hc_buf_str(out, name);
    hc_buf_lit(out, "\":");
    hc_buf_text(out, quote);
    hc_buf_str(out, value);
    hc_buf_text(out, quote);
}

static void sso_put(struct hc_buf *out, const struct hc_json_doc *doc,
                    const struct hc_sso_token *n)
{
    char expires[HC_RFC3339 + 1];

    hc_time_rfc3339(expires, n->expires);
    expires[SSO_SECONDS] = 'Z';          /* as AWS's CLI: no milliseconds    */
    hc_buf_chr(out, '{');
    for (int key = hc_json_first(doc, 0); key >= 0;
         key = hc_json_after(doc, 0, key))
        sso_put_old(out, doc, key, n);
    hc_json_put_member(out, "accessToken", sso_view(n, SSO_ACCESS));
    hc_json_put_member(out, "expiresAt", hc_str_n(expires, SSO_SECONDS + 1));
    if (n->text[SSO_REFRESH].n > 0)
        hc_json_put_member(out, "refreshToken", sso_view(n, SSO_REFRESH));
    hc_buf_chr(out, '}');
}

static int sso_rewrite(struct hc_sso_token *t, const struct hc_sso_token *n,
                       const char **wrong)
{
    struct hc_json_doc doc;
    struct hc_buf text;
    int err = sso_parse(&doc, t->file.alloc, hc_buf_view(&t->file), wrong);

    if (err < 0)
        return err;
    hc_buf_init_secret(&text, t->file.alloc, 2 * HC_SSO_TOKEN_FILE);
    sso_put(&text, &doc, n);
    err = hc_buf_error(&text);
    if (err == 0)
        err = hc_sso_token_get(t, hc_buf_view(&text), wrong);
    else if (err == HEADCOUNT_ELIMIT)
        *wrong = "it is too long";
    hc_buf_fini(&text);
    hc_json_doc_fini(&doc);
    return err;
}

int hc_sso_token_renew(struct hc_sso_token *t, struct hc_str answer,
                       int64_t wall, const char **wrong)
{
    struct hc_json_doc doc;
    struct hc_sso_token n;

    *wrong = NULL;
    int err = sso_parse(&doc, t->file.alloc, answer, wrong);

    if (err < 0)
        return err;
    hc_sso_token_init(&n, t->file.alloc);
    err = sso_news(&n, &doc, wall, wrong);
    if (err == 0)
        err = sso_rewrite(t, &n, wrong);
    hc_sso_token_fini(&n);
    hc_json_doc_fini(&doc);
    return err;
}
