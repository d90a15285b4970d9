/* reconcile/snapshot.c - the facts of one reconcile written down.
 *
 * Only facts that are VALUE are written.  A fact that failed is left out: a
 * plan on the snapshot then says that the snapshot does not hold it, and never
 * takes a failure for an empty list.
 */
#include "reconcile/snapshot.h"

#include <string.h>

#include "base/clock.h"
#include "ecs/service_json.h"

static void snapshot_open(struct hc_buf *out, const char *key, char bracket)
{
    hc_json_put_comma(out);
    if (key != NULL)
        hc_json_put_key(out, key);
    else
        hc_buf_chr(out, '\n');          /* people read and edit it */
    hc_buf_chr(out, bracket);
}

static void snapshot_bool(struct hc_buf *out, const char *key, bool value)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_text(out, value ? "true" : "false");
}

/* ---- services ---- */

static void snapshot_services(struct hc_buf *out, const struct hc_facts *f)
{
    const struct hc_fact_service *s;

    snapshot_open(out, "services", '[');
    for (s = f->first[FACTS_SERVICE]; s != NULL; s = s->key.next)
        if (s->fact.state == FACT_VALUE && s->value != NULL) {
            hc_json_put_comma(out);
            hc_buf_chr(out, '\n');
            hc_ecs_put_service(out, s->value);
        }
    hc_buf_chr(out, ']');
    snapshot_open(out, "failures", '[');
    for (s = f->first[FACTS_SERVICE]; s != NULL; s = s->key.next)
        if (s->fact.state == FACT_VALUE && s->value == NULL) {
            snapshot_open(out, NULL, '{');
            hc_json_put_member(out, "arn", s->key.name);
            hc_json_put_member(out, "reason", HC_STR("MISSING"));
            hc_buf_chr(out, '}');
        }
    hc_buf_chr(out, ']');
}

/* ---- readings ---- */

static void snapshot_list(struct hc_buf *out, const struct hc_fact_hosts *h)
{
    snapshot_open(out, NULL, '{');
    hc_json_put_member(out, "status", hc_str(h->status));
    hc_json_put_member(out, "filter", h->key.name);
    snapshot_bool(out, "described", h->details.state == FACT_VALUE);
    snapshot_open(out, "hosts", '[');
    for (size_t i = 0; i < h->list.n; i++) {
        snapshot_open(out, NULL, '{');
        hc_json_put_member(out, "containerInstanceArn", h->list.hosts[i].arn);
        if (h->list.hosts[i].details != NULL)
            hc_ecs_put_host(out, h->list.hosts[i].details);
        hc_buf_chr(out, '}');
    }
    hc_buf_lit(out, "]}");
}

static void snapshot_reading(struct hc_buf *out, const struct hc_facts *f,
                             enum hc_reading reading)
{
    const struct hc_fact_cluster *c = &f->cluster[reading];

    snapshot_open(out, NULL, '{');
    if (c->fact.state == FACT_VALUE) {
        snapshot_open(out, "cluster", '{');
        hc_json_put_member(out, "status", c->value.status);
        hc_json_put_member_int(out, "registeredContainerInstancesCount",
                               c->value.registered);
        hc_ecs_put_tags(out, c->value.tags);
        hc_buf_chr(out, '}');
    }
    snapshot_open(out, "lists", '[');
    for (const struct hc_fact_hosts *h = f->first[FACTS_HOSTS]; h != NULL;
         h = h->key.next)
        if (h->reading == reading && h->fact.state == FACT_VALUE)
            snapshot_list(out, h);
    hc_buf_lit(out, "]}");
}

/* ---- lists of services ---- */

static void snapshot_lists(struct hc_buf *out, const struct hc_facts *f)
{
    snapshot_open(out, "serviceLists", '[');
    for (const struct hc_fact_names *l = f->names; l != NULL; l = l->next) {
        if (l->fact.state != FACT_VALUE)
            continue;
        snapshot_open(out, NULL, '{');
        hc_json_put_member(out, "launchType", l->launch_type);
        hc_json_put_member(out, "tagFilters", l->tag_filters);
        snapshot_open(out, "serviceArns", '[');
        for (size_t i = 0; i < l->all.n; i++) {
            hc_json_put_comma(out);
            hc_json_put_str(out, l->all.hosts[i].arn);
        }
        hc_buf_lit(out, "]}");
    }
    hc_buf_chr(out, ']');
}

