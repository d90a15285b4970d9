/* reconcile/audit.c - the lines that say afterwards who set what, and why.
 *
 * A hold is written when it starts, changes or ends, and not at each run: a
 * service that is held for a week would fill the log with one sentence.
 */
#include "reconcile/audit.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "plan/rule.h"

#define AUDIT_LINE 16384

static void audit_text(struct hc_buf *out, const char *key, const char *text)
{
    hc_json_put_member(out, key, hc_str(text));
}

static void audit_null(struct hc_buf *out, const char *key)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_lit(out, "null");
}

static void audit_number(struct hc_buf *out, const char *key, int64_t n)
{
    if (n == HEADCOUNT_UNKNOWN)
        audit_null(out, key);
    else
        hc_json_put_member_int(out, key, n);
}

static void audit_put(struct hc_buf *out, struct hc_run *r, const char *event,
                      const char *write_id)
{
    const struct hc_event *cause = r->config.event;
    const struct headcount_service *s = hc_run_row(r);
    char time[HC_RFC3339 + 1], rule[300];

    hc_time_rfc3339(time, hc_wall(&r->net->sys));
    hc_buf_chr(out, '{');
    audit_text(out, "time", time);
    hc_json_put_member(out, "region", hc_run_region(r));
    hc_json_put_member(out, "cluster", r->cluster.text);
    audit_text(out, "event", event);
    audit_text(out, "outcome", hc_result_name(s->outcome));
    audit_text(out, "code", s->code);
    audit_text(out, "service", s->service);
    audit_number(out, "before", s->desired_before);
    audit_number(out, "after", s->wanted);
    audit_number(out, "hosts", s->hosts_counted);
    audit_number(out, "placeable", s->placeable);
    audit_text(out, "by", s->hosts_by);
    audit_text(out, "filter", s->hosts_filter);
    hc_fmt(rule, sizeof(rule), s->at[0] != '\0' ? "%s (%s)" : "%s%s", s->rule,
           s->at);                    /* "per_host (policy.lua:12)" */
    audit_text(out, "rule", rule);
    audit_text(out, "reason", s->reason);
    if (r->config.policy_sha256.n > 0)
        hc_json_put_member(out, "policy_sha256", r->config.policy_sha256);
    else
        audit_null(out, "policy_sha256");
    if (cause != NULL && cause->id.n > 0)
        hc_json_put_member(out, "event_id", cause->id);
    else
        audit_null(out, "event_id");
    if (write_id != NULL && write_id[0] != '\0')
        audit_text(out, "request_id", write_id);
    else
        audit_null(out, "request_id");
    audit_text(out, "version", r->config.audit.version);
    hc_buf_chr(out, '}');
}

/* write_id NULL: the line is about no write. */
static void audit_tell(struct hc_run *r, const char *event,
                       const char *write_id)
{
    const struct hc_audit_to *to = &r->config.audit;
    struct hc_buf line;

    hc_buf_init(&line, r->facts.alloc, AUDIT_LINE);
    audit_put(&line, r, event, write_id);
    if (hc_buf_error(&line) == 0)
        to->fn(to->ud, line.p, line.n);
    hc_buf_fini(&line);
}

/* The name of the audit's event if a hold started, changed or ended, or NULL.
 * A service that could not be read is neither held nor free: the hold of its
 * last run stays. */
static const char *audit_of_hold(struct hc_run *r)
{
    const struct headcount_service *s = hc_run_row(r);
    struct hc_memory_key key = hc_run_key(r, MEMORY_SERVICE,
                                             r->names[r->at].name);
    char code[HC_MEMORY_HOLD] = "";
    bool is_held = s->outcome == HEADCOUNT_HELD;

    if (s->outcome == HEADCOUNT_FAILED)
        return NULL;
    if (is_held)
        hc_fmt(code, sizeof(code), "%s", s->code);
    if (r->config.memory != NULL)
        hc_memory_hold(r->config.memory, &key, code);
    else
        code[0] = '\0';
    if (!is_held)
        return code[0] != '\0' ? "hold_ended" : NULL;
    if (code[0] == '\0')
        return "hold_started";
    return strcmp(code, s->code) != 0 ? "hold_changed" : NULL;
}

void hc_audit(struct hc_run *r)
{
    const char *write_id = r->write_id, *of_hold;

    r->write_id = NULL;
    if (r->config.dry_run || r->config.audit.fn == NULL)
        return;
    of_hold = audit_of_hold(r);
    if (of_hold != NULL)
        audit_tell(r, of_hold, NULL);
    if (write_id != NULL)
        audit_tell(r, "write", write_id);
}
