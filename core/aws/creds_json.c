/* aws/creds_json.c - credentials as a JSON object (aws/creds_json.h).
 *
 *     { "Code": "Success", "AccessKeyId": "...", "SecretAccessKey": "...",
 *       "Token": "...", "Expiration": "2030-01-31T12:00:00Z" }
 *
 * Code is only there in instance metadata.
 */
#include "aws/creds_json.h"

#include "aws/strike.h"
#include "base/json.h"

#define CREDS_JSON_TOKENS 256
#define CREDS_JSON_LIFE (900 * HC_SECOND)

/* The answer while it is read. */
struct creds_json {
    struct hc_json_doc doc;
    struct hc_buf id, secret, token;         /* secret                       */
    struct hc_credentials *out;
    struct headcount_error *e;
};

static int creds_json_wrong(struct creds_json *j, const char *what)
{
    return hc_error_set(j->e, HEADCOUNT_ECREDENTIALS,
                        "%s: the answer is no set of credentials: %s",
                        j->out->source, what);
}

/* A member that has to be a text. */
static int creds_json_text(struct creds_json *j, const char *name,
                           const char *wrong, struct hc_buf *to)
{
    int v = hc_json_find(&j->doc, 0, name);

    if (hc_json_kind(&j->doc, v) != KIND_STRING)
        return creds_json_wrong(j, wrong);
    int err = hc_json_string(&j->doc, v, to);

    if (err == 0)
        err = hc_buf_error(to);
    if (err < 0)
        return hc_error_set(j->e, err, "no memory for the credentials");
    return to->n > 0 ? 0 : creds_json_wrong(j, wrong);
}

/* The proxies of some containers answer seconds since 1970.  Without an
 * Expiration the set is taken to live for 15 minutes. */
static int creds_json_expiry(struct creds_json *j, int64_t wall)
{
    int v = hc_json_find(&j->doc, 0, "Expiration");
    struct hc_str raw = hc_json_raw(&j->doc, v);

    switch (hc_json_kind(&j->doc, v)) {
    case KIND_NONE:
    case KIND_NULL:
        j->out->expires = hc_time_add(wall, CREDS_JSON_LIFE);
        return 0;
    case KIND_STRING:
        if (hc_time_get_rfc3339(raw, &j->out->expires))
            return 0;
        break;
    case KIND_NUMBER:
        if (hc_time_get_epoch(raw, &j->out->expires))
            return 0;
        break;
    case KIND_BOOL:
    case KIND_ARRAY:
    case KIND_OBJECT:
        break;
    }
    return creds_json_wrong(j, "its Expiration is no time");
}

/* A refusal may quote the set that it refuses: that is struck out. */
static void creds_json_strike(struct creds_json *j, const char *name)
{
    int v = hc_json_find_any(&j->doc, 0, hc_str(name));

    if (j->e != NULL && hc_json_kind(&j->doc, v) == KIND_STRING)
        hc_strike(j->e->what, hc_json_raw(&j->doc, v));
}

/* {"Code": "AssumeRoleUnauthorizedAccess", "Message": "..."} of the instance
 * metadata, {"code": ..., "message": ...} of a container's agent, or a message
 * alone where there is no set. */
static int creds_json_refusal(struct creds_json *j)
{
    int code = hc_json_find_any(&j->doc, 0, HC_STR("code"));
    int why = hc_json_find_any(&j->doc, 0, HC_STR("message"));
    bool has_code = hc_json_kind(&j->doc, code) == KIND_STRING;

    if (has_code ? hc_json_is(&j->doc, code, "Success")
                 : hc_json_kind(&j->doc, why) != KIND_STRING ||
                       hc_json_find(&j->doc, 0, "AccessKeyId") >= 0)
        return 0;
    hc_error_set(j->e, HEADCOUNT_ECREDENTIALS, "%s: %.*s%s%.*s", j->out->source,
                 HC_STR_ARG(hc_json_raw(&j->doc, has_code ? code : -1)),
                 has_code ? ": " : "", HC_STR_ARG(hc_json_raw(&j->doc, why)));
    creds_json_strike(j, "SecretAccessKey");
    creds_json_strike(j, "Token");
    return HEADCOUNT_ECREDENTIALS;
}

static int creds_json_object(struct creds_json *j, int64_t wall)
{
    int err = creds_json_refusal(j);

    if (err == 0)
        err = creds_json_text(j, "AccessKeyId", "its AccessKeyId is no text",
                              &j->id);
    if (err == 0)
        err = creds_json_text(j, "SecretAccessKey",
                              "its SecretAccessKey is no text", &j->secret);
    if (err == 0)
        err = creds_json_text(j, "Token", "its Token is no text", &j->token);
    if (err == 0)
        err = creds_json_expiry(j, wall);
    if (err < 0)
        return err;
    const struct hc_identity who = {
        hc_buf_view(&j->id), hc_buf_view(&j->secret), hc_buf_view(&j->token)
    };

    return hc_credentials_put(j->out, &who, j->e);
}

int hc_creds_json_get(struct hc_credentials *out, const struct hc_alloc *alloc,
                      struct hc_str text, int64_t wall,
                      struct headcount_error *e)
{
    struct creds_json j = { .out = out, .e = e };
    int err = text.n > HC_CREDS_JSON ? HEADCOUNT_ELIMIT
            : hc_json_doc_init(&j.doc, alloc, text, CREDS_JSON_TOKENS, NULL);

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory for the credentials");
    if (err < 0)
        return creds_json_wrong(&j, "it is no JSON, or too long");
    hc_buf_init_secret(&j.id, alloc, HC_CREDENTIALS_MAX);
    hc_buf_init_secret(&j.secret, alloc, HC_CREDENTIALS_MAX);
    hc_buf_init_secret(&j.token, alloc, HC_CREDENTIALS_MAX);
    err = hc_json_kind(&j.doc, 0) == KIND_OBJECT
              ? creds_json_object(&j, wall)
              : creds_json_wrong(&j, "it is no JSON object");
    hc_buf_fini(&j.id);
    hc_buf_fini(&j.secret);
    hc_buf_fini(&j.token);
    hc_json_doc_fini(&j.doc);
    return err;
}
