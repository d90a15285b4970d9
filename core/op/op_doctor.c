/* op/op_doctor.c - what keeps headcount from its work: one subject after
 * another, and what was found.
 *
 *   SETTINGS -> NETWORK -> CREDENTIALS -> IDENTITY -> CLUSTERS -> CLUSTER
 *            -> QUEUE -> OVER                  any -> OVER   no time is left
 *
 * A subject that fails adds an error, and the next one follows: whoever runs a
 * doctor wants all that is wrong at once.  Nothing here writes.  The only call
 * that could, UpdateService, is not among HC_DOCTOR_ASKS, and each plan is a
 * dry run.
 */
#include "op/op_doctor.h"

#include <string.h>

#include "aws/strike.h"
#include "base/json.h"
#include "base/text.h"
#include "op/op_request.h"
#include "op/op_wishes.h"

#define DOCTOR_TIMEOUT (30 * HC_SECOND)
#define DOCTOR_FINDINGS 10000
#define DOCTOR_BODY ((size_t)256 << 10)

static struct op_doctor *doctor_of(headcount_op *op)
{
    return (struct op_doctor *)op;
}

/* ---- findings ---- */

const char *headcount_level_name(enum headcount_level level)
{
    switch (level) {
    case HEADCOUNT_FINE:    return "ok";
    case HEADCOUNT_WARNING: return "warning";
    case HEADCOUNT_ERROR:   return "error";
    }
    return NULL;
}

static void doctor_add(struct op_doctor *d, const struct headcount_finding *f)
{
    int err = hc_grow(&d->op.h->net.sys.alloc, &d->findings, &d->cap, d->n + 1,
                      DOCTOR_FINDINGS, sizeof *d->findings);

    d->no_memory |= err == HEADCOUNT_ENOMEM;
    if (err == 0)
        d->findings[d->n++] = *f;
}

void hc_doctor_say(struct op_doctor *d, const char *head, const char *fmt, ...)
{
    const struct hc_identity who = hc_credentials_view(&d->creds);
    struct hc_arena *arena = &d->op.arena;
    struct hc_str rest = hc_str(head + 1);
    struct headcount_finding f = { .elapsed_us = d->elapsed };
    va_list ap;

    f.level = *head == 'o' ? HEADCOUNT_FINE
              : *head == 'w' ? HEADCOUNT_WARNING : HEADCOUNT_ERROR;
    f.code = hc_arena_str(arena, hc_str_cut(&rest, '|')).p;
    f.what = hc_arena_str(arena, hc_str_cut(&rest, '|')).p;
    if (*f.what == '\0')
        f.what = d->subject;
    f.advice = d->advice != NULL ? d->advice : hc_arena_str(arena, rest).p;
    hc_buf_reset(&d->text);
    va_start(ap, fmt);
    hc_text_vfmt(&d->text, fmt, ap);
    va_end(ap);
    hc_buf_chr(&d->text, '\0');
    d->no_memory |= hc_buf_error(&d->text) != 0;
    if (hc_buf_error(&d->text) == 0)
        hc_strike_identity(d->text.p, &who);
    f.text = hc_arena_str(arena, hc_str(hc_buf_z(&d->text))).p;
    doctor_add(d, &f);
    d->advice = NULL;
    d->elapsed = 0;
}

void hc_doctor_say_why(struct op_doctor *d, const char *head)
{
    d->no_memory |= d->why.code == HEADCOUNT_ENOMEM;
    hc_doctor_say(d, head, "%s", d->why.what);
    hc_error_reset(&d->why);
}

void hc_doctor_list(struct op_doctor *d, struct doctor_list *list,
                    struct hc_str name)
{
    if (list->n++ < HC_DOCTOR_NAMES)
        list->names = hc_doctor_fmt(d, "%s%s%.*s",
                                    list->n > 1 ? list->names : "",
                                    list->n > 1 ? ", " : "", HC_STR_ARG(name));
}

const char *hc_doctor_names(struct op_doctor *d,
                            const struct doctor_list *list)
{
    if (list->n > HC_DOCTOR_NAMES)
        return hc_doctor_fmt(d, "%s and %zu more", list->names,
                             list->n - HC_DOCTOR_NAMES);
    return list->n > 0 ? list->names : "none";
}

