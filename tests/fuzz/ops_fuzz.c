/* tests/fuzz/ops_fuzz.c - answers of ECS are read the same whole, byte by byte
 * and in pieces: the same code, the same sentence, the same values.
 *
 * The first byte of an input chooses the operation, the second the size of
 * the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ecs/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1 << 16)

enum which { SERVICES, UPDATED, HOSTS, CLUSTERS, CLUSTER, DETAILS, DEFINITION,
             PROVIDERS, TASKS, WHICH };

union view {
    struct hc_ecs_answer answer;      /* each view begins with it */
    struct hc_ecs_services services;
    struct hc_ecs_arns arns;
    struct hc_ecs_cluster cluster;
    struct hc_ecs_host_details details;
    struct hc_ecs_definition definition;
    struct hc_ecs_providers providers;
    struct hc_ecs_tasks tasks;
};

struct outcome {
    struct hc_buf values;
    struct headcount_error e;
    int code;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- what was read, as text ---- */

static void note(struct outcome *o, struct hc_str s)
{
    must(s.p == NULL || s.p[s.n] == '\0');
    hc_buf_u64(&o->values, s.n);
    hc_buf_chr(&o->values, ':');
    hc_buf_str(&o->values, s);
}

static void note_failures(struct outcome *o, const struct hc_ecs_failure *f,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        note(o, f[i].arn);
        note(o, f[i].reason);
        note(o, f[i].detail);
    }
}

static void note_tags(struct outcome *o, const struct hc_ecs_tag *tag)
{
    for (; tag != NULL; tag = tag->next) {
        note(o, tag->key);
        note(o, tag->value);
    }
}

static void note_texts(struct outcome *o, const struct hc_ecs_text *t)
{
    for (; t != NULL; t = t->next)
        note(o, t->s);
}

static void note_shares(struct outcome *o, const struct hc_ecs_share *all)
{
    for (const struct hc_ecs_share *s = all; s != NULL; s = s->next) {
        note(o, s->provider);
        must(s->weight >= 0 && s->weight <= HC_ECS_WEIGHT_MAX);
        must(s->base >= 0 && hc_ecs_share_most(all, s) >= 0);
        must(hc_ecs_share_find(all, s->provider) == s);
        hc_buf_fmt(&o->values, "%lld %lld", (long long)s->weight,
                   (long long)s->base);
    }
}

static void note_providers(struct outcome *o, const struct hc_ecs_provider *p)
{
    for (; p != NULL; p = p->next) {
        note(o, p->name);
        hc_buf_chr(&o->values, p->managed ? '+' : '-');
    }
}

static void note_service(struct outcome *o, const struct hc_ecs_service *s)
{
    note(o, s->arn);
    note(o, s->name);
    note(o, s->cluster_arn);
    note(o, s->status_text);
    hc_buf_fmt(&o->values, "%d %d %d %d %d %d %d %lld %lld %lld %lld %lld",
               (int)s->status, (int)s->launch, (int)s->scheduling,
               (int)s->controller, (int)s->rollout, s->express, s->discovery,
               (long long)s->desired, (long long)s->running,
               (long long)s->deployments, (long long)s->in_progress,
               (long long)s->task_sets);
    note_texts(o, s->constraints);
    note_shares(o, s->providers);
    hc_buf_chr(&o->values, s->distinct ? '1' : '*');
    note_tags(o, s->tags);
}

static void note_services(struct outcome *o, const struct hc_ecs_services *v,
                          bool whole)
{
    must(v->services_n <= HC_ECS_BATCH_SERVICES);
    must(v->failures_n <= HC_ECS_BATCH_SERVICES);
    for (size_t i = 0; i < v->services_n; i++) {
        must(!whole || (v->services[i].name.n > 0 &&
                        v->services[i].status_text.n > 0 &&
                        v->services[i].desired >= 0));
        note_service(o, &v->services[i]);
    }
    note_failures(o, v->failures, v->failures_n);
}

static void note_details(struct outcome *o,
                         const struct hc_ecs_host_details *v)
{
    must(v->hosts_n <= HC_ECS_BATCH && v->failures_n <= HC_ECS_BATCH);
    for (size_t i = 0; i < v->hosts_n; i++) {
        note(o, v->hosts[i].arn);
        note(o, v->hosts[i].status);
        note(o, v->hosts[i].provider);
    }
    note_failures(o, v->failures, v->failures_n);
}

