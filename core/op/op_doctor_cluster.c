/* op/op_doctor_cluster.c - which clusters, and each read that a cluster needs,
 * made for real.
 *
 * Lists are cut: at HC_DOCTOR_SERVICES services and HC_DOCTOR_PAGES pages of
 * hosts the answers say what there is to say.  A read that fails is told, and
 * those that need it are left out.
 */
#include "op/op_doctor.h"

#include "op/op_cluster.h"

enum cluster_phase { PHASE_CLUSTER, PHASE_NAMES, PHASE_SERVICES, PHASE_HOSTS,
                     PHASE_DETAILS, PHASE_DEFINITION, PHASE_PROVIDERS,
                     PHASE_TARGETS, PHASE_TAGGED, PHASE_JUDGE, PHASE_PLAN,
                     PHASE_OVER };

#define CLUSTER_AGAIN 2              /* one more call before it is over      */

/* ---- which clusters ---- */

static int doctor_take_clusters(struct op_doctor *d)
{
    struct hc_ecs_arns v;
    const char **names;
    int err;

    hc_ecs_clusters_init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    names = hc_arena_zero(&d->op.arena, HC_DOCTOR_CLUSTERS * sizeof *names);
    for (size_t i = 0; err == 0 && names != NULL && i < v.arns_n &&
                       d->names_n < HC_DOCTOR_CLUSTERS; i++)
        names[d->names_n++] = hc_arena_str(&d->op.arena, v.arns[i]).p;
    d->names = names;
    hc_doctor_tell_read(d, ASK_CLUSTERS, err < 0 ? err : 1);
    if (err == 0)
        hc_doctor_add(d, (struct headcount_finding){
            .level = v.arns_n != d->names_n || v.arns_n == 0
                         ? HEADCOUNT_WARNING : HEADCOUNT_FINE,
            .code = "clusters", .what = "clusters",
            .text = hc_doctor_fmt(d, "%zu%s in %.*s, of which %zu are looked "
                                  "at", v.arns_n,
                                  v.next.n > 0 ? " or more" : "",
                                  HC_STR_ARG(d->region), d->names_n),
            .advice = v.arns_n == 0            ? "check region and account"
                      : v.arns_n != d->names_n ? "name those that matter"
                                               : "" });
    hc_ecs_arns_fini(&v);
    return 1;
}

int hc_doctor_clusters(struct op_doctor *d, int64_t now)
{
    int got;

    if (!d->reachable || (!d->signs && !d->op.h->no_sign)) {
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "calls", .what = "calls",
            .text = hc_doctor_fmt(d, "not checked, and no cluster was looked "
                                  "at: %s", d->region.n == 0
                                      ? "no region is known"
                                      : d->reachable
                                            ? "there are no credentials"
                                            : "ECS cannot be reached"),
            .advice = "mend the errors above first" });
        return 1;
    }
    if (d->request.clusters_n > 0) {
        d->names = d->request.clusters;
        d->names_n = d->request.clusters_n;
        return 1;
    }
    if (!d->in_call)
        hc_ecs_put_list_clusters(&d->body, HC_STR(""));
    got = hc_doctor_call(d, ASK_CLUSTERS, now);
    if (got == 1)
        doctor_take_clusters(d);
    else if (got < 0)
        hc_doctor_tell_read(d, ASK_CLUSTERS, got);
    if (got != 0)
        hc_doctor_call_end(d);
    return got != 0;
}

/* ---- requests ---- */

static void cluster_put_tagged(struct hc_buf *out)
{
    hc_ecs_put_tagged(out, HC_STR("[{\"Key\":\"headcount:rule\"}]"),
                      HC_STR(""));
}

