/* aws/creds_json.c - credentials as a JSON object (aws/creds_json.h).
 *
 *     { "Code": "Success", "AccessKeyId": "...", "SecretAccessKey": "...",
 *       "Token": "...", "Expiration": "2030-01-31T12:00:00Z" }
 *
 * Code is only there in instance metadata.
 */
#include "aws/creds_json.h"

#include "aws/strike.h"

#define CREDS_JSON_TOKENS 256
#define CREDS_JSON_LIFE (900 * HC_SECOND)

/* The object while it is read. */
struct creds_json {
    const struct hc_json_doc *doc;
    int object;
    const struct hc_creds_json_form *form;
    struct hc_buf id, secret, token;         /* secret                       */
    struct hc_credentials *out;
    struct headcount_error *e;
};

static int creds_json_wrong(struct creds_json *j, const char *name,
                            const char *what)
{
    return hc_error_set(j->e, HEADCOUNT_ECREDENTIALS,
                        "%s: the answer is no set of credentials: %s%s%s",
                        j->out->source, name != NULL ? "its " : "",
                        name != NULL ? name : "", what);
}

/* A member that has to be a text; one that is null may lack. */
static int creds_json_text(struct creds_json *j, const char *name,
                           bool may_lack, struct hc_buf *to)
{
    int v = hc_json_find_any(j->doc, j->object, hc_str(name));
    enum hc_json_kind kind = hc_json_kind(j->doc, v);

    if (may_lack && (kind == KIND_NONE || kind == KIND_NULL))
        return 0;
    if (kind != KIND_STRING)
        return creds_json_wrong(j, name, " is no text");
    int err = hc_json_string(j->doc, v, to);

    if (err == 0)
        err = hc_buf_error(to);
    if (err < 0)
        return hc_error_set(j->e, err, "no memory for the credentials");
    return to->n > 0 || may_lack ? 0
                                 : creds_json_wrong(j, name, " is no text");
}

static bool creds_json_time(struct hc_str raw, int64_t unit, int64_t *out)
{
    int64_t n;

    if (unit == HC_SECOND)
        return hc_time_get_epoch(raw, out);
    if (unit == 0 || !hc_json_number_int(raw, &n) || n < 0 ||
        n > HC_NEVER / unit)
        return false;
    *out = n * unit;
    return true;
}

/* The proxies of some containers answer seconds since 1970. */
static int creds_json_expiry(struct creds_json *j)
{
    const struct hc_creds_json_form *form = j->form;
    int v = hc_json_find_any(j->doc, j->object, hc_str(form->expires));
    struct hc_str raw = hc_json_raw(j->doc, v);

    switch (hc_json_kind(j->doc, v)) {
    case KIND_NONE:
    case KIND_NULL:
        j->out->expires = form->otherwise;
        if (form->otherwise != 0)
            return 0;
        break;
    case KIND_STRING:
        if (hc_time_get_rfc3339(raw, &j->out->expires))
            return 0;
        break;
    case KIND_NUMBER:
        if (creds_json_time(raw, form->unit, &j->out->expires))
            return 0;
        break;
    case KIND_BOOL:
    case KIND_ARRAY:
    case KIND_OBJECT:
        break;
    }
    return creds_json_wrong(j, form->expires, " is no time");
}

static int creds_json_members(struct creds_json *j)
{
    int err = creds_json_text(j, "AccessKeyId", false, &j->id);

    if (err == 0)
        err = creds_json_text(j, "SecretAccessKey", false, &j->secret);
    if (err == 0)
        err = creds_json_text(j, j->form->token, j->form->token_may_lack,
                              &j->token);
    if (err == 0)
        err = creds_json_expiry(j);
    if (err < 0)
        return err;
    const struct hc_identity who = {
        hc_buf_view(&j->id), hc_buf_view(&j->secret), hc_buf_view(&j->token)
    };

    return hc_credentials_put(j->out, &who, j->e);
}

int hc_creds_json_set(struct hc_credentials *out, const struct hc_json_doc *doc,
                      int object, const struct hc_creds_json_form *form,
                      struct headcount_error *e)
{
    struct creds_json j = { .doc = doc, .object = object, .form = form,
                            .out = out, .e = e };

    if (hc_json_kind(doc, object) != KIND_OBJECT)
        return creds_json_wrong(&j, NULL, "it is no JSON object");
    hc_buf_init_secret(&j.id, doc->alloc, HC_CREDENTIALS_MAX);
    hc_buf_init_secret(&j.secret, doc->alloc, HC_CREDENTIALS_MAX);
    hc_buf_init_secret(&j.token, doc->alloc, HC_CREDENTIALS_MAX);
    int err = creds_json_members(&j);

    hc_buf_fini(&j.id);
    hc_buf_fini(&j.secret);
    hc_buf_fini(&j.token);
    return err;
}

/* ---- what an endpoint of this host answers ---- */

/* A refusal may quote the set that it refuses: that is struck out. */
static void creds_json_strike(const struct hc_json_doc *doc, const char *name,
                              struct headcount_error *e)
{
    int v = hc_json_find_any(doc, 0, hc_str(name));

    if (e != NULL && hc_json_kind(doc, v) == KIND_STRING)
        hc_strike(e->what, hc_json_raw(doc, v));
}

/* {"Code": "AssumeRoleUnauthorizedAccess", "Message": "..."} of the instance
 * metadata, {"code": ..., "message": ...} of a container's agent, or a message
 * alone where there is no set. */
static int creds_json_refusal(const struct hc_json_doc *doc, const char *source,
                              struct headcount_error *e)
{
    int code = hc_json_find_any(doc, 0, HC_STR("code"));
    int why = hc_json_find_any(doc, 0, HC_STR("message"));
    bool has_code = hc_json_kind(doc, code) == KIND_STRING;

    if (has_code ? hc_json_is(doc, code, "Success")
                 : hc_json_kind(doc, why) != KIND_STRING ||
                       hc_json_find_any(doc, 0, HC_STR("AccessKeyId")) >= 0)
        return 0;
    hc_error_set(e, HEADCOUNT_ECREDENTIALS, "%s: %.*s%s%.*s", source,
                 HC_STR_ARG(hc_json_raw(doc, has_code ? code : -1)),
                 has_code ? ": " : "", HC_STR_ARG(hc_json_raw(doc, why)));
    creds_json_strike(doc, "SecretAccessKey", e);
    creds_json_strike(doc, "Token", e);
    return HEADCOUNT_ECREDENTIALS;
}

int hc_creds_json_get(struct hc_credentials *out, const struct hc_alloc *alloc,
                      struct hc_str text, int64_t wall,
                      struct headcount_error *e)
{
    const struct hc_creds_json_form form = {
        .token = "Token", .expires = "Expiration", .unit = HC_SECOND,
        .otherwise = hc_time_add(wall, CREDS_JSON_LIFE),
    };
    struct creds_json j = { .out = out, .e = e };
    struct hc_json_doc doc;
    int err = text.n > HC_CREDS_JSON ? HEADCOUNT_ELIMIT
            : hc_json_doc_init(&doc, alloc, text, CREDS_JSON_TOKENS, NULL);

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory for the credentials");
    if (err < 0)
        return creds_json_wrong(&j, NULL, "it is no JSON, or too long");
    err = creds_json_refusal(&doc, out->source, e);
    if (err == 0)
        err = hc_creds_json_set(out, &doc, 0, &form, e);
    hc_json_doc_fini(&doc);
    return err;
}
