/* aws/creds_container.c - credentials of a container (contract:
 * aws/creds_container.h).
 *
 * The file of the authorization token is read for every fetch: the token in it
 * is replaced from time to time.
 */
#include "aws/creds_container.h"

#include <string.h>

#include "aws/creds_json.h"
#include "aws/endpoint.h"

#define CONTAINER_URL 4096
#define CONTAINER_TOKEN ((size_t)16 << 10)
#define CONTAINER_HOST "http://169.254.170.2"

#define CONTAINER_RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define CONTAINER_FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define CONTAINER_TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define CONTAINER_TOKEN_TEXT "AWS_CONTAINER_AUTHORIZATION_TOKEN"

/* One request while it is made up. */
struct container_ask {
    struct hc_creds_container *c;
    const char *from;                    /* the variable that named the URL  */
    struct hc_buf url, target, token;    /* secret                           */
    struct hc_origin origin;
    struct headcount_error *e;
};

/* ---- where ---- */

static bool container_is_local(const struct hc_origin *o)
{
    static const char *const hosts[] = {
        "169.254.170.2",                 /* ECS                              */
        "169.254.170.23", "fd00:ec2::23"             /* EKS Pod Identity     */
    };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        if (hc_str_eqz(hc_str(o->host), hosts[i]))
            return true;
    return hc_origin_is_loopback(o);
}

/* The URL is not shown in errors: its path may be as good as a password. */
static int container_split(struct container_ask *a)
{
    struct hc_url url;
    const char *wrong = hc_url_wrong(&url, hc_buf_view(&a->url));

    if (wrong != NULL)
        return hc_error_set(a->e, HEADCOUNT_ECONFIG, "%s is no URL to fetch "
                            "credentials from: %s", a->from, wrong);
    if (!url.origin.tls && !container_is_local(&url.origin))
        return hc_error_set(a->e, HEADCOUNT_ECONFIG, "%s names %s over http: "
                            "credentials are fetched over http only from this "
                            "host itself, 169.254.170.2, 169.254.170.23 and "
                            "fd00:ec2::23; give an https URL", a->from,
                            url.origin.host);
    a->origin = url.origin;
    hc_buf_str(&a->target, url.path.n > 0 ? url.path : HC_STR("/"));
    if (url.query.n > 0) {
        hc_buf_chr(&a->target, '?');
        hc_buf_str(&a->target, url.query);
    }
    return 0;
}

static int container_where(struct container_ask *a)
{
    const struct hc_system *sys = &a->c->net->sys;
    struct hc_str path = hc_getenv(sys, CONTAINER_RELATIVE);
    struct hc_str full = hc_getenv(sys, CONTAINER_FULL);

    a->from = path.n > 0 ? CONTAINER_RELATIVE : CONTAINER_FULL;
    if (path.n > 0 && path.p[0] != '/')
        return hc_error_set(a->e, HEADCOUNT_ECONFIG, "%s has to begin with a /",
                            CONTAINER_RELATIVE);
    if (path.n > 0)
        hc_buf_lit(&a->url, CONTAINER_HOST);
    hc_buf_str(&a->url, path.n > 0 ? path : full);
    if (hc_buf_error(&a->url) == HEADCOUNT_ELIMIT)
        return hc_error_set(a->e, HEADCOUNT_ECONFIG,
                            "%s has more than %d bytes", a->from,
                            CONTAINER_URL);
    return hc_buf_error(&a->url) < 0 ? HEADCOUNT_ENOMEM : container_split(a);
}

/* ---- the token ---- */

static int container_token(struct container_ask *a)
{
    const struct hc_system *sys = &a->c->net->sys;
    struct hc_str path = hc_getenv(sys, CONTAINER_TOKEN_FILE);
    struct headcount_error why = { .code = 0 };
    int err = 0;

    if (path.n > 0)
        err = sys->read_file(sys->ud, path.p, &a->token, &why);
    if (err < 0 && err != HEADCOUNT_ENOMEM)
        return hc_error_set(a->e, HEADCOUNT_ECREDENTIALS, "%.*s (%s): %s",
                            HC_STR_ARG(path), CONTAINER_TOKEN_FILE, why.what);
    if (path.n == 0)
        hc_buf_str(&a->token, hc_getenv(sys, CONTAINER_TOKEN_TEXT));
    if (err == 0)
        err = hc_buf_error(&a->token);
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(a->e, HEADCOUNT_ECREDENTIALS, "the container's "
                            "authorization token has more than %zu bytes",
                            CONTAINER_TOKEN);
    for (size_t i = 0; err == 0 && i < a->token.n; i++)
        if (a->token.p[i] < ' ' || a->token.p[i] > '~')
            return hc_error_set(a->e, HEADCOUNT_ECREDENTIALS,
                                "%s: the token holds a line break or another "
                                "byte that cannot stand in a header",
                                path.n > 0 ? CONTAINER_TOKEN_FILE
                                           : CONTAINER_TOKEN_TEXT);
    if (err == 0 && path.n > 0 && a->token.n == 0)
        return hc_error_set(a->e, HEADCOUNT_ECREDENTIALS, "%.*s (%s) is empty",
                            HC_STR_ARG(path), CONTAINER_TOKEN_FILE);
    return err;
}

