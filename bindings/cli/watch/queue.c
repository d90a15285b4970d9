/* cli/watch/queue.c - the queue: one receive in flight at a time, and up to six
 * batches of deletes, extensions and releases.
 *
 * A refusal of the queue is logged once, until it changes: a message that could
 * not be deleted, extended or released comes again, which does no harm.
 */
#include "watch/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "json_text.h"
#include "json_rows.h"
#include "verbs/verbs.h"

#define QUEUE_WAIT 20                /* seconds, the longest that SQS has   */
/* Seconds until a message about another region or account comes back.  Not at
 * once: each delivery counts towards the dead-letter queue, and another worker
 * may be the one that it is for. */
#define QUEUE_SHELF 300
#define QUEUE_PATIENCE (60 * HC_SECOND)   /* of one call, with its retries */
#define QUEUE_BACKOFF (60 * HC_SECOND)    /* the longest between receives  */

/* ---- its URL ---- */

/* https://sqs.REGION.amazonaws.com/ACCOUNT/NAME */
static void find_region(struct queue *q)
{
    const char *host = strstr(q->url, "://"), *from, *to;

    host = host ? host + 3 : q->url;
    from = strchr(host, '.');
    to = strstr(host, ".amazonaws.com");
    if (!from || !to || from >= to || strncmp(host, "sqs", 3) != 0)
        return;
    from++;
    if ((size_t)(to - from) < sizeof q->region)
        snprintf(q->region, sizeof q->region, "%.*s", (int)(to - from), from);
}

void queue_init(struct queue *q, const struct options *o)
{
    int64_t read = o->read_us / HC_SECOND;

    memset(q, 0, sizeof *q);
    q->url = o->queue;
    q->visibility = (int)(o->visibility_us / HC_SECOND);
    q->debug = o->debug;
    q->wait = QUEUE_WAIT;
    /* A long poll that finds nothing is answered after `wait`: the read timeout
     * must not end it before. */
    if (o->read_us > 0 && read <= QUEUE_WAIT)
        q->wait = read > 1 ? (int)read - 1 : 0;
    if (o->regions.n > 0)            /* the handle has the only one */
        snprintf(q->region, sizeof q->region, "%s", o->regions.item[0]);
    if (q->url)
        find_region(q);
}

/* ---- what it is asked ---- */

struct question {
    FILE *out;                       /* into text, which grows               */
    char *text;
    size_t n;
};

/* The queue's URL is in it already.  False: no memory. */
static bool question_open(const struct queue *q, struct question *ask)
{
    *ask = (struct question){ .text = NULL };
    ask->out = open_memstream(&ask->text, &ask->n);
    if (!ask->out)
        return false;
    putc('{', ask->out);
    json_text_member(ask->out, "QueueUrl", q->url);
    return true;
}

static headcount_op *question_send(struct queue *q, struct question *ask,
                                   const char *operation)
{
    struct headcount_call call = {
        .size = sizeof call, .service = "sqs",
        .operation = operation, .timeout = QUEUE_PATIENCE,
        .region = *q->region != '\0' ? q->region : NULL,
    };
    headcount_op *op = NULL;

    putc('}', ask->out);
    if (fclose(ask->out) == 0) {
        call.body = ask->text;
        call.body_size = ask->n;
        if (headcount_begin_call(q->h, &op, &call, NULL) != 0)
            op = NULL;
    }
    free(ask->text);
    return op;
}

/* Once, when the queue has answered.  Nothing depends on it: a role without
 * sqs:GetQueueAttributes only lacks the warning. */
static void begin_attributes(struct queue *q)
{
    struct question ask;

    q->asked = true;
    if (!question_open(q, &ask))
        return;
    fputs(",\"AttributeNames\":[\"RedrivePolicy\"]", ask.out);
    q->attributes = question_send(q, &ask, "GetQueueAttributes");
}

/* The first one does not wait for messages: its answer says that the queue is
 * there, and systemd hears READY only then. */
static void begin_receive(struct queue *q, int64_t now)
{
    struct question ask;

    q->began = now;
    if (question_open(q, &ask)) {
        fprintf(ask.out, ",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":%d,"
                "\"VisibilityTimeout\":%d,\"MessageSystemAttributeNames\":"
                "[\"ApproximateReceiveCount\",\"SentTimestamp\"]",
                q->reached ? q->wait : 0, q->visibility);
        q->receive = question_send(q, &ask, "ReceiveMessage");
    }
    if (!q->receive)
        q->next = now + HC_SECOND;
}

