/* reconcile/report.c - the only writer of the JSON report.
 *
 * A number that was not learned is null and never 0 or -1: a reader must not
 * take it for a count.
 */
#include "reconcile/report.h"

#include "base/clock.h"
#include "base/json.h"
#include "plan/rule.h"

static const char *const report_outcomes[HC_RESULTS] = {
    "updated", "pending", "unchanged", "held", "skipped", "failed"
};

const char *hc_result_name(enum headcount_result o)
{
    return report_outcomes[o];
}

/* Copies a text; NULL stays NULL. */
static const char *report_copy(struct hc_arena *arena, const char *text)
{
    return text != NULL && *text != '\0' ? hc_arena_str(arena, hc_str(text)).p
                                         : text != NULL ? "" : NULL;
}

static const struct headcount_placement *report_copy_placement(
    struct hc_arena *arena, const struct headcount_placement *from)
{
    struct headcount_placement *to;
    struct headcount_placed_host *hosts;

    if (from == NULL)
        return NULL;
    to = hc_arena_zero(arena, sizeof(*to));
    hosts = hc_arena_zero(arena, (from->hosts_n + 1) * sizeof(*hosts));
    if (to == NULL || hosts == NULL)
        return NULL;                  /* the arena keeps the error */
    *to = *from;
    to->summary = report_copy(arena, from->summary);
    to->scaled_by = report_copy(arena, from->scaled_by);
    to->said = report_copy(arena, from->said);
    to->hosts = hosts;
    /* Answers and codes are static texts. */
    for (size_t i = 0; i < from->hosts_n; i++) {
        hosts[i] = from->hosts[i];
        hosts[i].arn = report_copy(arena, hosts[i].arn);
        hosts[i].id = report_copy(arena, hosts[i].id);
        hosts[i].ec2_id = report_copy(arena, hosts[i].ec2_id);
        hosts[i].reason = report_copy(arena, hosts[i].reason);
    }
    return to;
}

void hc_report_copy(struct headcount_cluster *to,
                    const struct headcount_cluster *from,
                    struct hc_arena *arena)
{
    struct headcount_service *rows =
        hc_arena_zero(arena, from->services_n * sizeof *rows);

    for (size_t i = 0; rows != NULL && i < from->services_n; i++) {
        rows[i] = from->services[i];
        rows[i].service = report_copy(arena, rows[i].service);
        rows[i].code = report_copy(arena, rows[i].code);
        rows[i].reason = report_copy(arena, rows[i].reason);
        rows[i].rule = report_copy(arena, rows[i].rule);
        rows[i].switch_text = report_copy(arena, rows[i].switch_text);
        rows[i].hosts_by = report_copy(arena, rows[i].hosts_by);
        rows[i].hosts_filter = report_copy(arena, rows[i].hosts_filter);
        rows[i].at = report_copy(arena, rows[i].at);
        rows[i].placement = report_copy_placement(arena, rows[i].placement);
    }
    *to = (struct headcount_cluster){
        .arn = report_copy(arena, from->arn),
        .name = report_copy(arena, from->name),
        .error_code = report_copy(arena, from->error_code),
        .error = report_copy(arena, from->error),
        .services = rows, .services_n = rows != NULL ? from->services_n : 0,
        .services_listed = from->services_listed,
        .skipped = report_copy(arena, from->skipped),
    };
}

void hc_report_sum(const struct hc_report *r, size_t summary[HC_RESULTS])
{
    for (int o = 0; o < HC_RESULTS; o++)
        summary[o] = 0;
    summary[HEADCOUNT_FAILED] = r->missing_services_n;
    for (size_t i = 0; i < r->clusters_n; i++) {
        const struct headcount_cluster *c = r->clusters[i];

        if (c->error_code != NULL && c->services_n == 0)
            summary[HEADCOUNT_FAILED]++;
        for (size_t k = 0; k < c->services_n; k++)
            summary[c->services[k].outcome]++;
    }
}

/* ---- members ---- */

static void report_put_text(struct hc_buf *out, const char *key,
                            const char *text)
{
    hc_json_put_member(out, key, hc_str(text));
}

static void report_put_text_or_null(struct hc_buf *out, const char *key,
                                    const char *text)
{
    if (text != NULL) {
        report_put_text(out, key, text);
        return;
    }
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_lit(out, "null");
}