/* ---- yes or no ---- */

static void snapshot_answers(struct hc_buf *out, const char *key,
                             const struct hc_fact_bool *a, const char *name,
                             const char *yes)
{
    snapshot_open(out, key, '[');
    for (; a != NULL; a = a->key.next) {
        if (a->fact.state != FACT_VALUE)
            continue;
        snapshot_open(out, NULL, '{');
        hc_json_put_member(out, name, a->key.name);
        snapshot_bool(out, yes, a->yes);
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

/* ---- tasks ---- */

static void snapshot_tasks(struct hc_buf *out, const struct hc_fact_tasks *t)
{
    snapshot_open(out, "serviceTasks", '[');
    for (; t != NULL; t = t->key.next) {
        if (t->fact.state != FACT_VALUE ||
            (t->all.n > 0 && t->details.state != FACT_VALUE))
            continue;
        snapshot_open(out, NULL, '{');
        hc_json_put_member(out, "service", t->key.name);
        snapshot_open(out, "hosts", '[');
        for (size_t i = 0; i < t->hosts.n; i++) {
            hc_json_put_comma(out);
            hc_json_put_str(out, t->hosts.hosts[i].arn);
        }
        hc_buf_lit(out, "]}");
    }
    hc_buf_chr(out, ']');
}

/* ---- task definitions ---- */

static void snapshot_definitions(struct hc_buf *out,
                                 const struct hc_fact_definition *d)
{
    snapshot_open(out, "taskDefinitions", '[');
    for (; d != NULL; d = d->key.next) {
        if (d->fact.state != FACT_VALUE)
            continue;
        snapshot_open(out, NULL, '{');
        hc_json_put_member(out, "taskDefinitionArn", d->key.name);
        hc_ecs_put_constraints(out, d->constraints, false, d->unclear);
        snapshot_bool(out, "fixedHostPort", d->fixed_port);
        if (d->needs_text.n > 0) {
            hc_json_put_comma(out);
            hc_json_put_key(out, "needs");
            hc_buf_str(out, d->needs_text);
        }
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

/* ---- all of it ---- */

/* Writes zeros over the account's digits, wherever they stand: a snapshot is
 * made to be shown to others, and an ARN in it would show the account. */
static void snapshot_redact(struct hc_buf *out, struct hc_str account)
{
    if (account.n == 0 || hc_buf_error(out) < 0)
        return;
    for (size_t i = 0; i + account.n <= out->n; i++)
        if (memcmp(out->p + i, account.p, account.n) == 0)
            memset(out->p + i, '0', account.n);
}

void hc_snapshot_put(struct hc_buf *out, const struct hc_arn *cluster,
                     const struct hc_facts *f, int64_t wall)
{
    char time[HC_RFC3339 + 1];

    hc_time_rfc3339(time, wall);
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "format_version", HC_STR("1.0"));
    hc_json_put_member(out, "taken", hc_str(time));
    hc_json_put_member(out, "cluster", cluster->text);
    snapshot_services(out, f);
    snapshot_open(out, "readings", '[');
    snapshot_reading(out, f, READING_FIRST);
    snapshot_reading(out, f, READING_CONFIRMING);
    hc_buf_chr(out, ']');
    snapshot_lists(out, f);
    snapshot_answers(out, "capacityProviders", f->first[FACTS_CAPACITY],
                     "name", "managed");
    snapshot_definitions(out, f->first[FACTS_DEFINITION]);
    snapshot_tasks(out, f->first[FACTS_TASKS]);
    snapshot_answers(out, "scalableTargets", f->first[FACTS_TARGET],
                     "service", "owned");
    hc_buf_chr(out, '}');
    snapshot_redact(out, cluster->account);
}
