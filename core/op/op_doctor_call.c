/* op/op_doctor_call.c - one call of a doctor: made for real, with its time, and
 * what is missing where it is denied. */
#include "op/op_doctor.h"

#include "reconcile/exchange/failure.h"

#define CALL_ATTEMPTS 2              /* a doctor does not wait for a third   */

static enum hc_service_id doctor_service(enum doctor_ask ask)
{
    static const unsigned char services[] = {
#define DOCTOR_SERVICE(id, service, row) HC_SERVICE_##service,
        HC_DOCTOR_ASKS(DOCTOR_SERVICE)
#undef DOCTOR_SERVICE
    };

    return (enum hc_service_id)services[ask];
}

struct doctor_row {
    struct hc_str operation, prefix, resource;
};

static struct doctor_row doctor_row(enum doctor_ask ask)
{
#define DOCTOR_ROW(id, service, row) row "\n"
    struct hc_str rest = HC_STR(HC_DOCTOR_ASKS(DOCTOR_ROW)), line = rest;
#undef DOCTOR_ROW
    struct doctor_row row;

    for (int i = 0; i <= (int)ask; i++)
        line = hc_str_cut(&rest, '\n');
    row.operation = hc_str_cut(&line, '|');
    row.prefix = hc_str_cut(&line, '|');
    row.resource = line;
    return row;
}

/* IAM speaks no JSON, so the catalog lacks it.  It is one in each partition. */
#define DOCTOR_IAM(text) { text, sizeof(text) - 1 }
static const struct hc_service doctor_iam = {
    .index = HC_SERVICE_OTHER, .id = "iam", .env = "IAM",
    .row = {
        .cli = DOCTOR_IAM("iam"), .name = DOCTOR_IAM("iam"),
        .id = DOCTOR_IAM("iam"), .host = DOCTOR_IAM("iam"),
        .signing = DOCTOR_IAM("iam"), .target = DOCTOR_IAM("2010-05-08"),
        .rules = DOCTOR_IAM(
            "aws-cn:pfdb={p}.cn-north-1.{s}@cn-north-1 "
            "aws-us-gov:pfdb={p}.us-gov.{s}@us-gov-west-1 "
            "aws:pd={p}.{s}@{g} aws:fb={p}-fips.{s}@{g} "
            "*:pfdb={p}.{g}.{s}@{g}"),
    },
    .protocol = PROTOCOL_QUERY,
};

static const struct hc_service *doctor_service_of(struct op_doctor *d,
                                                  enum doctor_ask ask)
{
    enum hc_service_id id = doctor_service(ask);

    return id == HC_SERVICE_OTHER
               ? &doctor_iam
               : hc_service_set_own(&d->op.h->client.services, id);
}

/* ---- the call ---- */

/* STS and IAM are asked about credentials. */
static bool doctor_is_for_credentials(const struct hc_service *service)
{
    return service->index == HC_SERVICE_STS || service == &doctor_iam;
}

/* The URL that is configured for this service.  False: it cannot be used, which
 * the call itself will say. */
static bool doctor_url(struct op_doctor *d, const struct hc_service *service,
                       struct hc_str *url)
{
    struct hc_endpoint_ask ask = { .service = service };
    int err = hc_client_fill_ask(&d->op.h->client, &ask,
                                 doctor_is_for_credentials(service), NULL);

    *url = ask.url;
    return err == 0;
}

/* An endpoint that somebody set for ECS is a test peer or a gateway: another
 * service is asked only if it has one, too. */
bool hc_doctor_may_call(struct op_doctor *d, enum doctor_ask ask)
{
    const struct hc_service *service = doctor_service_of(d, ask);
    const struct hc_service *ecs = doctor_service_of(d, ASK_CLUSTER);
    struct hc_str its, ecss;

    if (service == ecs || !doctor_url(d, service, &its) || its.n > 0 ||
        !doctor_url(d, ecs, &ecss) ||
        (d->request.endpoint_url == NULL && ecss.n == 0))
        return true;
    d->subject = hc_arena_str(&d->op.arena, doctor_row(ask).operation).p;
    d->advice = hc_doctor_fmt(d, "set AWS_ENDPOINT_URL_%s", service->env);
    hc_doctor_say(d, "wnot_called||", "not checked: ECS has an endpoint of its "
                  "own, and %s has none", service->id);
    return false;
}

void hc_doctor_call_end(struct op_doctor *d)
{
    if (d->in_call)
        hc_call_fini(&d->call);
    d->in_call = false;
    hc_buf_reset(&d->body);
}