static size_t doctor_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* False: this read is not needed here. */
static bool doctor_put(struct op_doctor *d, enum doctor_ask ask)
{
    struct doctor_cluster *c = &d->c;
    struct hc_buf *out = &d->body;
    size_t n;

    switch (ask) {
    case ASK_CLUSTER:
        hc_ecs_put_describe_cluster(out, c->at.text);
        return true;
    case ASK_NAMES:
        hc_ecs_put_list_services(out, c->at.text, HC_STR(""), c->next);
        return true;
    case ASK_SERVICES:
        n = doctor_least(c->names_n - c->described, HC_ECS_BATCH_SERVICES);
        hc_ecs_put_describe_services(out, c->at.text, c->names + c->described,
                                     n);
        return n > 0;
    case ASK_HOSTS:
        hc_ecs_put_list_hosts(out, c->at.text, NULL, HC_STR(""), c->next);
        return true;
    case ASK_DETAILS:
        hc_ecs_put_describe_hosts(out, c->at.text, c->arns, c->arns_n, false);
        return c->arns_n > 0;
    case ASK_DEFINITION:
        if (c->services_n == 0 || c->services[0]->task_definition.n == 0)
            return false;
        hc_ecs_put_describe_definition(out, c->services[0]->task_definition);
        return true;
    case ASK_PROVIDERS:
        hc_ecs_put_describe_providers(out, c->at.text, c->providers,
                                      c->providers_n, HC_STR(""));
        return c->providers_n > 0;
    case ASK_TARGETS:
        n = doctor_least(c->names_n - c->asked, HC_ECS_BATCH_TARGETS);
        hc_ecs_put_describe_targets(out, c->at.name, c->names + c->asked, n,
                                    HC_STR(""));
        return n > 0 && (c->asked > 0 || hc_doctor_may_call(d, ask));
    case ASK_TAGGED:
        cluster_put_tagged(out);
        return d->name == 0 && (!d->has_each || d->each.policy) &&
               hc_doctor_may_call(d, ask);
    case ASK_IDENTITY:
    case ASK_CLUSTERS:
    case ASK_QUEUE:
    case ASK_DEAD:
        break;
    }
    return false;
}

/* ---- answers: 1 over, CLUSTER_AGAIN, or a code with d->why set ---- */

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
    return err < 0 ? err : 1;
}

static int doctor_take_names(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct hc_ecs_arns v;
    struct hc_arn arn;
    int err;

    hc_ecs_names_init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    for (size_t i = 0; err == 0 && i < v.arns_n; i++) {
        err = hc_arn_service(&arn, v.arns[i], &d->why);
        if (err == 0 && c->names_n < HC_DOCTOR_SERVICES)
            c->names[c->names_n++] = hc_arena_str(&d->op.arena, arn.name);
        c->names_all++;
    }
    c->next = hc_arena_str(&d->op.arena, v.next);
    hc_ecs_arns_fini(&v);
    return err < 0                                             ? err
           : c->next.n > 0 && ++c->pages < HC_DOCTOR_PAGES ? CLUSTER_AGAIN
                                                           : 1;
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
    c->described += doctor_least(c->names_n - c->described,
                                  HC_ECS_BATCH_SERVICES);
    hc_ecs_answer_fini(&v.answer);
    return err < 0 ? err : c->described < c->names_n ? CLUSTER_AGAIN : 1;
}

static int doctor_take_hosts(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct hc_ecs_arns v;
    int err;

    hc_ecs_hosts_init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    c->arns = hc_arena_zero(&d->op.arena, HC_ECS_BATCH * sizeof *c->arns);
    c->arns_n = 0;
    for (size_t i = 0; err == 0 && c->arns != NULL && i < v.arns_n &&
                       i < HC_ECS_BATCH; i++)
        c->arns[c->arns_n++] = hc_arena_str(&d->op.arena, v.arns[i]);
    c->hosts.n += v.arns_n;
    c->next = hc_arena_str(&d->op.arena, v.next);
    hc_ecs_arns_fini(&v);
    return err < 0 ? err : 1;
}

static void doctor_note_provider(struct op_doctor *d, struct hc_str name)
{
    struct doctor_cluster *c = &d->c;
    size_t i = 0;

    while (i < c->providers_n && !hc_str_eq(c->providers[i], name))
        i++;
    if (i == c->providers_n && i < HC_ECS_BATCH_PROVIDERS)
        c->providers[c->providers_n++] = hc_arena_str(&d->op.arena, name);
}