static void report_put_number(struct hc_buf *out, const char *key, int64_t v)
{
    if (v == HEADCOUNT_UNKNOWN)
        report_put_text_or_null(out, key, NULL);
    else
        hc_json_put_member_int(out, key, v);
}

static void report_put_key(struct hc_buf *out, const char *key)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
}

/* ---- parts ---- */

static void report_put_hosts(struct hc_buf *out,
                             const struct headcount_service *s)
{
    report_put_key(out, "hosts");
    if (s->hosts_counted == HEADCOUNT_UNKNOWN) {
        hc_buf_lit(out, "null");
        return;
    }
    hc_buf_chr(out, '{');
    hc_json_put_member_int(out, "counted", s->hosts_counted);
    report_put_text(out, "by", s->hosts_by);
    report_put_text(out, "filter", s->hosts_filter);
    hc_buf_chr(out, '}');
}

static void report_put_said(struct hc_buf *out,
                            const struct headcount_placement *p)
{
    char time[HC_RFC3339 + 1];

    report_put_key(out, "said");
    if (p->said[0] == '\0') {
        hc_buf_lit(out, "null");
        return;
    }
    hc_buf_chr(out, '{');
    if (p->said_at != HEADCOUNT_UNKNOWN)
        hc_time_rfc3339(time, p->said_at);
    report_put_text_or_null(out, "at", p->said_at != HEADCOUNT_UNKNOWN
                                           ? time : NULL);
    report_put_text(out, "message", p->said);
    hc_buf_chr(out, '}');
}

static void report_put_placed_host(struct hc_buf *out,
                                   const struct headcount_placed_host *h)
{
    hc_json_put_comma(out);
    hc_buf_chr(out, '{');
    report_put_text(out, "id", h->id);
    report_put_text(out, "arn", h->arn);
    report_put_text_or_null(out, "ec2_instance_id",
                            h->ec2_id[0] != '\0' ? h->ec2_id : NULL);
    report_put_text(out, "answer", h->answer);
    report_put_text(out, "code", h->code);
    report_put_text(out, "reason", h->reason);
    hc_buf_chr(out, '}');
}

static void report_put_placement(struct hc_buf *out,
                                 const struct headcount_placement *p)
{
    report_put_key(out, "placement");
    hc_buf_chr(out, '{');
    hc_json_put_member_int(out, "running", p->running);
    hc_json_put_member_int(out, "can", p->can);
    hc_json_put_member_int(out, "unknown", p->unknown);
    hc_json_put_member_int(out, "passed_over", p->passed_over);
    hc_json_put_member_int(out, "cannot", p->cannot);
    report_put_text(out, "summary", p->summary);
    report_put_text_or_null(out, "scaled_by",
                            p->scaled_by[0] != '\0' ? p->scaled_by : NULL);
    report_put_said(out, p);
    report_put_key(out, "hosts");
    hc_buf_chr(out, '[');
    for (size_t i = 0; i < p->hosts_n; i++)
        report_put_placed_host(out, &p->hosts[i]);
    hc_buf_lit(out, "]}");
}

static void report_put_service(struct hc_buf *out,
                               const struct headcount_service *s)
{
    hc_json_put_comma(out);
    hc_buf_chr(out, '{');
    report_put_text(out, "service", s->service);
    report_put_text(out, "outcome", hc_result_name(s->outcome));
    report_put_text(out, "code", s->code);
    report_put_text(out, "reason", s->reason);
    report_put_number(out, "desired_before", s->desired_before);
    report_put_number(out, "wanted", s->wanted);
    report_put_number(out, "running", s->running);
    report_put_number(out, "pending", s->pending);
    report_put_text(out, "rule", s->rule);
    report_put_text_or_null(out, "switch", s->switch_text);
    report_put_hosts(out, s);
    report_put_number(out, "placeable", s->placeable);
    if (s->placement != NULL)
        report_put_placement(out, s->placement);
    hc_buf_chr(out, '}');
}

void hc_report_put_cluster(struct hc_buf *out,
                           const struct headcount_cluster *c)
{
    hc_buf_chr(out, '{');
    report_put_text(out, "arn", c->arn);
    report_put_text(out, "name", c->name);
    if (c->error_code == NULL) {
        report_put_text_or_null(out, "error", NULL);
    } else {
        report_put_key(out, "error");
        hc_buf_chr(out, '{');
        report_put_text(out, "code", c->error_code);
        report_put_text(out, "message", c->error);
        hc_buf_chr(out, '}');
    }
    if (c->skipped != NULL)
        report_put_text(out, "skipped", c->skipped);
    if (c->services_listed > 0)
        hc_json_put_member_int(out, "services_listed",
                               (int64_t)c->services_listed);
    report_put_key(out, "services");
    hc_buf_chr(out, '[');
    for (size_t i = 0; i < c->services_n; i++)
        report_put_service(out, &c->services[i]);
    hc_buf_lit(out, "]}");
}