void hc_doctor_check_account(struct op_doctor *d, const char *whose,
                             struct hc_str account)
{
    const char *expected = d->op.params.expect_account;

    if (expected != NULL && account.n > 0 && !hc_str_eqz(account, expected))
        hc_doctor_say(d, "eaccount|account|use credentials of that account",
                      "%s is of account %.*s, and %s is expected", whose,
                      HC_STR_ARG(account), expected);
}

static int doctor_report(struct op_doctor *d)
{
    struct hc_buf *out = &d->json;

    hc_buf_lit(out, "{\"format_version\":\"1.0\",\"findings\":[");
    for (size_t i = 0; i < d->n; i++) {
        const struct headcount_finding *f = &d->findings[i];

        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "level",
                           hc_str(headcount_level_name(f->level)));
        hc_json_put_member(out, "code", hc_str(f->code));
        hc_json_put_member(out, "what", hc_str(f->what));
        hc_json_put_member(out, "text", hc_str(f->text));
        hc_json_put_member(out, "advice", hc_str(f->advice));
        hc_json_put_member_int(out, "elapsed_us", f->elapsed_us);
        hc_buf_chr(out, '}');
    }
    hc_buf_lit(out, "]}");
    d->op.outcome.findings = d->findings;
    d->op.outcome.findings_n = d->n;
    d->op.outcome.json = hc_buf_z(out);
    d->op.outcome.json_size = out->n;
    return hc_buf_error(out) < 0 ? hc_buf_error(out) : 1;
}

/* ---- the machine ---- */

static int op_doctor_prepare(headcount_op *op)
{
    struct op_doctor *d = doctor_of(op);
    const struct hc_alloc *alloc = &op->h->net.sys.alloc;

    hc_credentials_init(&d->creds, alloc);
    hc_buf_init(&d->json, alloc, HC_OP_JSON);
    hc_buf_init(&d->body, alloc, DOCTOR_BODY);
    hc_buf_init(&d->text, alloc, DOCTOR_BODY);
    hc_buf_init(&d->answer, alloc, HC_ECS_ANSWER);
    d->principal = d->account = "";
    int err = hc_op_check_params(op, op->params.assume_role != NULL);

    return err == 0 && d->has_each
               ? hc_op_put_wishes(op, &d->each, &d->wishes, &d->wishes_n)
               : err;
}

static bool op_doctor_lacks_region(headcount_op *op)
{
    return hc_doctor_arn_region(doctor_of(op)).n == 0;
}

static int op_doctor_start(headcount_op *op)
{
    (void)op;
    return 0;                            /* the settings are its first step */
}

static void doctor_end_all(struct op_doctor *d)
{
    hc_waiter_leave(&d->waiter);
    hc_doctor_network_end(d);
    hc_doctor_call_end(d);
    hc_op_end_child(&d->op, d->c.plan);
    d->c.plan = NULL;
}

static void doctor_is_late(struct op_doctor *d)
{
    struct hc_str rest = HC_STR("settings|network|credentials|identity|"
                                "clusters|clusters|queue"), at = rest;

    for (int i = 0; i <= (int)d->at; i++)
        at = hc_str_cut(&rest, '|');
    doctor_end_all(d);
    d->elapsed = hc_now(&d->op.h->net.sys) - d->op.started;
    hc_doctor_say(d, "etimeout|timeout|give it more time, or fewer clusters",
                  "the time was over in the checks of the %.*s: what follows "
                  "them was not looked at", HC_STR_ARG(at));
    d->at = DOCTOR_OVER;
}

static int doctor_step_subject(struct op_doctor *d, int64_t now)
{
    switch (d->at) {
    case DOCTOR_SETTINGS:    return hc_doctor_settings(d);
    case DOCTOR_NETWORK:     return hc_doctor_network(d, now);
    case DOCTOR_CREDENTIALS: return hc_doctor_credentials(d, now);
    case DOCTOR_IDENTITY:    return hc_doctor_identity(d, now);
    case DOCTOR_CLUSTERS:    return hc_doctor_clusters(d, now);
    case DOCTOR_CLUSTER:     return hc_doctor_cluster(d, now);
    case DOCTOR_QUEUE:       return hc_doctor_queue(d, now);
    case DOCTOR_OVER:        break;
    }
    return 1;
}