static int doctor_begin(struct op_doctor *d, enum doctor_ask ask, int64_t now)
{
    struct hc_call_config config = hc_op_call_config(&d->op);
    int err = hc_buf_error(&d->body);

    if (err < 0)
        return hc_error_set(&d->why, err, "no memory for a request");
    config.service = doctor_service_of(d, ask);
    config.operation = hc_arena_str(&d->op.arena, doctor_row(ask).operation);
    config.body = hc_buf_view(&d->body);
    config.region = d->call_region.n > 0 ? d->call_region : d->region;
    if (config.service->index != HC_SERVICE_ECS)
        config.endpoint_url = HC_STR("");        /* the op's is for ECS */
    config.for_credentials = doctor_is_for_credentials(config.service);
    config.max_attempts = CALL_ATTEMPTS;
    config.deadline = hc_time_min(config.deadline,
                                  hc_time_add(now, HC_DOCTOR_CALL));
    config.read_only = config.paced = true;
    hc_buf_reset(&d->answer);
    d->began = now;
    err = hc_call_start(&d->call, &d->op.h->net, &d->op.job, &config);
    if (err < 0)
        return hc_error_pass(&d->why, &d->call.error);
    d->in_call = true;
    return 0;
}

int hc_doctor_call(struct op_doctor *d, enum doctor_ask ask, int64_t now)
{
    int got = 0;

    if (!d->in_call)
        got = doctor_begin(d, ask, now);
    if (got == 0) {
        got = hc_call_gather(&d->call, &d->answer, now);
        if (got == CALL_WAIT)
            return 0;
        got = got == CALL_DONE ? hc_buf_error(&d->answer)
                               : hc_error_pass(&d->why, &d->call.error);
        if (got < 0)                     /* a call that failed has said it */
            hc_error_set(&d->why, got, "the answer is too long");
    }
    d->spent[ask] += hc_now(&d->op.h->net.sys) - d->began;
    return got < 0 ? got : 1;
}

int hc_doctor_read(struct op_doctor *d, struct hc_ecs_answer *view)
{
    int err = hc_ecs_answer_feed(view, hc_buf_view(&d->answer), &d->why);

    return err < 0 ? err : hc_ecs_answer_end(view, &d->why);
}

/* ---- what came of it ---- */

static bool doctor_is_denied(const struct op_doctor *d, int err)
{
    struct hc_str code = hc_str(d->call.service_error.code);

    return err == HEADCOUNT_ESERVICE &&
           (hc_str_starts(code, HC_STR("AccessDenied")) ||
            hc_str_eqz(code, "UnauthorizedOperation"));
}

const char *hc_doctor_allow(struct op_doctor *d, const char *action,
                            const char *resource)
{
    struct hc_arn at = d->c.at;

    if (!hc_arn_is_full(&at))
        at.region = d->region;
    return hc_doctor_fmt(d, "to allow it: %s",
                         hc_failure_allow(&d->op.arena, action, &at,
                                          resource));
}

static const char *doctor_allow(struct op_doctor *d, enum doctor_ask ask)
{
    const struct doctor_row row = doctor_row(ask);
    struct hc_str name = d->c.at.name, kind = row.resource;
    size_t mark = hc_str_find(kind, '%');
    const char *resource = NULL;

    if (mark < kind.n)
        resource = hc_doctor_fmt(d, "%.*s%.*s%.*s", (int)mark, kind.p,
                                 HC_STR_ARG(name),
                                 HC_STR_ARG(hc_str_from(kind, mark + 2)));
    else if (kind.n > 0)
        resource = hc_arena_str(&d->op.arena, kind).p;
    return hc_doctor_allow(d, hc_doctor_fmt(d, "%.*s%.*s",
                                            HC_STR_ARG(row.prefix),
                                            HC_STR_ARG(row.operation)),
                           resource);
}

/* The worker itself does not read a queue's attributes, but has to find it; and
 * only rules by tags need the list of tagged services. */
static bool doctor_is_needed(enum doctor_ask ask, bool denied)
{
    return ask != ASK_TAGGED && ask != ASK_DEAD &&
           (ask != ASK_QUEUE || !denied);
}

void hc_doctor_tell_read(struct op_doctor *d, enum doctor_ask ask, int got)
{
    bool denied = doctor_is_denied(d, got);
    bool of_cluster = ask >= ASK_CLUSTER && ask <= ASK_TARGETS;
    const char *operation =
        hc_arena_str(&d->op.arena, doctor_row(ask).operation).p;

    d->subject = of_cluster ? hc_doctor_fmt(d, "%s in %s", operation,
                                            d->c.at.name.p) : operation;
    d->elapsed = d->spent[ask];
    if (got >= 0)
        hc_doctor_say(d, "ocall||", "allowed, %lld ms",
                      (long long)(d->spent[ask] / HC_MS));
    else if (denied)
        d->advice = doctor_allow(d, ask);
    else if (ask == ASK_QUEUE)
        d->advice = "check the URL, the region and the account of the queue";
    bool needed = doctor_is_needed(ask, denied);

    if (got < 0)
        hc_doctor_say_why(d, denied ? needed ? "edenied||" : "wdenied||"
                             : needed ? "ecall||" : "wcall||");
    d->spent[ask] = 0;
}