static void note_tasks(struct outcome *o, const struct hc_ecs_tasks *v)
{
    must(v->tasks_n <= HC_ECS_BATCH && v->failures_n <= HC_ECS_BATCH);
    for (size_t i = 0; i < v->tasks_n; i++) {
        note(o, v->tasks[i].arn);
        note(o, v->tasks[i].host);
        note(o, v->tasks[i].last);
        note(o, v->tasks[i].desired);
    }
    note_failures(o, v->failures, v->failures_n);
}

static void note_view(struct outcome *o, enum which which,
                      const union view *v)
{
    switch (which) {
    case SERVICES:
    case UPDATED:
        note_services(o, &v->services, which == SERVICES);
        break;
    case HOSTS:
    case CLUSTERS:
        for (size_t i = 0; i < v->arns.arns_n; i++)
            note(o, v->arns.arns[i]);
        note(o, v->arns.next);
        break;
    case CLUSTER:
        must(v->cluster.clusters_n <= 1);
        note(o, v->cluster.arn);
        note(o, v->cluster.status);
        hc_buf_i64(&o->values, v->cluster.registered);
        note_failures(o, &v->cluster.failure, 1);
        note_tags(o, v->cluster.tags);
        break;
    case DETAILS:
        note_details(o, &v->details);
        break;
    case DEFINITION:
        note(o, v->definition.arn);
        note_texts(o, v->definition.constraints);
        hc_buf_chr(&o->values, v->definition.unclear ? '?' : '.');
        hc_buf_chr(&o->values, v->definition.fixed_port ? '1' : '*');
        break;
    case PROVIDERS:
        note_providers(o, v->providers.providers);
        note_failures(o, &v->providers.failure, 1);
        note(o, v->providers.next);
        break;
    case TASKS:
        note_tasks(o, &v->tasks);
        break;
    case WHICH:
        break;
    }
}

/* ---- reading ---- */

static void begin(enum which which, union view *v)
{
    const struct hc_alloc *a = &hc_alloc_libc;

    switch (which) {
    case SERVICES:
        hc_ecs_services_init(&v->services, a, HC_ECS_EVENTS |
                             HC_ECS_DEPLOYMENTS);
        break;
    case UPDATED:  hc_ecs_updated_init(&v->services, a);     break;
    case HOSTS:    hc_ecs_hosts_init(&v->arns, a);           break;
    case CLUSTERS: hc_ecs_clusters_init(&v->arns, a);        break;
    case CLUSTER:  hc_ecs_cluster_init(&v->cluster, a);      break;
    case DETAILS:  hc_ecs_host_details_init(&v->details, a, true); break;
    case DEFINITION: hc_ecs_definition_init(&v->definition, a);    break;
    case PROVIDERS:  hc_ecs_providers_init(&v->providers, a);      break;
    case TASKS:      hc_ecs_tasks_init(&v->tasks, a);              break;
    case WHICH:    break;
    }
}

static void finish(enum which which, union view *v)
{
    if (which == HOSTS || which == CLUSTERS)
        hc_ecs_arns_fini(&v->arns);
    else
        hc_ecs_answer_fini(&v->answer);
}

static void read_all(struct outcome *o, enum which which, struct hc_str text,
                     size_t step)
{
    union view v;

    memset(o, 0, sizeof(*o));
    hc_buf_init(&o->values, &hc_alloc_libc, 64 * MOST);
    begin(which, &v);
    for (size_t i = 0; i < text.n && o->code == 0; i += step) {
        struct hc_str span = hc_str_n(text.p + i, text.n - i < step
                                                      ? text.n - i : step);

        o->code = hc_ecs_answer_feed(&v.answer, span, &o->e);
    }
    if (o->code == 0)
        o->code = hc_ecs_answer_end(&v.answer, &o->e);
    must(o->code == 0 || o->code == HEADCOUNT_EANSWER);
    must((o->code == 0) == (o->e.what[0] == '\0'));
    if (o->code == 0)
        note_view(o, which, &v);
    must(hc_buf_error(&o->values) == 0);
    finish(which, &v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, pieces;

    if (size < 2 || size > MOST)
        return 0;

    enum which which = (enum which)(data[0] % WHICH);
    size_t steps[] = { 1, data[1] % 32 + 2U };
    struct hc_str text = hc_str_n(data + 2, size - 2);

    read_all(&whole, which, text, text.n + 1);
    for (size_t i = 0; i < 2; i++) {
        read_all(&pieces, which, text, steps[i]);
        must(pieces.code == whole.code);
        must(strcmp(pieces.e.what, whole.e.what) == 0);
        must(hc_str_eq(hc_buf_view(&pieces.values),
                       hc_buf_view(&whole.values)));
        hc_buf_fini(&pieces.values);
    }
    hc_buf_fini(&whole.values);
    return 0;
}
