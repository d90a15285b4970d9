/* aws/creds_imds.c - credentials of an instance's role (contract:
 * aws/creds_imds.h).
 *
 *   IDLE        -> TOKEN          [imds_start]         PUT /latest/api/token
 *   TOKEN       -> ROLE           [imds_take_token]    GET .../
 *   ROLE        -> CREDENTIALS    [imds_take_role]     GET .../NAME
 *   TOKEN       -> REGION         [imds_take_token]    GET .../placement/region
 *   ROLE, CREDENTIALS, REGION -> TOKEN    [imds_renew]   401, once
 *   any         -> IDLE           the answer, whatever it is
 */
#include "aws/creds_imds.h"

#include <string.h>

#include "aws/creds_json.h"
#include "base/text.h"

#define IMDS_TOKEN_MAX ((size_t)4 << 10)
#define IMDS_ROLE_MAX 64                     /* as IAM bounds a name          */
#define IMDS_ROLES "/latest/meta-data/iam/security-credentials/"
#define IMDS_PLACE "/latest/meta-data/placement/region"
#define IMDS_NAME "instance metadata"
#define IMDS_ENDPOINT "ec2_metadata_service_endpoint"
#define IMDS_MODE "ec2_metadata_service_endpoint_mode"

/* The arguments of one step. */
struct imds_step {
    struct hc_creds_imds *c;
    struct hc_job *job;
    int64_t now;
    struct hc_credentials *out;
    struct headcount_error *e;
};

#define IMDS_GO_ON 3                     /* beside 0, 1 and HC_CREDS_WAIT    */

/* ---- where ---- */

static int imds_default(const struct imds_step *s, struct hc_str *url)
{
    struct hc_setting mode;
    int err = hc_config_setting(s->c->config, IMDS_MODE, &mode, s->e);

    *url = HC_STR("http://169.254.169.254");
    if (err < 0 || mode.value.n == 0 ||
        hc_str_eqi(mode.value, HC_STR("IPv4")))
        return err;
    *url = HC_STR("http://[fd00:ec2::254]");
    if (hc_str_eqi(mode.value, HC_STR("IPv6")))
        return 0;
    return hc_setting_wrong(&mode, IMDS_MODE, "be IPv4 or IPv6", s->e);
}

static int imds_where(const struct imds_step *s)
{
    struct hc_setting given;
    struct hc_url parsed;
    int err = hc_config_setting(s->c->config, IMDS_ENDPOINT, &given, s->e);

    if (err == 0 && given.value.n == 0)
        err = imds_default(s, &given.value);
    if (err < 0)
        return err;
    const char *wrong = hc_url_wrong(&parsed, given.value);

    if (wrong == NULL && parsed.origin.tls)
        wrong = "it is spoken to over http";
    if (wrong == NULL && (parsed.query.n > 0 || parsed.path.n > 1))
        wrong = "give scheme, host and port only";
    if (wrong != NULL)
        return hc_error_set(s->e, HEADCOUNT_ECONFIG,
                            "%s%s is no URL of a metadata service: %s",
                            given.from,
                            given.is_shared ? ": " IMDS_ENDPOINT : "", wrong);
    s->c->origin = parsed.origin;
    return 0;
}

/* How long it is waited for, and how often it is asked. */
static int imds_limit(const struct imds_step *s, const char *key, int64_t most,
                      int64_t *out)
{
    const struct hc_range range = { 1, most };
    struct hc_setting given;
    int err = hc_config_setting(s->c->config, key, &given, s->e);

    *out = 0;
    return err < 0 ? err : hc_setting_number(&given, key, range, out, s->e);
}

/* True: the metadata service is not asked at all, and e says why. */
static bool imds_is_off(const struct hc_system *sys, struct headcount_error *e)
{
    if (hc_getenv(sys, "AWS_LAMBDA_FUNCTION_NAME").n > 0) {
        hc_error_set(e, HEADCOUNT_ECREDENTIALS, "not in Lambda");
        return true;
    }
    if (!hc_str_eqi(hc_getenv(sys, "AWS_EC2_METADATA_DISABLED"),
                    HC_STR("true")))
        return false;
    hc_error_set(e, HEADCOUNT_ECREDENTIALS, "AWS_EC2_METADATA_DISABLED");
    return true;
}