static const char *batch_operation(enum queue_batch_kind kind)
{
    return kind == QUEUE_DELETE ? "DeleteMessageBatch"
                                : "ChangeMessageVisibilityBatch";
}

static int new_visibility(const struct queue *q, enum queue_batch_kind kind)
{
    switch (kind) {
    case QUEUE_EXTEND:
        return q->visibility;
    case QUEUE_SHELVE:
        return q->visibility > QUEUE_SHELF ? q->visibility : QUEUE_SHELF;
    case QUEUE_RELEASE:
    case QUEUE_DELETE:
        break;
    }
    return 0;
}

/* The queue did not do what the entry says. */
static void entry_failed(struct queue *q, enum queue_batch_kind kind,
                         uint64_t number, int64_t now)
{
    switch (kind) {
    case QUEUE_DELETE:
        q->lost |= !inbox_not_deleted(q->inbox, number, now);
        break;
    case QUEUE_EXTEND:
        inbox_not_extended(q->inbox, number, now);
        break;
    case QUEUE_RELEASE:
        inbox_forget(q->inbox, number);
        q->lost = true;
        break;
    case QUEUE_SHELVE:               /* it comes back sooner */
        inbox_forget(q->inbox, number);
        break;
    }
}

static void entry_went_well(struct queue *q, enum queue_batch_kind kind,
                            uint64_t number)
{
    if (kind != QUEUE_EXTEND)
        inbox_forget(q->inbox, number);
    q->metrics->deleted += kind == QUEUE_DELETE;
}

/* The Id of an entry is its index in the batch: see place_of. */
static void begin_batch(struct queue *q, struct queue_batch *b,
                        const struct inbox_item *items, int64_t now)
{
    struct question ask;

    b->op = NULL;
    if (question_open(q, &ask)) {
        fputs(",\"Entries\":[", ask.out);
        for (size_t i = 0; i < b->n; i++) {
            fprintf(ask.out, "%s{\"Id\":\"%zu\",", i > 0 ? "," : "", i);
            json_text_member(ask.out, "ReceiptHandle", items[i].receipt);
            if (b->kind != QUEUE_DELETE)
                fprintf(ask.out, ",\"VisibilityTimeout\":%d",
                        new_visibility(q, b->kind));
            putc('}', ask.out);
        }
        putc(']', ask.out);
        b->op = question_send(q, &ask, batch_operation(b->kind));
    }
    for (size_t i = 0; i < b->n; i++) {
        b->numbers[i] = items[i].number;
        if (!b->op)
            entry_failed(q, b->kind, items[i].number, now);
    }
}

/* QUEUE_BATCHES: none.  Extensions never take the first batch: they come again
 * and again, and must not keep deletes from the queue. */
static size_t free_batch(const struct queue *q, enum queue_batch_kind kind)
{
    size_t i = kind == QUEUE_EXTEND ? 1 : 0;

    while (i < QUEUE_BATCHES && q->batches[i].op)
        i++;
    return i;
}

static size_t take_items(struct queue *q, enum queue_batch_kind kind,
                         struct inbox_item *items, int64_t now)
{
    switch (kind) {
    case QUEUE_DELETE:
        return inbox_take_done(q->inbox, items, QUEUE_BATCH, now);
    case QUEUE_EXTEND:
        return inbox_take_due(q->inbox, items, QUEUE_BATCH, now);
    case QUEUE_RELEASE:
        return inbox_take_released(q->inbox, items, QUEUE_BATCH);
    case QUEUE_SHELVE:
        return inbox_take_shelved(q->inbox, items, QUEUE_BATCH);
    }
    return 0;
}

static void begin_batches(struct queue *q, enum queue_batch_kind kind,
                          int64_t now)
{
    struct inbox_item items[QUEUE_BATCH];

    for (size_t at; (at = free_batch(q, kind)) < QUEUE_BATCHES;) {
        struct queue_batch *b = &q->batches[at];

        b->kind = kind;
        b->n = take_items(q, kind, items, now);
        if (b->n == 0)
            return;
        begin_batch(q, b, items, now);
        if (!b->op)
            return;
    }
}

/* Extensions go first: one that is late gives the message to somebody else.
 * Deletes are tried again later, and a shelved message loses nothing. */
void queue_turn(struct queue *q, int64_t now)
{
    if (!q->url)
        return;
    begin_batches(q, QUEUE_EXTEND, now);
    begin_batches(q, QUEUE_RELEASE, now);
    begin_batches(q, QUEUE_DELETE, now);
    begin_batches(q, QUEUE_SHELVE, now);
    if (q->reached && !q->asked && !q->stopped)
        begin_attributes(q);
    if (!q->receive && !q->stopped && now >= q->next &&
        inbox_has_room(q->inbox))
        begin_receive(q, now);
}