static void doctor_note_host(struct op_doctor *d, const struct hc_ecs_host *h)
{
    struct doctor_hosts *to = &d->c.hosts;
    const char *before = to->lost_ids;

    to->active += hc_str_eqz(h->status, "ACTIVE");
    to->draining += hc_str_eqz(h->status, "DRAINING");
    to->provided += h->provider.n > 0;
    to->outside += hc_str_starts(h->ec2_id, HC_STR("mi-"));
    if (h->provider.n > 0)
        doctor_note_provider(d, h->provider);
    if (h->connected || ++to->lost > HC_DOCTOR_NAMES)
        return;
    to->lost_ids = hc_doctor_fmt(d, "%s%s%.*s", before != NULL ? before : "",
                                 before != NULL ? ", " : "",
                                 HC_STR_ARG(h->ec2_id.n > 0 ? h->ec2_id
                                                            : h->arn));
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
    return err < 0 ? err : 1;
}

static int doctor_take_targets(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct hc_ecs_arns v;
    int err;

    hc_ecs_targets_init(&v, &d->op.h->net.sys.alloc);
    err = hc_doctor_read(d, &v.answer);
    for (size_t i = 0; err == 0 && i < v.arns_n && i < HC_DOCTOR_NAMES; i++) {
        struct hc_str name = v.arns[i], part = name;

        while (name.n > 0)
            part = hc_str_cut(&name, '/');
        c->targets = hc_doctor_fmt(d, "%s%s%.*s",
                                   c->targets != NULL ? c->targets : "",
                                   c->targets != NULL ? ", " : "",
                                   HC_STR_ARG(part));
    }
    c->asked += doctor_least(c->names_n - c->asked, HC_ECS_BATCH_TARGETS);
    hc_ecs_arns_fini(&v);
    return err < 0 ? err : c->asked < c->names_n ? CLUSTER_AGAIN : 1;
}

/* That the answer is whole and of its form is all that counts here. */
static int doctor_take_rest(struct op_doctor *d, enum doctor_ask ask)
{
    const struct hc_alloc *alloc = &d->op.h->net.sys.alloc;
    union {
        struct hc_ecs_answer answer;
        struct hc_ecs_definition definition;
        struct hc_ecs_providers providers;
        struct hc_ecs_arns arns;
    } v;
    int err;

    if (ask == ASK_DEFINITION)
        hc_ecs_definition_init(&v.definition, alloc);
    else if (ask == ASK_PROVIDERS)
        hc_ecs_providers_init(&v.providers, alloc);
    else
        hc_ecs_tagged_init(&v.arns, alloc);
    err = hc_doctor_read(d, &v.answer);
    if (ask == ASK_TAGGED)
        hc_ecs_arns_fini(&v.arns);
    else
        hc_ecs_answer_fini(&v.answer);
    return err < 0 ? err : 1;
}

static int doctor_take(struct op_doctor *d, enum doctor_ask ask)
{
    return ask == ASK_CLUSTER    ? doctor_take_cluster(d)
           : ask == ASK_NAMES    ? doctor_take_names(d)
           : ask == ASK_SERVICES ? doctor_take_services(d)
           : ask == ASK_HOSTS    ? doctor_take_hosts(d)
           : ask == ASK_DETAILS  ? doctor_take_details(d)
           : ask == ASK_TARGETS  ? doctor_take_targets(d)
                                 : doctor_take_rest(d, ask);
}

/* ---- one cluster ---- */

/* 0 waits; 1: the read is over and told, or was not needed. */
static int doctor_ask(struct op_doctor *d, enum doctor_ask ask, int64_t now)
{
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
        if (got < 0 && ask == ASK_HOSTS)
            d->c.next = HC_STR("");
        if (ask == ASK_CLUSTER)              /* denied, but perhaps there */
            d->c.there |= got == HEADCOUNT_ESERVICE;
        if (got != CLUSTER_AGAIN && (got < 0 || d->c.next.n == 0 ||
                                     (ask != ASK_HOSTS && ask != ASK_DETAILS)))
            hc_doctor_tell_read(d, ask, got);
        hc_doctor_call_end(d);
    }
    return 1;
}

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