/* ---- the three requests ---- */

static void imds_fetch(const struct imds_step *s, struct hc_str target)
{
    struct hc_creds_imds *c = s->c;
    bool token = c->state == IMDS_TOKEN;
    int64_t given = c->seconds * HC_SECOND;
    const struct hc_creds_fetch_config config = {
        .net = c->net, .job = s->job, .origin = c->origin,
        .method = token ? HC_STR("PUT") : HC_STR("GET"), .target = target,
        .header = token ? HC_STR("X-aws-ec2-metadata-token-ttl-seconds")
                        : HC_STR("X-aws-ec2-metadata-token"),
        .value = token ? HC_STR("21600") : hc_buf_view(&c->token),
        .tries = c->tries > 0 ? (int)c->tries : HC_CREDS_IMDS_TRIES,
        .connect_timeout = given > 0 ? given : HC_CREDS_IMDS_CONNECT,
        .timeout = given > 0 ? given
                   : token   ? HC_CREDS_IMDS_TOKEN
                             : HC_CREDS_IMDS_TIMEOUT,
    };

    hc_creds_fetch_fini(&c->fetch);
    hc_creds_fetch_start(&c->fetch, &config, s->now);
}

static void imds_ask_token(const struct imds_step *s)
{
    hc_buf_reset(&s->c->token);
    s->c->state = IMDS_TOKEN;
    imds_fetch(s, HC_STR("/latest/api/token"));
}

static int imds_start(const struct imds_step *s)
{
    struct hc_creds_imds *c = s->c;

    if (imds_is_off(&c->net->sys, s->e))
        return 0;
    int err = imds_where(s);

    if (err == 0)
        err = imds_limit(s, "metadata_service_timeout", 600, &c->seconds);
    if (err == 0)
        err = imds_limit(s, "metadata_service_num_attempts", 100, &c->tries);
    if (err < 0)
        return err;
    c->renewed = false;
    hc_buf_init_secret(&c->token, &c->net->sys.alloc, IMDS_TOKEN_MAX);
    hc_buf_init(&c->path, &c->net->sys.alloc,
                sizeof(IMDS_ROLES) + IMDS_ROLE_MAX);
    imds_ask_token(s);
    return IMDS_GO_ON;
}

/* ---- their answers ---- */

/* `who` says it, or nobody: the chain puts the provider's name before the
 * reason why it has none. */
static int imds_says(const struct imds_step *s, const char *who,
                     const char *what)
{
    char said[HC_CREDS_FETCH_SAID] = "";

    if (s->c->fetch.status != 200)
        hc_creds_fetch_said(&s->c->fetch, said);
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "%s%s%s:%u %s, HTTP %d%s",
                        who, *who != '\0' ? ": " : "", s->c->origin.host,
                        (unsigned)s->c->origin.port, what,
                        s->c->fetch.status, said);
}

static int imds_none(const struct imds_step *s, const char *what)
{
    imds_says(s, "", what);
    return 0;
}

static int imds_wrong(const struct imds_step *s, const char *what)
{
    return imds_says(s, IMDS_NAME, what);
}