int64_t queue_due(const struct queue *q)
{
    int64_t due = HC_NEVER;

    if (!q->url)
        return due;
    if (free_batch(q, QUEUE_EXTEND) < QUEUE_BATCHES)
        due = inbox_extensions_due(q->inbox);
    if (free_batch(q, QUEUE_DELETE) < QUEUE_BATCHES)
        due = hc_time_min(due, inbox_deletes_due(q->inbox));
    if (!q->receive && !q->stopped && inbox_has_room(q->inbox))
        due = hc_time_min(due, q->next);
    return due;
}

void queue_stop(struct queue *q)
{
    headcount_op_free(q->receive);
    headcount_op_free(q->attributes);
    q->receive = q->attributes = NULL;
    q->stopped = true;
    q->lost = false;    /* the exit code is about what is lost from now on */
}

bool queue_is_idle(const struct queue *q)
{
    for (size_t i = 0; i < QUEUE_BATCHES; i++)
        if (q->batches[i].op)
            return false;
    return !q->receive;
}

/* ---- what it answers ---- */

/* Logs a change only: a queue that is away for an hour is one line.  `o` is
 * NULL when all is well again. */
static void tell_trouble(struct queue *q, int kind,
                         const struct headcount_outcome *o)
{
    static const char *const words[QUEUE_KINDS] = {
        [QUEUE_RECEIVE] = "receive", [QUEUE_DELETE] = "delete messages",
        [QUEUE_EXTEND] = "extend the visibility of messages",
        [QUEUE_RELEASE] = "give messages back",
        [QUEUE_SHELVE] = "postpone messages about other accounts or regions",
    };
    char trouble[sizeof q->trouble[kind]] = "";

    if (o)
        snprintf(trouble, sizeof trouble, "%s %s",
                 headcount_code_name(o->code), o->service_code);
    if (strcmp(trouble, q->trouble[kind]) == 0)
        return;
    memcpy(q->trouble[kind], trouble, sizeof trouble);
    if (o)
        complain("queue %s: cannot %s: %s; headcount tries again", q->url,
                 words[kind], o->message);
    else
        complain("queue %s: it answers again", q->url);
}

/* The statement that lets it in, for the queue that the URL names. */
static void tell_statement(const struct queue *q)
{
    const char *name = strrchr(q->url, '/'), *account = name;
    const char *partition = strncmp(q->region, "cn-", 3) == 0 ? "aws-cn"
        : strncmp(q->region, "us-gov-", 7) == 0 ? "aws-us-gov" : "aws";

    while (account && account > q->url && account[-1] != '/')
        account--;
    if (!name || account == q->url || account == name)
        return;
    complain("to allow it: {\"Effect\": \"Allow\", \"Action\": "
             "[\"sqs:ReceiveMessage\", \"sqs:DeleteMessage\", "
             "\"sqs:ChangeMessageVisibility\"], \"Resource\": "
             "\"arn:%s:sqs:%s:%.*s:%s\"}", partition,
             *q->region != '\0' ? q->region : "*", (int)(name - account),
             account, name + 1);
}

static bool says(const struct headcount_outcome *o, const char *word)
{
    return strstr(o->service_code, word) != NULL;
}

/* An error that no time mends.  It is fatal only before the first answer. */
static bool is_fatal(const struct headcount_outcome *o)
{
    return verbs_exit_code(o->code) == EXIT_CONFIG ||
           verbs_exit_code(o->code) == EXIT_USAGE ||
           says(o, "AccessDenied") || says(o, "QueueDoesNotExist") ||
           says(o, "NonExistentQueue") || says(o, "InvalidAddress");
}

static void receive_failed(struct queue *q, const struct headcount_outcome *o,
                           int64_t now)
{
    if (!q->reached && is_fatal(o)) {
        complain("queue %s: %s", q->url, o->message);
        if (says(o, "AccessDenied"))
            tell_statement(q);
        q->fatal = verbs_exit_code(o->code);
        return;
    }
    tell_trouble(q, QUEUE_RECEIVE, o);
    q->backoff = q->backoff > 0 ? q->backoff * 2 : HC_SECOND;
    q->backoff = hc_time_min(q->backoff, QUEUE_BACKOFF);
    q->next = now + q->backoff;
}

/* An empty answer may come at once, where the server does not wait: the next
 * receive begins a second after this one began. */
