/* aws/creds_assume.c - credentials of a role (contract: aws/creds_assume.h).
 *
 *   IDLE -> BASE, CALL      [assume_start]     CALL at once for a web identity
 *   BASE -> CALL            [assume_base]
 *   CALL -> CALL            [assume_refused]   the token is read again
 *   any  -> IDLE            the answer, whatever it is
 *
 * Assuming a role twice does no harm, so every attempt may be repeated.  The
 * time limit is that of the call: the base has limits of its own.
 */
#include "aws/creds_assume.h"

#include "aws/strike.h"
#include "aws/xml.h"
#include "base/text.h"

#define ASSUME_GO_ON 3                   /* beside 1 and HC_CREDS_WAIT       */
#define ASSUME_BODY ((size_t)80 << 10)   /* a token, percent-encoded         */
#define ASSUME_TEXTS ((size_t)8 << 10)
#define ASSUME_FILE ((size_t)24 << 10)   /* a token and what is trimmed      */

struct hc_assume_run {
    struct hc_call call;
    struct hc_buf body, token;           /* secret                           */
    struct hc_buf answer;                /* secret                           */
    bool reread;
};

struct assume_step {
    struct hc_creds_assume *c;
    struct hc_job *job;
    int64_t now;
    struct hc_credentials *out;
    struct headcount_error *e;
};

static bool assume_is_web(const struct hc_creds_assume *c)
{
    return c->role.token_file.n > 0;
}

static const struct hc_service *assume_sts(const struct hc_creds_assume *c)
{
    return hc_service_set_own(&c->client->services, HC_SERVICE_STS);
}

static const char *assume_operation(const struct hc_creds_assume *c)
{
    return assume_is_web(c) ? "AssumeRoleWithWebIdentity" : "AssumeRole";
}

/* ---- the request ---- */

/* The token in the file is replaced now and then, so it is read for each
 * call. */
static int assume_read_token(const struct assume_step *s)
{
    const struct hc_system *sys = &s->c->client->net->sys;
    struct hc_buf *token = &s->c->run->token;
    const char *path = s->c->role.token_file.p;
    struct headcount_error why = { .code = 0 };

    hc_buf_reset(token);
    int err = sys->read_file(sys->ud, path, token, &why);

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(s->e, err, "no memory for a web identity's token");
    if (err < 0 && err != HEADCOUNT_ELIMIT)
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                            "the token of a web identity cannot be read: %s",
                            why.what);
    while (token->n > 0 && (unsigned char)token->p[token->n - 1] <= ' ')
        token->n--;
    if (err < 0 || token->n > HC_ASSUME_TOKEN)
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                            "%s: the token of a web identity has more than "
                            "%d bytes", path, HC_ASSUME_TOKEN);
    return token->n > 0 ? 0 : hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                                           "%s is empty: it has to hold the "
                                           "token of a web identity", path);
}

static void assume_put_parameter(struct hc_buf *out, const char *name,
                                 struct hc_str value)
{
    if (value.n == 0)
        return;
    hc_buf_fmt(out, "&%s=", name);
    hc_text_percent(out, value, "");
}

static int assume_put_body(const struct assume_step *s)
{
    const struct hc_role *role = &s->c->role;
    struct hc_assume_run *run = s->c->run;
    struct hc_buf *out = &run->body;
    int err = assume_is_web(s->c) ? assume_read_token(s) : 0;

    if (err < 0)
        return err;
    hc_buf_reset(out);
    hc_buf_fmt(out, "Action=%s&Version=%.*s", assume_operation(s->c),
               HC_STR_ARG(assume_sts(s->c)->row.target));
    assume_put_parameter(out, "RoleArn", role->arn);
    assume_put_parameter(out, "RoleSessionName", role->session);
    assume_put_parameter(out, "ExternalId", role->external_id);
    assume_put_parameter(out, "WebIdentityToken", hc_buf_view(&run->token));
    if (role->duration > 0)
        hc_buf_fmt(out, "&DurationSeconds=%lld",
                   (long long)(role->duration / HC_SECOND));
    err = hc_buf_error(out);
    return err < 0 ? hc_error_set(s->e, err, "no memory to assume a role") : 0;
}

