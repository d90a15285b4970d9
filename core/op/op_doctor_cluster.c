/* op/op_doctor_cluster.c - which clusters, and each read that a cluster needs,
 * made for real.
 *
 *   ASK_CLUSTER .. ASK_UPDATE    the reads, in the order of HC_DOCTOR_ASKS
 *   PHASE_JUDGE --> PHASE_PLAN --> PHASE_OVER
 *
 * Lists are cut: at HC_DOCTOR_SERVICES services and HC_DOCTOR_PAGES pages of
 * hosts the answers say what there is to say.  A read that fails is told, and
 * those that need it are left out.
 */
#include "op/op_doctor.h"

#include "op/op_cluster.h"

enum { PHASE_JUDGE = ASK_UPDATE + 1, PHASE_PLAN, PHASE_OVER };

#define CLUSTER_AGAIN 2              /* one more call before it is over      */

/* ---- requests ---- */

static size_t doctor_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* False: this read is not needed here. */
static bool doctor_put(struct op_doctor *d, enum doctor_ask ask)
{
    struct doctor_cluster *c = &d->c;
    struct hc_buf *out = &d->body;
    const struct hc_str cluster = c->at.text, none = { "", 0 };
    size_t n;

    switch (ask) {
    case ASK_CLUSTERS:
        hc_ecs_put_list_clusters(out, none);
        return true;
    case ASK_CLUSTER:
        hc_ecs_put_describe_cluster(out, cluster);
        return true;
    case ASK_NAMES:
        hc_ecs_put_list_services(out, cluster, none, c->next);
        return true;
    case ASK_SERVICES:
        n = doctor_least(c->names_n - c->described, HC_ECS_BATCH_SERVICES);
        hc_ecs_put_describe_services(out, cluster, c->names + c->described, n);
        return n > 0;
    case ASK_HOSTS:
        hc_ecs_put_list_hosts(out, cluster, NULL, none, c->next);
        return true;
    case ASK_DETAILS:
        hc_ecs_put_describe_hosts(out, cluster, c->arns, c->arns_n, false);
        return c->arns_n > 0;
    case ASK_DEFINITION:
        if (c->services_n == 0 || c->services[0]->task_definition.n == 0)
            return false;
        hc_ecs_put_describe_definition(out, c->services[0]->task_definition);
        return true;
    case ASK_PROVIDERS:
        hc_ecs_put_describe_providers(out, cluster, c->providers,
                                      c->providers_n, none);
        return c->providers_n > 0;
    case ASK_TARGETS:
        n = doctor_least(c->names_n - c->asked, HC_ECS_BATCH_TARGETS);
        hc_ecs_put_describe_targets(out, c->at.name, c->names + c->asked, n,
                                    none);
        return n > 0 && (c->asked > 0 || hc_doctor_may_call(d, ask));
    case ASK_TAGGED:
        hc_ecs_put_tagged(out, HC_STR("[{\"Key\":\"headcount:rule\"}]"), none);
        return d->name == 0 && (!d->has_each || d->each.policy) &&
               hc_doctor_may_call(d, ask);
    case ASK_IDENTITY:
    case ASK_UPDATE:
    case ASK_QUEUE:
    case ASK_DEAD:
        break;
    }
    return false;
}

/* ---- answers: 0, or a code with d->why set ---- */

/* An item of a list: of a cluster, service or host its ARN, of a target the
 * id of its service, "service/CLUSTER/NAME". */
static int doctor_take_item(struct op_doctor *d, enum doctor_ask ask,
                            struct hc_str item)
{
    struct doctor_cluster *c = &d->c;
    struct hc_str kept = hc_arena_str(&d->op.arena, item), part = kept;
    struct hc_arn arn;