static int op_doctor_step(headcount_op *op, int64_t now)
{
    struct op_doctor *d = doctor_of(op);
    int got = 1;

    if (d->cancelled)
        return hc_error_set(&op->error, HEADCOUNT_ECANCELLED,
                            "cancelled before all checks were made");
    while (got == 1 && d->at != DOCTOR_OVER) {
        if (now >= op->deadline) {
            doctor_is_late(d);
            break;
        }
        got = doctor_step_subject(d, now);
        if (d->no_memory)
            return HEADCOUNT_ENOMEM;
        if (got == 1) {
            d->at = (enum doctor_at)(d->at + 1);
            d->phase = 0;
        }
    }
    if (got != 1) {
        hc_job_at(&op->job, op->deadline);
        return got;
    }
    got = hc_arena_error(&op->arena);
    return got < 0 ? got : doctor_report(d);
}

static void op_doctor_cancel(headcount_op *op)
{
    doctor_of(op)->cancelled = true;
    doctor_end_all(doctor_of(op));
}

static void op_doctor_free(headcount_op *op)
{
    struct op_doctor *d = doctor_of(op);

    doctor_end_all(d);
    hc_credentials_fini(&d->creds);
    hc_buf_fini(&d->json);
    hc_buf_fini(&d->body);
    hc_buf_fini(&d->text);
    hc_buf_fini(&d->answer);
    hc_free(&op->h->net.sys.alloc, d->findings, d->cap * sizeof *d->findings);
}

static const struct op_class op_doctor_class = {
    .size = sizeof(struct op_doctor), .start = op_doctor_start,
    .prepare = op_doctor_prepare, .lacks_region = op_doctor_lacks_region,
    .step = op_doctor_step, .cancel = op_doctor_cancel, .free = op_doctor_free,
};

/* ---- begin ---- */

static void doctor_fill(struct op_doctor *d, const struct headcount_doctor *r,
                        const struct headcount_reconcile *each)
{
    headcount_op *op = &d->op;

    d->request = *r;
    d->request.clusters = hc_op_texts(op, r->clusters, r->clusters_n);
    d->request.queue = hc_op_text(op, r->queue);
    d->has_each = r->each != NULL;
    d->request.each = NULL;
    d->each = *each;
    d->each.endpoint_url = r->endpoint_url;
    d->each.external_id = r->external_id;
    d->each.role_session_name = r->role_session_name;
    d->each.role_duration = r->role_duration;
    d->each.expect_account = r->expect_account;
    d->each.dry_run = true;
    hc_op_request_copy(op, &d->each);
}

int headcount_begin_doctor(headcount *h, headcount_op **out,
                           const struct headcount_doctor *doctor,
                           struct headcount_error *error)
{
    struct headcount_doctor r = { .size = 0 };
    struct headcount_reconcile each = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    int err = hc_take_struct(&r, &hc_form_doctor, doctor, &e);

    *out = NULL;
    if (err == 0)
        err = hc_check_texts("clusters", r.clusters, r.clusters_n, &e);
    if (err == 0 && r.each != NULL)
        err = hc_op_request_take_each(&each, r.each, "doctor", &e);
    if (err == 0) {
        const struct hc_op_params params = {
            .user = r.user, .region = r.region, .assume_role = r.assume_role,
            .endpoint_url = r.endpoint_url, .external_id = r.external_id,
            .role_session_name = r.role_session_name,
            .role_duration = r.role_duration,
            .expect_account = r.expect_account,
            .timeout = r.timeout == 0 ? DOCTOR_TIMEOUT : r.timeout,
        };
        headcount_op *op = hc_op_new(h, &op_doctor_class, &params);

        if (op != NULL)
            doctor_fill(doctor_of(op), &r, &each);
        err = hc_op_begin(op, out, &e);
        if (err == 0)
            doctor_of(op)->each.wishes = NULL;         /* the caller's */
    }
    hc_give_error(error, &e);
    return err;
}