static int assume_failed(const struct assume_step *s,
                         const struct headcount_error *why)
{
    /* The deadline was that of this refresh, not that of the call that
     * waits. */
    int code =
        why->code == HEADCOUNT_EDEADLINE ? HEADCOUNT_ETIMEDOUT : why->code;

    return hc_error_set(s->e, code, "to assume %s: %s", s->c->role.arn.p,
                        why->what);
}

static int assume_call(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    int err = assume_put_body(s);

    if (err < 0)
        return err;
    const struct hc_call_config config = {
        .client = c->client, .creds = c->base,
        .service = assume_sts(c),
        .operation = hc_str(assume_operation(c)),
        .body = hc_buf_view(&c->run->body), .region = c->region,
        .deadline = hc_time_add(s->now, HC_ASSUME_TIMEOUT),
        .replay_ok = true, .for_credentials = true, .no_sign = assume_is_web(c),
        .stats = &c->tally.stats, .timings = &c->tally.timings,
    };

    hc_buf_reset(&c->run->answer);
    err = hc_call_start(&c->run->call, c->client->net, s->job, &config);
    c->state = ASSUME_CALL;
    return err < 0 ? assume_failed(s, &c->run->call.error) : ASSUME_GO_ON;
}

/* ---- BASE ---- */

static int assume_start(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    const struct hc_alloc *alloc = &c->client->net->sys.alloc;

    c->run = hc_alloc(alloc, sizeof *c->run);
    if (c->run == NULL)
        return hc_error_set(s->e, HEADCOUNT_ENOMEM,
                            "no memory to assume a role");
    hc_buf_init_secret(&c->run->body, alloc, ASSUME_BODY);
    hc_buf_init_secret(&c->run->token, alloc, ASSUME_FILE);
    hc_buf_init_secret(&c->run->answer, alloc, HC_XML_TEXT);
    c->state = ASSUME_BASE;
    return c->base == NULL ? assume_call(s) : ASSUME_GO_ON;
}

/* Waits until the base has credentials; the call then asks for them again. */
static int assume_base(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    const struct hc_creds_ask ask = {
        .waiter = &c->waiter, .job = s->job,
        .stats = &c->tally.stats, .timings = &c->tally.timings,
    };
    struct hc_credentials creds;
    struct headcount_error why = { .code = 0 };

    hc_credentials_init(&creds, &c->client->net->sys.alloc);
    int got = hc_creds_get(c->base, &ask, s->now, &creds, &why);

    hc_credentials_fini(&creds);
    if (got < 0)
        return assume_failed(s, &why);
    return got == 0 ? HC_CREDS_WAIT : assume_call(s);
}

/* ---- CALL: it was refused ---- */

static int assume_denied(const struct assume_step *s)
{
    const struct hc_service_error *a = &s->c->run->call.service_error;
    const char *role = s->c->role.arn.p;
    const char *id = a->request_id[0] != '\0' ? a->request_id : "none";

    if (assume_is_web(s->c))
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                            "%s may not be assumed: the role's trust policy "
                            "has to allow sts:AssumeRoleWithWebIdentity to "
                            "the issuer and the subject of the token in %s: "
                            "%s (request id %s)",
                            role, s->c->role.token_file.p, a->message, id);
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                        "%s may not be assumed: the role's trust policy "
                        "has to name who calls, and who calls needs "
                        "{\"Effect\":\"Allow\","
                        "\"Action\":\"sts:AssumeRole\","
                        "\"Resource\":\"%s\"}: %s (request id %s)",
                        role, role, a->message, id);
}

static int assume_refused(const struct assume_step *s)
{
    struct hc_assume_run *run = s->c->run;
    struct headcount_error why = run->call.error;
    struct hc_str code = hc_str(run->call.service_error.code);

    if (why.code != HEADCOUNT_ESERVICE)
        return assume_failed(s, &why);
    if (hc_str_starts(code, HC_STR("AccessDenied")))
        return assume_denied(s);
    if (assume_is_web(s->c) && !run->reread &&
        hc_str_starts(code, HC_STR("ExpiredToken"))) {
        run->reread = true;
        hc_call_fini(&run->call);
        return assume_call(s);
    }
    why.code = HEADCOUNT_ECREDENTIALS;
    return assume_failed(s, &why);
}