static int imds_take_token(const struct imds_step *s)
{
    struct hc_creds_imds *c = s->c;
    struct hc_str body = hc_buf_view(&c->fetch.body);

    switch (c->fetch.status) {
    case 200:
        break;
    case 403:
    case 404:
    case 405:
        return imds_none(s, "gives no token");
    default:
        return imds_wrong(s, "gives no token");
    }
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] <= ' ' || body.p[i] > '~')
            return imds_wrong(s, "gives a token that cannot stand in a header");
    if (body.n == 0 || body.n > IMDS_TOKEN_MAX)
        return imds_wrong(s, "gives no token, or one that is too long");
    hc_buf_str(&c->token, body);
    if (hc_buf_error(&c->token) < 0)
        return hc_error_set(s->e, HEADCOUNT_ENOMEM, "no memory for a token");
    c->state = c->region != NULL ? IMDS_REGION : IMDS_ROLE;
    imds_fetch(s, c->region != NULL ? HC_STR(IMDS_PLACE) : HC_STR(IMDS_ROLES));
    return IMDS_GO_ON;
}

static bool imds_is_name(struct hc_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr("+=,.@_-", c) == NULL))
            return false;
    }
    return name.n > 0 && name.n <= IMDS_ROLE_MAX;
}

static int imds_take_role(const struct imds_step *s)
{
    struct hc_creds_imds *c = s->c;
    struct hc_str body = hc_buf_view(&c->fetch.body);
    struct hc_str name = hc_str_cut(&body, '\n');

    if (c->fetch.status == 404)
        return imds_none(s, "has no role for this instance");
    if (c->fetch.status != 200)
        return imds_wrong(s, "does not name the role");
    if (name.n > 0 && name.p[name.n - 1] == '\r')
        name.n--;
    if (!imds_is_name(name))
        return imds_wrong(s, "names a role that is none");
    hc_buf_reset(&c->path);
    hc_buf_lit(&c->path, IMDS_ROLES);
    hc_buf_str(&c->path, name);
    if (hc_buf_error(&c->path) < 0)
        return hc_error_set(s->e, HEADCOUNT_ENOMEM, "no memory for a role");
    c->state = IMDS_CREDENTIALS;
    imds_fetch(s, hc_buf_view(&c->path));
    return IMDS_GO_ON;
}

static int imds_take_credentials(const struct imds_step *s)
{
    const struct hc_system *sys = &s->c->net->sys;

    if (s->c->fetch.status != 200)
        return imds_wrong(s, "gives no credentials");
    s->out->features = HC_FEATURE_INSTANCE;
    int err = hc_creds_json_get(s->out, &sys->alloc,
                                hc_buf_view(&s->c->fetch.body),
                                hc_creds_fetch_wall(&s->c->fetch, s->c->skew),
                                s->e);

    if (err < 0 && s->e != NULL)
        hc_creds_fetch_strike(&s->c->fetch, s->e->what);
    return err < 0 ? err : 1;
}

static int imds_take_region(const struct imds_step *s)
{
    struct hc_str body = hc_buf_view(&s->c->fetch.body);
    struct hc_str region = hc_str_trim(hc_str_cut(&body, '\n'));

    if (s->c->fetch.status != 200)
        return imds_wrong(s, "does not say the region");
    if (!hc_endpoint_is_region(region))
        return imds_wrong(s, "names a region that is none");
    hc_fmt(s->c->region, HC_REGION_MAX + 1, "%.*s", HC_STR_ARG(region));
    return 1;
}

/* 401: the token expired between two requests. */
static bool imds_renew(const struct imds_step *s)
{
    if (s->c->fetch.status != 401 || s->c->state == IMDS_TOKEN ||
        s->c->renewed)
        return false;
    s->c->renewed = true;
    imds_ask_token(s);
    return true;
}

static int imds_answered(const struct imds_step *s)
{
    if (imds_renew(s))
        return IMDS_GO_ON;
    switch (s->c->state) {
    case IMDS_TOKEN:       return imds_take_token(s);
    case IMDS_ROLE:        return imds_take_role(s);
    case IMDS_CREDENTIALS: return imds_take_credentials(s);
    case IMDS_REGION:      return imds_take_region(s);
    case IMDS_IDLE:        break;
    }
    return 0;
}

/* No answer to the first request: this host has no metadata service, and the
 * next provider is asked.  (With a hop limit of 1 the answer to PUT never
 * reaches a container.)  No answer after that is an error, for the service
 * was there a moment ago. */