static void receive_ended(struct queue *q, const struct headcount_outcome *o,
                          int64_t now)
{
    if (o->code != 0) {
        receive_failed(q, o, now);
        return;
    }
    bool first = !q->reached;

    q->reached = true;
    q->backoff = 0;
    tell_trouble(q, QUEUE_RECEIVE, NULL);
    q->next = queue_take_messages(q, o, now) > 0 || first
                  ? now : q->began + HC_SECOND;
}

/* The receipt expired: SQS delivers the message again, or another worker holds
 * it.  To try the entry again would fail for ever. */
static bool is_expired(const char *code)
{
    return strstr(code, "ReceiptHandleIsInvalid") ||
           strstr(code, "InvalidParameterValue") ||
           strstr(code, "MessageNotInflight");
}

static void entry_refused(struct queue *q, const struct queue_batch *b,
                          size_t at, const char *code, int64_t now)
{
    if (!is_expired(code)) {
        entry_failed(q, b->kind, b->numbers[at], now);
        return;
    }
    if (q->debug)
        complain("queue %s: %s of a message: %s", q->url,
                 batch_operation(b->kind), code);
    if (b->kind != QUEUE_EXTEND)
        inbox_forget(q->inbox, b->numbers[at]);
}

/* The place in the batch that an Id of ours names, or n. */
static size_t place_of(const char *id, size_t n)
{
    return id && id[0] >= '0' && id[0] <= '9' && id[1] == '\0'
               ? (size_t)(id[0] - '0') : n;
}

/* HTTP 200 does not say that all went well: each entry has an answer of its
 * own, and one without an answer was not done. */
static void batch_answered(struct queue *q, struct queue_batch *b,
                           const struct headcount_outcome *o, int64_t now)
{
    static const char *const names[] = { "Id", "Code" };
    bool told[QUEUE_BATCH] = { false };
    struct json_rows rows;

    if (json_rows_open(&rows, o->body, o->body_size, names, 2))
        while (json_rows_next(&rows)) {
            size_t at = place_of(rows.text[0], b->n);

            if (at >= b->n || told[at])
                continue;
            told[at] = true;
            if (strcmp(rows.list, "Successful") == 0)
                entry_went_well(q, b->kind, b->numbers[at]);
            else
                entry_refused(q, b, at, rows.text[1] ? rows.text[1] : "", now);
        }
    json_rows_close(&rows);
    for (size_t i = 0; i < b->n; i++)
        if (!told[i])
            entry_failed(q, b->kind, b->numbers[i], now);
}

static void batch_ended(struct queue *q, struct queue_batch *b,
                        const struct headcount_outcome *o, int64_t now)
{
    tell_trouble(q, (int)b->kind, o->code == 0 ? NULL : o);
    if (o->code == 0) {
        batch_answered(q, b, o, now);
        return;
    }
    for (size_t i = 0; i < b->n; i++)
        entry_failed(q, b->kind, b->numbers[i], now);
}

/* {"Attributes": {"RedrivePolicy": "..."}}, and without one no such member. */
static bool has_redrive(const struct headcount_outcome *o)
{
    headcount_json *json;
    const char *text;
    size_t n;
    int event = 1;
    bool found = false;

    if (headcount_json_new(&json, o->body, o->body_size, NULL) != 0)
        return true;
    while (event > 0 && !found) {
        event = headcount_json_next(json, &text, &n, NULL);
        found = event == HEADCOUNT_JSON_KEY && n == strlen("RedrivePolicy") &&
                memcmp(text, "RedrivePolicy", n) == 0;
    }
    headcount_json_free(json);
    return found;
}

static void attributes_ended(const struct queue *q,
                             const struct headcount_outcome *o)
{
    if (o->code == 0 && !has_redrive(o))
        complain("queue %s: it has no redrive policy, so messages that are no "
                 "event, and those about another region or account, come back "
                 "until they expire: give it a dead-letter queue", q->url);
    else if (o->code != 0 && q->debug)
        complain("queue %s: cannot read its redrive policy: %s", q->url,
                 o->message);
}

bool queue_took(struct queue *q, headcount_op *op, int64_t now)
{
    if (op == q->attributes) {
        attributes_ended(q, headcount_outcome(op));
        q->attributes = NULL;
        headcount_op_free(op);
        return true;
    }
    if (op == q->receive) {
        receive_ended(q, headcount_outcome(op), now);
        q->receive = NULL;
        headcount_op_free(op);
        return true;
    }
    for (size_t i = 0; i < QUEUE_BATCHES; i++)
        if (q->batches[i].op == op) {
            batch_ended(q, &q->batches[i], headcount_outcome(op), now);
            q->batches[i].op = NULL;
            headcount_op_free(op);
            return true;
        }
    return false;
}
