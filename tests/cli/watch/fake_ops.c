/* tests/cli/watch/fake_ops.c - see fake_ops.h. */
#include "fake_ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "t.h"

#include "complain.h"

struct fake_ops fake_ops;

void fake_ops_reset(void)
{
    memset(&fake_ops, 0, sizeof fake_ops);
}

/* ---- what the test asks ---- */

static headcount_op *find_op(enum fake_kind kind, const char *name)
{
    for (size_t i = fake_ops.n; i-- > 0;) {
        headcount_op *op = &fake_ops.ops[i];

        if (op->kind == kind && !op->freed &&
            strcmp(kind == FAKE_CALL ? op->operation : op->cluster, name) == 0)
            return op;
    }
    print_error("no op is open for %s\n", name);
    CHECK(false);
    return NULL;
}

headcount_op *fake_ops_call(const char *operation)
{
    return find_op(FAKE_CALL, operation);
}

headcount_op *fake_ops_reconcile(const char *cluster)
{
    return find_op(FAKE_RECONCILE, cluster);
}

size_t fake_ops_live(enum fake_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < fake_ops.n; i++)
        n += fake_ops.ops[i].kind == kind && !fake_ops.ops[i].freed;
    return n;
}

void fake_ops_end(headcount_op *op, const struct headcount_outcome *outcome)
{
    op->outcome = *outcome;
    if (!op->outcome.service_code)
        op->outcome.service_code = "";
    if (!op->outcome.message)
        op->outcome.message = "";
    op->state = HEADCOUNT_DONE;
}

const char *fake_ops_told(void)
{
    static char text[sizeof fake_ops.told];

    memcpy(text, fake_ops.told, sizeof text);
    fake_ops.told[0] = '\0';
    return text;
}

/* ---- what the program calls ---- */

void complain(const char *fmt, ...)
{
    char *to = fake_ops.told + strlen(fake_ops.told);
    size_t room = (size_t)(fake_ops.told + sizeof fake_ops.told - to);
    va_list ap;

    CHECK(room > 2048);              /* else the test asks too seldom */
    va_start(ap, fmt);
    vsnprintf(to, room - 1, fmt, ap);
    va_end(ap);
    strcat(to, "\n");
}

static int begin(headcount_op **out, enum fake_kind kind,
                 struct headcount_error *error)
{
    *out = NULL;
    if (fake_ops.refuses) {
        if (error)
            snprintf(error->what, sizeof error->what, "the library refuses");
        return HEADCOUNT_EARG;
    }
    CHECK(fake_ops.n < FAKE_OPS);
    *out = &fake_ops.ops[fake_ops.n++];
    (*out)->kind = kind;
    return 0;
}

static void keep(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static bool is_json(const void *text, size_t n)
{
    headcount_json *json;
    const char *part;
    size_t part_n;
    int event = 1;

    CHECK_INT(headcount_json_new(&json, text, n, NULL), 0);
    while (event > 0)
        event = headcount_json_next(json, &part, &part_n, NULL);
    headcount_json_free(json);
    return event == HEADCOUNT_JSON_END;
}

int headcount_begin_call(headcount *h, headcount_op **out,
                         const struct headcount_call *call,
                         struct headcount_error *error)
{
    int err = begin(out, FAKE_CALL, error);

    (void)h;
    if (err == 0) {
        CHECK_Z(call->service, "sqs");
        CHECK(is_json(call->body, call->body_size));
        CHECK(call->body_size < sizeof (*out)->body);
        memcpy((*out)->body, call->body, call->body_size);
        keep((*out)->operation, sizeof (*out)->operation, call->operation);
        keep((*out)->region, sizeof (*out)->region, call->region);
    }
    return err;
}

static void keep_reconcile(headcount_op *op,
                           const struct headcount_reconcile *r)
{
    CHECK(r->event_size < sizeof op->body);
    if (r->event_size > 0)
        memcpy(op->body, r->event, r->event_size);
    keep(op->region, sizeof op->region, r->region);
    keep(op->role, sizeof op->role, r->assume_role);
    keep(op->cluster, sizeof op->cluster,
         r->clusters_n > 0 ? r->clusters[0] : NULL);
    op->drop_duplicates = r->drop_duplicates;
}

int headcount_begin_reconcile(headcount *h, headcount_op **out,
                              const struct headcount_reconcile *reconcile,
                              struct headcount_error *error)
{
    int err = begin(out, FAKE_RECONCILE, error);

    (void)h;
    if (err == 0)
        keep_reconcile(*out, reconcile);
    return err;
}

int headcount_begin_sweep(headcount *h, headcount_op **out,
                          const struct headcount_sweep *sweep,
                          struct headcount_error *error)
{
    int err = begin(out, FAKE_SWEEP, error);

    (void)h;
    if (err == 0)
        keep_reconcile(*out, sweep->each);
    return err;
}

const struct headcount_outcome *headcount_outcome(const headcount_op *op)
{
    CHECK(!op->freed);
    return op->state == HEADCOUNT_DONE ? &op->outcome : NULL;
}

enum headcount_state headcount_op_state(const headcount_op *op)
{
    CHECK(!op->freed);
    return op->state;
}

const struct headcount_outcome *headcount_sweep_cluster(const headcount_op *op)
{
    CHECK_INT(op->state, HEADCOUNT_PART);
    return op->part;
}

void headcount_resume(headcount_op *op)
{
    CHECK(!op->freed);
    op->resumed++;
    op->state = HEADCOUNT_RUNNING;
}

void headcount_drain(headcount_op *op)
{
    CHECK(!op->freed);
    op->drained++;
}

void headcount_cancel(headcount_op *op)
{
    CHECK(!op->freed);
    op->cancelled++;
}

void headcount_op_free(headcount_op *op)
{
    if (!op)
        return;
    CHECK(!op->freed);
    op->freed = true;
}

const char *headcount_code_name(int code)
{
    static char name[24];

    snprintf(name, sizeof name, "CODE%d", code);
    return name;
}