static int doctor_page(struct op_doctor *d, int64_t now)
{
    int got = doctor_ask(d, ASK_DETAILS, now);

    if (got == 1 && d->c.next.n > 0 && ++d->c.pages < HC_DOCTOR_PAGES)
        d->phase = PHASE_HOSTS - 1;              /* the next page */
    return got;
}

/* Its status is told after the read that told it. */
static void doctor_tell(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;

    if (!c->there)
        d->phase = PHASE_OVER;
    hc_doctor_check_account(d, "the cluster", c->at.account);
    if (c->answered && (!c->there || c->status.n > 0))
        hc_doctor_add(d, (struct headcount_finding){
            .level = c->there ? HEADCOUNT_WARNING : HEADCOUNT_ERROR,
            .code = "cluster",
            .what = hc_doctor_fmt(d, "cluster %.*s", HC_STR_ARG(c->at.name)),
            .text = c->there ? hc_doctor_fmt(d, "its status is %.*s",
                                             HC_STR_ARG(c->status))
                             : "there is none of this name",
            .advice = c->there ? "services of a cluster that is not ACTIVE "
                                 "are not written"
                               : "check its name, the region and the "
                                 "account" });
}

static int doctor_step(struct op_doctor *d, int64_t now)
{
    struct doctor_cluster *c = &d->c;
    int got;

    switch ((enum cluster_phase)d->phase) {
    case PHASE_CLUSTER:
        got = doctor_ask(d, ASK_CLUSTER, now);
        if (got == 1)
            doctor_tell(d);
        return got;
    case PHASE_NAMES:
        return doctor_ask(d, ASK_NAMES, now);
    case PHASE_SERVICES:
        c->next = d->in_call ? c->next : HC_STR("");
        c->pages = 0;
        return doctor_ask(d, ASK_SERVICES, now);
    case PHASE_HOSTS:
        return doctor_ask(d, ASK_HOSTS, now);
    case PHASE_DETAILS:
        return doctor_page(d, now);
    case PHASE_DEFINITION:
        c->next = HC_STR("");
        return doctor_ask(d, ASK_DEFINITION, now);
    case PHASE_PROVIDERS:
        return doctor_ask(d, ASK_PROVIDERS, now);
    case PHASE_TARGETS:
        return doctor_ask(d, ASK_TARGETS, now);
    case PHASE_TAGGED:
        return doctor_ask(d, ASK_TAGGED, now);
    case PHASE_JUDGE:
        hc_doctor_judge(d);
        return 1;
    case PHASE_PLAN:
        return doctor_plan(d);
    case PHASE_OVER:
        break;
    }
    return 1;
}

static bool doctor_next(struct op_doctor *d)
{
    struct hc_str name = hc_str(d->names[d->name]);

    d->c = (struct doctor_cluster){ .pages = 0 };
    if (hc_arn_cluster(&d->c.at, name, &d->why) == 0)
        return true;
    hc_doctor_add(d, (struct headcount_finding){
        .level = HEADCOUNT_ERROR, .code = "cluster", .what = "cluster",
        .text = hc_doctor_fmt(d, "%s", d->why.what) });
    hc_error_reset(&d->why);
    return false;
}

int hc_doctor_cluster(struct op_doctor *d, int64_t now)
{
    while (d->name < d->names_n) {
        int got = 1;

        if (d->c.at.text.n == 0 && !doctor_next(d))
            d->phase = PHASE_OVER;
        while (got == 1 && d->phase < PHASE_OVER) {
            got = doctor_step(d, now);
            d->phase += got == 1;
        }
        if (got != 1)
            return got;
        d->c.at.text = HC_STR("");
        d->phase = 0;
        d->name++;
    }
    return 1;
}