/* ---- CALL: the answer ---- */

enum { ASSUME_KEY_ID, ASSUME_SECRET, ASSUME_SESSION, ASSUME_EXPIRES,
       ASSUME_TAGS };

static int assume_wrong(const struct assume_step *s, const char *what)
{
    return hc_error_set(s->e, HEADCOUNT_EANSWER,
                        "%s: %s of %s: the answer %s",
                        s->c->run->call.slot->endpoint.host,
                        assume_operation(s->c), s->c->role.arn.p, what);
}

static int assume_take(const struct assume_step *s, const struct hc_buf *text)
{
    const struct hc_identity who = {
        hc_buf_view(&text[ASSUME_KEY_ID]), hc_buf_view(&text[ASSUME_SECRET]),
        hc_buf_view(&text[ASSUME_SESSION])
    };

    if (who.key_id.n == 0 || who.secret.n == 0 || who.token.n == 0)
        return assume_wrong(s, "has no credentials");
    if (!hc_time_get_rfc3339(hc_buf_view(&text[ASSUME_EXPIRES]),
                             &s->out->expires))
        return assume_wrong(s, "does not say when they expire");
    s->out->features =
        assume_is_web(s->c) ? HC_FEATURE_WEB_ROLE
                            : s->c->run->call.creds.features | HC_FEATURE_ROLE;
    int err = hc_credentials_put(s->out, &who, s->e);

    return err < 0 ? err : 1;
}

static int assume_read(const struct assume_step *s)
{
    struct hc_buf text[ASSUME_TAGS];
    struct hc_xml_tag tags[ASSUME_TAGS] = {
        { "AccessKeyId", &text[ASSUME_KEY_ID], false },
        { "SecretAccessKey", &text[ASSUME_SECRET], false },
        { "SessionToken", &text[ASSUME_SESSION], false },
        { "Expiration", &text[ASSUME_EXPIRES], false },
    };
    const struct hc_buf *answer = &s->c->run->answer;
    int err = hc_buf_error(answer);

    for (size_t i = 0; i < ASSUME_TAGS; i++)
        hc_buf_init_secret(&text[i], &s->c->client->net->sys.alloc,
                           HC_XML_TEXT);
    if (err == 0)
        err = hc_xml_get(hc_buf_view(answer), tags, ASSUME_TAGS);
    if (err == HEADCOUNT_ENOMEM)
        hc_error_set(s->e, err, "no memory for the credentials");
    else if (err < 0)
        err = assume_wrong(s, "is no XML that can be read");
    else
        err = assume_take(s, text);
    for (size_t i = 0; i < ASSUME_TAGS; i++)
        hc_buf_fini(&text[i]);
    return err;
}

/* ---- the machine ---- */

static int assume_step_call(const struct assume_step *s)
{
    struct hc_assume_run *run = s->c->run;
    int got = hc_call_gather(&run->call, &run->answer, s->now);

    if (got == CALL_WAIT)
        return HC_CREDS_WAIT;
    return got == CALL_DONE ? assume_read(s) : assume_refused(s);
}

static int assume_once(const struct assume_step *s)
{
    switch (s->c->state) {
    case ASSUME_IDLE: return assume_start(s);
    case ASSUME_BASE: return assume_base(s);
    case ASSUME_CALL: return assume_step_call(s);
    }
    return HEADCOUNT_ESTATE;
}

static void assume_end(struct hc_creds_assume *c)
{
    struct hc_assume_run *run = c->run;

    hc_waiter_leave(&c->waiter);
    c->state = ASSUME_IDLE;
    c->run = NULL;
    if (run == NULL)
        return;
    hc_call_fini(&run->call);
    hc_buf_fini(&run->body);
    hc_buf_fini(&run->token);
    hc_buf_fini(&run->answer);
    hc_wipe(run, sizeof *run);           /* an answer may repeat the token   */
    hc_free(&c->client->net->sys.alloc, run, sizeof *run);
}