    if (ask == ASK_CLUSTERS && d->names_n < HC_DOCTOR_CLUSTERS) {
        d->listed[d->names_n++] = kept.p;
    } else if (ask == ASK_NAMES) {
        if (hc_arn_service(&arn, kept, &d->why) < 0)
            return d->why.code;
        if (c->names_n < HC_DOCTOR_SERVICES)
            c->names[c->names_n++] = arn.name;
        c->names_all++;
    } else if (ask == ASK_HOSTS) {
        if (c->arns_n < HC_ECS_BATCH)
            c->arns[c->arns_n++] = kept;
        c->hosts.n++;
    } else if (ask == ASK_TARGETS) {
        while (kept.n > 0)
            part = hc_str_cut(&kept, '/');
        hc_doctor_list(d, &c->targets, part);
    }
    return 0;
}

static int doctor_take_list(struct op_doctor *d, enum doctor_ask ask)
{
    void (*init)(struct hc_ecs_arns *v, const struct hc_alloc *a) =
        ask == ASK_CLUSTERS  ? hc_ecs_clusters_init
        : ask == ASK_NAMES   ? hc_ecs_names_init
        : ask == ASK_HOSTS   ? hc_ecs_hosts_init
        : ask == ASK_TARGETS ? hc_ecs_targets_init
                             : hc_ecs_tagged_init;
    struct hc_ecs_arns v;
    int err;

    init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    d->c.arns_n = 0;
    for (size_t i = 0; err == 0 && i < v.arns_n; i++)
        err = doctor_take_item(d, ask, v.arns[i]);
    d->found = v.arns_n;
    d->c.next = hc_arena_str(&d->op.arena, v.next);
    hc_ecs_arns_fini(&v);
    return err;
}

static int doctor_take_cluster(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct hc_ecs_cluster v;
    int err;

    hc_ecs_cluster_init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    c->answered = err == 0;
    c->there = err == 0 && v.clusters_n == 1;
    if (c->there && v.arn.n > 0)
        err = hc_arn_cluster(&c->at, hc_arena_str(&d->op.arena, v.arn),
                             &d->why);
    if (c->there && !hc_str_eqz(v.status, "ACTIVE"))
        c->status = hc_arena_str(&d->op.arena, v.status);
    hc_ecs_answer_fini(&v.answer);
    return err;
}

static int doctor_take_services(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct hc_ecs_services v;
    int err;

    hc_ecs_services_init(&v, &d->op.h->net.sys.alloc, 0);
    err = hc_doctor_read(d, &v.answer);
    if (err == 0)
        err = hc_arena_join(&d->op.arena, &v.answer.arena);
    for (size_t i = 0; err == 0 && i < v.services_n &&
                       c->services_n < HC_DOCTOR_SERVICES; i++)
        c->services[c->services_n++] = &v.services[i];
    hc_ecs_answer_fini(&v.answer);
    return err;
}

static void doctor_note_host(struct op_doctor *d, const struct hc_ecs_host *h)
{
    struct doctor_cluster *c = &d->c;
    struct doctor_hosts *to = &c->hosts;
    size_t i = 0;

    to->active += hc_str_eqz(h->status, "ACTIVE");
    to->draining += hc_str_eqz(h->status, "DRAINING");
    to->provided += h->provider.n > 0;
    to->outside += hc_str_starts(h->ec2_id, HC_STR("mi-"));
    if (!h->connected)
        hc_doctor_list(d, &to->lost, h->ec2_id.n > 0 ? h->ec2_id : h->arn);
    while (i < c->providers_n && !hc_str_eq(c->providers[i], h->provider))
        i++;
    if (h->provider.n > 0 && i == c->providers_n &&
        i < HC_ECS_BATCH_PROVIDERS)
        c->providers[c->providers_n++] =
            hc_arena_str(&d->op.arena, h->provider);
}

static int doctor_take_details(struct op_doctor *d)
{
    struct hc_ecs_host_details v;
    int err;

    hc_ecs_host_details_init(&v, &d->op.h->net.sys.alloc, false);
    err = hc_doctor_read(d, &v.answer);
    for (size_t i = 0; err == 0 && i < v.hosts_n; i++)
        doctor_note_host(d, &v.hosts[i]);
    hc_ecs_answer_fini(&v.answer);
    return err;
}

