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
#define SSO_LONGEST ((int64_t)10 * 366 * 86400)      /* s; of expiresIn      */

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
    hc_buf_init_secret(&t->text, a, HC_SSO_TOKEN_FILE);
    hc_buf_init_secret(&t->access, a, SSO_TEXT);
    hc_buf_init_secret(&t->refresh, a, SSO_TEXT);
    hc_buf_init_secret(&t->client_id, a, SSO_TEXT);
    hc_buf_init_secret(&t->client_secret, a, SSO_TEXT);
    hc_buf_init_secret(&t->start_url, a, SSO_TEXT);
    t->expires = t->registered = 0;
}

void hc_sso_token_fini(struct hc_sso_token *t)
{
    hc_buf_fini(&t->text);
    hc_buf_fini(&t->access);
    hc_buf_fini(&t->refresh);
    hc_buf_fini(&t->client_id);
    hc_buf_fini(&t->client_secret);
    hc_buf_fini(&t->start_url);
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

/* Leaves `to` empty for a member that is no text.  0 or HEADCOUNT_ENOMEM. */
static int sso_text(const struct hc_json_doc *doc, const char *name,
                    struct hc_buf *to)
{
    int v = hc_json_find(doc, 0, name);

    if (hc_json_kind(doc, v) != KIND_STRING)
        return 0;
    hc_json_string(doc, v, to);
    if (hc_buf_error(to) == HEADCOUNT_ELIMIT)
        hc_buf_reset(to);
    return hc_buf_error(to);
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
    int err = sso_text(doc, "accessToken", &t->access);

    if (err == 0)
        err = sso_text(doc, "refreshToken", &t->refresh);
    if (err == 0)
        err = sso_text(doc, "clientId", &t->client_id);
    if (err == 0)
        err = sso_text(doc, "clientSecret", &t->client_secret);
    if (err == 0)
        err = sso_text(doc, "startUrl", &t->start_url);
    if (err < 0)
        return err;
    if (!sso_member_time(doc, "registrationExpiresAt", &t->registered))
        t->registered = 0;
    if (t->access.n == 0)
        *wrong = "it has no accessToken";
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
    const struct hc_alloc *alloc = t->text.alloc;

    *wrong = NULL;
    hc_sso_token_init(&next, alloc);
    hc_buf_str(&next.text, text);
    int err = hc_buf_error(&next.text);

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

bool hc_sso_token_refreshes(const struct hc_sso_token *t, int64_t wall)
{
    return t->refresh.n > 0 && t->client_id.n > 0 && t->client_secret.n > 0 &&
           t->registered > wall;
}

void hc_sso_token_ask(const struct hc_sso_token *t, struct hc_buf *out)
{
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "clientId", hc_buf_view(&t->client_id));
    hc_json_put_member(out, "clientSecret", hc_buf_view(&t->client_secret));
    hc_json_put_member(out, "grantType", HC_STR("refresh_token"));
    hc_json_put_member(out, "refreshToken", hc_buf_view(&t->refresh));
    hc_buf_chr(out, '}');
}

/* The answer of the service. */
struct sso_news {
    struct hc_buf access, refresh;       /* secret; refresh may be empty     */
    char expires[HC_RFC3339 + 1];
};

static void sso_put_time(char out[HC_RFC3339 + 1], int64_t wall)
{
    hc_time_rfc3339(out, wall);
    out[SSO_SECONDS] = 'Z';              /* as AWS's CLI: no milliseconds    */
    out[SSO_SECONDS + 1] = '\0';
}

static int sso_news(struct sso_news *n, const struct hc_json_doc *doc,
                    int64_t wall, const char **wrong)
{
    int64_t seconds = 0;
    int err = sso_text(doc, "accessToken", &n->access);

    if (err == 0)
        err = sso_text(doc, "refreshToken", &n->refresh);
    if (err < 0)
        return err;
    if (n->access.n == 0)
        *wrong = "it has no accessToken";
    else if (!hc_json_int(doc, hc_json_find(doc, 0, "expiresIn"), &seconds) ||
             seconds <= 0 || seconds > SSO_LONGEST)
        *wrong = "its expiresIn is no number of seconds";
    if (*wrong != NULL)
        return HEADCOUNT_ECREDENTIALS;
    sso_put_time(n->expires, hc_time_add(wall, seconds * HC_SECOND));
    return 0;
}

/* A member of the file as it stood, or as it is now. */
static void sso_put_old(struct hc_buf *out, const struct hc_json_doc *doc,
                        int key, const struct sso_news *n)
{
    int v = hc_json_value(doc, key);
    bool quoted = hc_json_kind(doc, v) == KIND_STRING;

    if (hc_json_is(doc, key, "accessToken") ||
        hc_json_is(doc, key, "expiresAt") ||
        (hc_json_is(doc, key, "refreshToken") && n->refresh.n > 0))
        return;
    hc_json_put_comma(out);
    hc_buf_chr(out, '"');
    hc_buf_str(out, hc_json_raw(doc, key));
    hc_buf_lit(out, "\":");
    if (quoted)
        hc_buf_chr(out, '"');
    hc_buf_str(out, hc_json_raw(doc, v));
    if (quoted)
        hc_buf_chr(out, '"');
}

static int sso_rewrite(struct hc_sso_token *t, const struct sso_news *n,
                       const char **wrong)
{
    struct hc_json_doc doc;
    struct hc_buf text;
    int err = sso_parse(&doc, t->text.alloc, hc_buf_view(&t->text), wrong);

    if (err < 0)
        return err;
    hc_buf_init_secret(&text, t->text.alloc, HC_SSO_TOKEN_FILE);
    hc_buf_chr(&text, '{');
    for (int key = hc_json_first(&doc, 0); key >= 0;
         key = hc_json_after(&doc, 0, key))
        sso_put_old(&text, &doc, key, n);
    hc_json_put_member(&text, "accessToken", hc_buf_view(&n->access));
    hc_json_put_member(&text, "expiresAt", hc_str(n->expires));
    if (n->refresh.n > 0)
        hc_json_put_member(&text, "refreshToken", hc_buf_view(&n->refresh));
    hc_buf_chr(&text, '}');
    err = hc_buf_error(&text);
    if (err == HEADCOUNT_ELIMIT) {
        *wrong = "it makes the file too long";
        err = HEADCOUNT_ECREDENTIALS;
    }
    if (err == 0)
        err = hc_sso_token_get(t, hc_buf_view(&text), wrong);
    hc_buf_fini(&text);
    hc_json_doc_fini(&doc);
    return err;
}

int hc_sso_token_renew(struct hc_sso_token *t, struct hc_str answer,
                       int64_t wall, const char **wrong)
{
    const struct hc_alloc *alloc = t->text.alloc;
    struct hc_json_doc doc;
    struct sso_news n;

    *wrong = NULL;
    int err = sso_parse(&doc, alloc, answer, wrong);

    if (err < 0)
        return err;
    hc_buf_init_secret(&n.access, alloc, SSO_TEXT);
    hc_buf_init_secret(&n.refresh, alloc, SSO_TEXT);
    err = sso_news(&n, &doc, wall, wrong);
    if (err == 0)
        err = sso_rewrite(t, &n, wrong);
    hc_buf_fini(&n.access);
    hc_buf_fini(&n.refresh);
    hc_json_doc_fini(&doc);
    return err;
}