static void report_put_stat(struct hc_buf *out, const char *key, uint64_t v)
{
    hc_json_put_member_int(out, key, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

static void report_put_stats(struct hc_buf *out, const struct hc_report *r)
{
    const struct headcount_stats *s = &r->stats;

    report_put_key(out, "stats");
    hc_buf_chr(out, '{');
    report_put_stat(out, "api_calls", s->api_calls);
    report_put_stat(out, "connections_opened", s->connections_opened);
    report_put_stat(out, "connections_reused", s->connections_reused);
    report_put_stat(out, "dns_lookups", s->dns_lookups);
    report_put_stat(out, "dns_datagrams", s->dns_datagrams);
    report_put_stat(out, "dns_hits", s->dns_hits);
    report_put_stat(out, "tls_handshakes", s->tls_handshakes);
    report_put_stat(out, "tls_resumed", s->tls_resumed);
    report_put_stat(out, "retries", s->retries);
    report_put_stat(out, "replays", s->replays);
    report_put_stat(out, "connections_purged", s->connections_purged);
    report_put_stat(out, "connections_dead", s->connections_dead);
    hc_json_put_member_int(out, "elapsed_us", r->elapsed_us);
    hc_buf_chr(out, '}');
}

/* Each record that must be delivered again.  `error` says why, if the record
 * itself is wrong; it is null if one of its clusters failed. */
static void report_put_records(struct hc_buf *out, const struct hc_records *b)
{
    report_put_key(out, "records");
    hc_buf_chr(out, '{');
    hc_json_put_member_int(out, "total", (int64_t)b->records_n);
    report_put_key(out, "failed");
    hc_buf_chr(out, '[');
    for (size_t i = 0; i < b->records_n; i++) {
        if (b->records[i].done)
            continue;
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "id", b->records[i].id);
        report_put_text_or_null(out, "error", b->records[i].why.p);
        hc_buf_chr(out, '}');
    }
    hc_buf_lit(out, "]}");
}

void hc_report_put_head(struct hc_buf *out, const struct hc_report *r)
{
    hc_buf_chr(out, '{');
    report_put_text(out, "format_version", "1.0");
    report_put_key(out, "dry_run");
    hc_buf_text(out, r->dry_run ? "true" : "false");
    report_put_text_or_null(out, "skipped_event", r->skipped_event);
    if (r->skipped_because != NULL)
        report_put_text(out, "skipped_because", r->skipped_because);
    if (r->records != NULL)
        report_put_records(out, r->records);
    report_put_key(out, "clusters");
    hc_buf_chr(out, '[');
}

void hc_report_put_tail(struct hc_buf *out, const struct hc_report *r,
                        const size_t summary[HC_RESULTS])
{
    hc_buf_chr(out, ']');
    /* Put only where there are some: they are the failure of a run, and a run
     * that went well has none. */
    if (r->missing_services_n > 0) {
        report_put_key(out, "missing_services");
        hc_buf_chr(out, '[');
        for (size_t i = 0; i < r->missing_services_n; i++) {
            hc_json_put_comma(out);
            hc_json_put_str(out, hc_str(r->missing_services[i]));
        }
        hc_buf_chr(out, ']');
    }
    report_put_key(out, "summary");
    hc_buf_chr(out, '{');
    for (int o = 0; o < HC_RESULTS; o++)
        hc_json_put_member_int(out, report_outcomes[o], (int64_t)summary[o]);
    hc_buf_chr(out, '}');
    report_put_stats(out, r);
    hc_buf_chr(out, '}');
}

void hc_report_put(struct hc_buf *out, const struct hc_report *r)
{
    size_t summary[HC_RESULTS];

    hc_report_sum(r, summary);
    hc_report_put_head(out, r);
    for (size_t i = 0; i < r->clusters_n; i++) {
        hc_json_put_comma(out);
        hc_report_put_cluster(out, r->clusters[i]);
    }
    hc_report_put_tail(out, r, summary);
}