/* That the answer is whole and of its form is all that counts here. */
static int doctor_take_rest(struct op_doctor *d, enum doctor_ask ask)
{
    union {
        struct hc_ecs_answer answer;
        struct hc_ecs_definition definition;
        struct hc_ecs_providers providers;
    } v;
    int err;

    if (ask == ASK_DEFINITION)
        hc_ecs_definition_init(&v.definition, &d->op.h->net.sys.alloc);
    else
        hc_ecs_providers_init(&v.providers, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    hc_ecs_answer_fini(&v.answer);
    return err;
}

/* True: the read goes on with another call. */
static bool doctor_goes_on(struct op_doctor *d, enum doctor_ask ask)
{
    struct doctor_cluster *c = &d->c;

    if (ask == ASK_NAMES)
        return c->next.n > 0 && ++c->pages < HC_DOCTOR_PAGES;
    if (ask == ASK_SERVICES)
        c->described += doctor_least(c->names_n - c->described,
                                     HC_ECS_BATCH_SERVICES);
    if (ask == ASK_TARGETS)
        c->asked += doctor_least(c->names_n - c->asked, HC_ECS_BATCH_TARGETS);
    return (ask == ASK_SERVICES && c->described < c->names_n) ||
           (ask == ASK_TARGETS && c->asked < c->names_n);
}

static int doctor_take(struct op_doctor *d, enum doctor_ask ask)
{
    int err = ask == ASK_CLUSTER    ? doctor_take_cluster(d)
              : ask == ASK_SERVICES ? doctor_take_services(d)
              : ask == ASK_DETAILS  ? doctor_take_details(d)
              : ask == ASK_DEFINITION || ask == ASK_PROVIDERS
                  ? doctor_take_rest(d, ask)
                  : doctor_take_list(d, ask);

    return err < 0 ? err : doctor_goes_on(d, ask) ? CLUSTER_AGAIN : 1;
}

/* ---- one read ---- */

/* 0 waits; 1: the read is over and told, or was not needed.  Hosts are told
 * after their last page. */
static int doctor_read_all(struct op_doctor *d, enum doctor_ask ask,
                           int64_t now)
{
    bool hosts = ask == ASK_HOSTS || ask == ASK_DETAILS;
    int got = CLUSTER_AGAIN;

    while (got == CLUSTER_AGAIN) {
        if (!d->in_call && !doctor_put(d, ask)) {
            hc_buf_reset(&d->body);
            return 1;
        }
        got = hc_doctor_call(d, ask, now);
        if (got == 0)
            return 0;
        if (got == 1)
            got = doctor_take(d, ask);
        if (got < 0)
            d->c.next = HC_STR("");
        if (ask == ASK_CLUSTER)              /* denied, but perhaps there */
            d->c.there |= got == HEADCOUNT_ESERVICE;
        if (got != CLUSTER_AGAIN && !(hosts && d->c.next.n > 0))
            hc_doctor_tell_read(d, ask, got);
        hc_doctor_call_end(d);
    }
    return 1;
}

/* ---- which clusters ---- */

static void doctor_tell_clusters(struct op_doctor *d)
{
    d->names = d->listed;
    if (d->found > 0 || d->names_n > 0)
        hc_doctor_say(d, d->found != d->names_n
                             ? "wclusters|clusters|name those that matter"
                             : "oclusters|clusters|",
                      "%zu%s in %.*s, of which %zu are looked at", d->found,
                      d->c.next.n > 0 ? " or more" : "", HC_STR_ARG(d->region),
                      d->names_n);
    else
        hc_doctor_say(d, "wclusters|clusters|check region and account",
                      "none is listed in %.*s", HC_STR_ARG(d->region));
}

int hc_doctor_clusters(struct op_doctor *d, int64_t now)
{
    if (!d->reachable || (!d->signs && !d->op.h->no_sign)) {
        hc_doctor_say(d, "wcalls|calls|mend the errors above first",
                      "not checked, and no cluster was looked at: %s",
                      d->region.n == 0 ? "no region is known"
                      : d->reachable   ? "there are no credentials"
                                       : "ECS cannot be reached");
        return 1;
    }
    d->names = d->request.clusters;
    d->names_n = d->request.clusters_n;
    if (d->request.clusters_n > 0)
        return 1;
    if (doctor_read_all(d, ASK_CLUSTERS, now) == 0)
        return 0;
    doctor_tell_clusters(d);
    return 1;
}

/* ---- one cluster ---- */

static int doctor_plan(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    const struct hc_op_cluster_params params = {
        .each = &d->each, .cluster = c->at.text.p, .region = d->region.p,
        .role = d->op.params.assume_role, .wishes = d->wishes,
        .wishes_n = d->wishes_n, .at = d->name,
    };

    if (!d->has_each)
        return 1;
    if (c->plan == NULL)
        c->plan = hc_op_cluster_begin(&d->op, &params);
    if (c->plan == NULL)
        return HEADCOUNT_ENOMEM;
    if (c->plan->state == HEADCOUNT_RUNNING)
        return 0;
    if (c->plan->state == HEADCOUNT_ASKS) {
        d->op.asking = c->plan;
        return HC_OP_ASKS;
    }
    hc_doctor_judge_plan(d);
    hc_op_end_child(&d->op, c->plan);
    c->plan = NULL;
    return 1;
}

/* Its status is told after the read that told it. */
static void doctor_tell(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;

    d->subject = hc_doctor_fmt(d, "cluster %s", c->at.name.p);
    if (!c->there)
        d->phase = PHASE_OVER;
    hc_doctor_check_account(d, "the cluster", c->at.account);
    if (c->answered && !c->there)
        hc_doctor_say(d, "ecluster||check its name, the region and the account",
                      "there is none of this name");
    else if (c->status.n > 0)
        hc_doctor_say(d, "wcluster||services of a cluster that is not ACTIVE "
                      "are not written", "its status is %s", c->status.p);
}

static int doctor_step(struct op_doctor *d, int64_t now)
{
    struct doctor_cluster *c = &d->c;
    int got;

    d->subject = hc_doctor_fmt(d, "cluster %s", c->at.name.p);
    if (d->phase == PHASE_JUDGE)
        hc_doctor_judge(d);
    if (d->phase >= PHASE_JUDGE)
        return d->phase == PHASE_PLAN ? doctor_plan(d) : 1;
    got = d->phase == ASK_UPDATE
              ? hc_doctor_update(d, now)
              : doctor_read_all(d, (enum doctor_ask)d->phase, now);
    if (got == 1 && d->phase == ASK_CLUSTER)
        doctor_tell(d);
    if (got == 1 && d->phase == ASK_NAMES) {
        c->next = HC_STR("");
        c->pages = 0;
    }
    if (got == 1 && d->phase == ASK_DETAILS && c->next.n > 0 &&
        ++c->pages < HC_DOCTOR_PAGES)
        d->phase = ASK_HOSTS - 1;                /* the next page */
    return got;
}

static void doctor_next(struct op_doctor *d)
{
    d->c = (struct doctor_cluster){ .pages = 0 };
    d->phase = ASK_CLUSTER;
    if (hc_arn_cluster(&d->c.at, hc_str(d->names[d->name]), &d->why) == 0)
        return;
    d->phase = PHASE_OVER;
    hc_doctor_say_why(d, "ecluster|cluster|");
}

int hc_doctor_cluster(struct op_doctor *d, int64_t now)
{
    while (d->name < d->names_n) {
        int got = 1;

        if (d->phase == 0)
            doctor_next(d);
        while (got == 1 && d->phase < PHASE_OVER) {
            got = doctor_step(d, now);
            d->phase += got == 1;
        }
        if (got != 1)
            return got;
        d->phase = 0;
        d->name++;
    }
    return 1;
}