/* ---- the provider ---- */

static int container_begin(struct container_ask *a, struct hc_job *job,
                           int64_t now)
{
    struct hc_creds_container *c = a->c;
    struct hc_endpoint at;

    hc_endpoint_of(&at, &a->origin);
    struct hc_creds_fetch_config config = {
        .net = c->net, .job = job, .origin = a->origin,
        .method = HC_STR("GET"), .target = hc_buf_view(&a->target),
        .header = a->token.n > 0 ? HC_STR("Authorization")
                                 : (struct hc_str){ NULL, 0 },
        .value = hc_buf_view(&a->token),
        .tries = HC_CREDS_CONTAINER_TRIES,
        .connect_timeout = HC_CREDS_CONTAINER_TIMEOUT,
        .timeout = HC_CREDS_CONTAINER_TIMEOUT,
        .pause = HC_CREDS_CONTAINER_PAUSE,
    };

    int err = hc_trust_get(c->trust, &at, &config.anchors, a->e);

    if (err == 0)
        hc_creds_fetch_start(&c->fetch, &config, now);
    return err;
}

static int container_start(struct hc_creds_container *c, struct hc_job *job,
                           int64_t now, struct headcount_error *e)
{
    const struct hc_alloc *alloc = &c->net->sys.alloc;
    struct container_ask a = { .c = c, .e = e };

    hc_buf_init_secret(&a.url, alloc, CONTAINER_URL);
    hc_buf_init_secret(&a.target, alloc, CONTAINER_URL);
    hc_buf_init_secret(&a.token, alloc, CONTAINER_TOKEN);
    int err = container_where(&a);

    if (err == 0)
        err = container_token(&a);
    if (err == 0)
        err = hc_buf_error(&a.target);
    if (err == 0)
        err = container_begin(&a, job, now);
    hc_buf_fini(&a.url);
    hc_buf_fini(&a.target);
    hc_buf_fini(&a.token);
    return err;
}

static int container_answered(struct hc_creds_container *c,
                              struct hc_credentials *out,
                              struct headcount_error *e)
{
    const struct hc_system *sys = &c->net->sys;
    const struct hc_creds_fetch *f = &c->fetch;

    char said[HC_CREDS_FETCH_SAID];

    if (f->status != 200) {
        hc_creds_fetch_said(f, said);
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                            "%s: %s:%u gives no credentials, HTTP %d%s",
                            out->source, f->config.origin.host,
                            (unsigned)f->config.origin.port, f->status, said);
    }
    out->features = HC_FEATURE_CONTAINER;
    int err = hc_creds_json_get(out, &sys->alloc, hc_buf_view(&f->body),
                                hc_creds_fetch_wall(f, c->skew), e);

    if (err < 0 && e != NULL)
        hc_creds_fetch_strike(f, e->what);
    return err < 0 ? err : 1;
}

static int container_failed(const struct hc_creds_fetch *f,
                            const struct hc_credentials *out,
                            struct headcount_error *e)
{
    if (f->error.code == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, &f->error);
    return hc_error_set(e, HEADCOUNT_ECREDENTIALS, "%s: %s (tried %d times)",
                        out->source, f->error.what, f->tried);
}

static int creds_container_ask(void *ud, struct hc_job *job, int64_t now,
                               struct hc_credentials *out,
                               struct headcount_error *e)
{
    struct hc_creds_container *c = ud;
    const struct hc_system *sys = &c->net->sys;
    int got = 0;

    if (c->fetch.config.net == NULL) {
        if (hc_getenv(sys, CONTAINER_RELATIVE).n == 0 &&
            hc_getenv(sys, CONTAINER_FULL).n == 0) {
            hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                         "AWS_CONTAINER_CREDENTIALS_... is not set");
            return 0;
        }
        got = container_start(c, job, now, e);
    }
    if (got == 0) {
        switch (hc_creds_fetch_step(&c->fetch, now)) {
        case CREDS_FETCH_WAIT:
            return HC_CREDS_WAIT;
        case CREDS_FETCH_DONE:
            got = container_answered(c, out, e);
            break;
        case CREDS_FETCH_FAILED:
            got = container_failed(&c->fetch, out, e);
            break;
        }
    }
    hc_creds_fetch_fini(&c->fetch);
    return got;
}

void hc_creds_container_init(struct hc_creds_container *c, struct hc_net *net,
                             struct hc_trust *trust)
{
    memset(c, 0, sizeof(*c));
    c->net = net;
    c->trust = trust;
}

void hc_creds_container_fini(struct hc_creds_container *c)
{
    hc_creds_fetch_fini(&c->fetch);
}

struct hc_creds_provider hc_creds_container(struct hc_creds_container *c)
{
    return (struct hc_creds_provider){ "container", creds_container_ask, c,
                                       true };
}
