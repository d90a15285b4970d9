/* cli/lambda/lambda_sweep.c - see lambda_sweep.h. */
#include "lambda/lambda_sweep.h"

#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "lambda/emf.h"
#include "log.h"
#include "missing_services.h"
#include "render.h"
#include "sweep_options.h"
#include "verbs/verbs.h"

int lambda_sweep_open(struct lambda_sweep *s, const struct options *o,
                      const struct headcount_reconcile *like)
{
    int code = cluster_tags_open(&s->tags, o);

    s->is_said = sweep_options_is_said(o);
    s->each = *like;
    sweep_options_put(&s->sweep, &s->each, o, &s->tags);
    s->sweep.report = true;
    return code;
}

/* Wrong names, tags, regions and roles are found before a call is made. */
int lambda_sweep_check(const struct lambda_sweep *s, headcount *h)
{
    headcount_op *op = NULL;
    const struct headcount_outcome *o;
    struct headcount_error error;
    int code = 0;

    if (!s->is_said)
        return 0;
    if (headcount_begin_sweep(h, &op, &s->sweep, &error) != 0) {
        complain("%s", error.what);
        return EXIT_OTHER;
    }
    o = headcount_outcome(op);
    if (o && o->code != 0) {
        complain("%s", o->message);
        code = verbs_exit_code(o->code);
    }
    headcount_op_free(op);
    return code;
}

void lambda_sweep_close(struct lambda_sweep *s)
{
    cluster_tags_close(&s->tags);
}

bool lambda_sweep_is_asked(const void *event, size_t n, bool *wrapped)
{
    struct headcount_event *seen = NULL;
    bool sweep;

    *wrapped = false;
    if (headcount_event_read(&seen, event, n, NULL, NULL) != 0)
        return false;                   /* the reconcile says what is wrong */
    sweep = seen->sweep;
    *wrapped = seen->wrapped;
    headcount_event_free(seen);
    return sweep;
}

void lambda_first_failure(const struct headcount_outcome *o, char *out,
                          size_t size)
{
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];

        if (c->error) {
            snprintf(out, size, "cluster %s: %s", c->name, c->error);
            return;
        }
        for (size_t k = 0; k < c->services_n; k++)
            if (c->services[k].outcome == HEADCOUNT_FAILED) {
                snprintf(out, size, "service %s of cluster %s: %s",
                         c->services[k].service, c->name,
                         c->services[k].reason);
                return;
            }
    }
}

static void on_part(void *ud, headcount_op *op)
{
    struct lambda_swept *swept = ud;
    const struct headcount_outcome *part = headcount_sweep_cluster(op);
    bool failed = part->summary[HEADCOUNT_FAILED] > 0;

    swept->unplaced += emf_unplaced(part);
    swept->placeable = emf_add(swept->placeable, emf_placeable(part));
    swept->braked += (int64_t)render_braked(part);
    if (failed && swept->first[0] == '\0')
        lambda_first_failure(part, swept->first, sizeof swept->first);
    if ((failed || part->summary[HEADCOUNT_UPDATED] > 0 ||
         part->summary[HEADCOUNT_HELD] > 0) && part->json_size > 0)
        log_object(failed ? LOG_ERROR : LOG_INFO, part->json, part->json_size);
}

void lambda_sweep_run(const struct lambda_sweep *s, headcount *h,
                      struct policy_option *decide, int64_t timeout,
                      struct lambda_swept *swept)
{
    static const struct missing_services no_names;
    const struct verbs_parts parts = { .ud = swept, .part = on_part };
    struct headcount_reconcile each = s->each;
    struct headcount_sweep sweep = s->sweep;

    memset(swept, 0, sizeof *swept);
    swept->placeable = -1;
    each.timeout = timeout;
    sweep.each = &each;
    if (headcount_begin_sweep(h, &swept->op, &sweep, NULL) != 0)
        return;
    swept->interrupted = verbs_run_parts(swept->op, decide, &parts);
    const struct headcount_outcome *o = headcount_outcome(swept->op);

    if (o)
        missing_services_complain(&no_names, o);
}