static int imds_failed(const struct imds_step *s)
{
    const struct hc_creds_fetch *f = &s->c->fetch;

    if (f->error.code == HEADCOUNT_ENOMEM)
        return hc_error_pass(s->e, &f->error);
    if (s->c->state == IMDS_TOKEN) {
        hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "%s%s", f->error.what,
                     f->error.code == HEADCOUNT_EDEADLINE
                         ? "; in a container the "
                           "instance's hop limit has to be 2"
                         : "");
        return 0;
    }
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "%s: %s (tried %d times)",
                        IMDS_NAME, f->error.what, f->tried);
}

/* ---- the provider ---- */

static int imds_once(const struct imds_step *s)
{
    if (s->c->state == IMDS_IDLE)
        return imds_start(s);
    switch (hc_creds_fetch_step(&s->c->fetch, s->now)) {
    case CREDS_FETCH_WAIT:   return HC_CREDS_WAIT;
    case CREDS_FETCH_DONE:   return imds_answered(s);
    case CREDS_FETCH_FAILED: return imds_failed(s);
    }
    return 0;
}

static int creds_imds_ask(void *ud, struct hc_job *job, int64_t now,
                          struct hc_credentials *out, struct headcount_error *e)
{
    const struct imds_step s = { ud, job, now, out, e };
    int got = IMDS_GO_ON;

    while (got == IMDS_GO_ON)
        got = imds_once(&s);
    if (got != HC_CREDS_WAIT)
        hc_creds_imds_fini(s.c);
    return got;
}

void hc_creds_imds_init(struct hc_creds_imds *c, struct hc_net *net,
                        const struct hc_config *config)
{
    memset(c, 0, sizeof(*c));
    c->net = net;
    c->config = config;
}

void hc_creds_imds_fini(struct hc_creds_imds *c)
{
    hc_creds_fetch_fini(&c->fetch);
    hc_buf_fini(&c->token);
    hc_buf_fini(&c->path);
    c->state = IMDS_IDLE;
}

struct hc_creds_provider hc_creds_imds(struct hc_creds_imds *c)
{
    return (struct hc_creds_provider){ IMDS_NAME, creds_imds_ask, c,
                                       true };
}

/* ---- the region ---- */

static void imds_region_run(struct hc_job *job, int64_t now)
{
    struct hc_imds_region *r = (struct hc_imds_region *)(void *)job;
    struct hc_credentials none = { .source = IMDS_NAME };    /* none come */

    if (!r->asking)
        return;
    hc_error_reset(&r->why);
    if (creds_imds_ask(&r->imds, job, now, &none, &r->why) == HC_CREDS_WAIT)
        return;
    r->asking = false;
    r->rest_until = hc_time_add(now, HC_IMDS_REGION_REST);
    hc_wait_queue_wake(&r->waiting);
}

void hc_imds_region_init(struct hc_imds_region *r, struct hc_net *net,
                         const struct hc_config *config)
{
    memset(r, 0, sizeof *r);
    hc_creds_imds_init(&r->imds, net, config);
    r->imds.region = r->text;
    hc_job_init(&r->job, &net->jobs, imds_region_run);
}

void hc_imds_region_fini(struct hc_imds_region *r)
{
    if (r->imds.net == NULL)
        return;
    hc_job_fini(&r->job);
    hc_creds_imds_fini(&r->imds);
    r->imds.net = NULL;
}

bool hc_imds_region_is_off(const struct hc_imds_region *r)
{
    return imds_is_off(&r->imds.net->sys, NULL);
}

int hc_imds_region_get(struct hc_imds_region *r, struct hc_waiter *waiter,
                       struct hc_job *job, int64_t now)
{
    if (r->text[0] != '\0' || (!r->asking && now < r->rest_until))
        return 1;
    if (!r->asking) {
        r->asking = true;
        hc_job_wake(&r->job);
    }
    hc_waiter_join(&r->waiting, waiter, job);
    return 0;
}