static int creds_assume_ask(void *ud, struct hc_job *job, int64_t now,
                            struct hc_credentials *out,
                            struct headcount_error *e)
{
    const struct assume_step s = { ud, job, now, out, e };
    int got = ASSUME_GO_ON;

    while (got == ASSUME_GO_ON)
        got = assume_once(&s);
    if (got == HC_CREDS_WAIT)
        return got;
    /* A gateway that refuses a request may repeat it, token and all. */
    if (got < 0 && e != NULL && s.c->run != NULL)
        hc_strike(e->what, hc_buf_view(&s.c->run->token));
    assume_end(s.c);
    return got;
}

/* ---- birth and death ---- */

/* A role is the same in every region of its partition.  STS is asked for it in
 * our own region, if that is of the partition, else in the partition's home. */
struct hc_str hc_assume_region(const struct hc_client *k, struct hc_str arn)
{
    struct hc_str ours = k->config->region;
    struct hc_str partition = hc_role_partition(arn);
    struct hc_str home = { NULL, 0 };

    if (ours.n == 0 || !hc_str_eq(partition, hc_catalog_partition(ours)))
        home = hc_catalog_home(partition);
    return home.n > 0 ? home : ours;
}

/* The session name that CloudTrail shows.  It is the same at each refresh, so
 * CloudTrail shows all of them as one. */
static void assume_put_session(const struct hc_creds_assume *c,
                               struct hc_buf *out)
{
    const struct hc_client *k = c->client;
    struct hc_str label = hc_getenv(&k->net->sys, "AWS_LAMBDA_FUNCTION_NAME");

    if (label.n == 0)
        label = k->config->app_id.n > 0 ? k->config->app_id : c->region;
    hc_buf_lit(out, "headcount-");
    for (size_t i = 0; i < label.n && i < HC_ROLE_SESSION - 10; i++)
        hc_buf_chr(out, hc_role_is_char(label.p[i]) ? label.p[i] : '-');
}

static int assume_keep(struct hc_creds_assume *c, const struct hc_role *role)
{
    struct hc_buf *texts = &c->texts;
    const char *at;

    hc_buf_strz(texts, role->arn);
    if (role->session.n == 0)
        assume_put_session(c, texts);
    hc_buf_strz(texts, role->session);
    hc_buf_strz(texts, role->external_id);
    hc_buf_strz(texts, role->token_file);
    if (hc_buf_error(texts) < 0)
        return HEADCOUNT_ENOMEM;
    at = texts->p;
    c->role.arn = hc_str(hc_str_next(&at));
    c->role.session = hc_str(hc_str_next(&at));
    c->role.external_id = hc_str(hc_str_next(&at));
    c->role.token_file = hc_str(hc_str_next(&at));
    c->role.duration = role->duration;
    return 0;
}

int hc_creds_assume_init(struct hc_creds_assume *c, struct hc_client *client,
                         struct hc_creds *base, const struct hc_role *role,
                         struct headcount_error *e)
{
    struct hc_endpoint_slot *sts = NULL;

    *c = (struct hc_creds_assume){
        .client = client, .base = base,
        .region = hc_assume_region(client, role->arn),
    };
    hc_tally_init(&c->tally, &client->net->sys.alloc);
    hc_buf_init(&c->texts, &client->net->sys.alloc, ASSUME_TEXTS);
    int err = assume_keep(c, role);

    if (err < 0)
        return hc_error_set(e, err, "out of memory for a role");
    err = hc_client_acquire_own(client, assume_sts(c), c->region, &sts, e);
    hc_client_release_endpoint(sts);
    return err;
}

void hc_creds_assume_fini(struct hc_creds_assume *c)
{
    if (c->client == NULL)
        return;
    assume_end(c);
    hc_tally_fini(&c->tally);
    hc_buf_fini(&c->texts);
    c->client = NULL;
}

struct hc_creds_provider hc_creds_assume(struct hc_creds_assume *c)
{
    return (struct hc_creds_provider){
        assume_is_web(c) ? "web identity" : "assumed role", creds_assume_ask, c,
        true
    };
}
