/* cli/watch/messages.c - messages as the queue hands them out: which clusters
 * each is about, or that it is poison.
 *
 * Poison, a message that is no event, is logged and left in the queue: the
 * redrive policy moves it to the dead-letter queue.  To delete it would hide a
 * mistake in whoever sends it.
 */
#include "watch/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "complain.h"
#include "json_rows.h"

/* SQS delivers it again and again: only its first delivery is logged. */
static void tell_poison(struct queue *q, const char *id, const char *why)
{
    uint64_t hash = hc_str_hash(HC_STR_HASH, hc_str(id));

    q->metrics->poison++;
    for (size_t i = 0; i < QUEUE_POISON && i < q->poison_n; i++)
        if (q->poison[i] == hash)
            return;
    q->poison[q->poison_n++ % QUEUE_POISON] = hash;
    complain("message %s is left to the queue's redrive policy: %s", id, why);
}

/* The text behind the n-th colon of an ARN; `other` where it is no ARN. */
static const char *arn_part(const char *arn, int n, const char *other)
{
    const char *at = strncmp(arn, "arn:", 4) == 0 ? arn : NULL;

    for (; at && n > 0; n--) {
        at = strchr(at, ':');
        at = at ? at + 1 : NULL;
    }
    return at ? at : other;
}

/* "eu-west-1/123456789012/prod": an ARN and a name are one cluster where the
 * envelope says the rest; where both say it, the ARN is the cluster's.  A dry
 * run has a reconcile of its own, "eu-west-1/123456789012/prod dry_run": it
 * settles no message that asks for a write. */
static char *key_of(const struct headcount_event_cluster *c)
{
    const char *region = arn_part(c->name, 3, c->region);
    const char *account = arn_part(c->name, 4, c->account);
    const char *slash = strrchr(c->name, '/');
    const char *name = slash ? slash + 1 : c->name;
    size_t region_n = strcspn(region, ":"), account_n = strcspn(account, ":");
    const char *dry = c->dry_run ? " dry_run" : "";
    size_t n = region_n + account_n + strlen(name) + strlen(dry) + 3;
    char *key = malloc(n);

    if (key)
        snprintf(key, n, "%.*s/%.*s/%s%s", (int)region_n, region,
                 (int)account_n, account, name, dry);
    return key;
}

static void free_wants(struct inbox_want *wants, size_t n)
{
    for (size_t i = 0; wants && i < n; i++)
        free((char *)(uintptr_t)wants[i].key);
    free(wants);
}

/* NULL: no memory. */
static struct inbox_want *wants_of(const struct queue *q,
                                  const struct headcount_event *event,
                                  size_t *n)
{
    struct inbox_want *wants = calloc(event->clusters_n + 1, sizeof *wants);

    *n = 0;
    for (size_t i = 0; wants && i < event->clusters_n; i++) {
        wants[i].name = event->clusters[i].name;
        wants[i].key = key_of(&event->clusters[i]);
        if (!wants[i].key) {
            free_wants(wants, i);
            return NULL;
        }
        *n = i + 1;
    }
    if (wants && event->sweep && q->sweeps)
        wants[(*n)++] = (struct inbox_want){ .key = NULL };
    return wants;
}

enum { ROW_ID, ROW_RECEIPT, ROW_BODY };

/* Why a part of the message cannot be done, or NULL.  Such a message is not
 * deleted, whatever comes of its other parts. */
static const char *broken_of(const struct queue *q,
                             const struct headcount_event *event)
{
    if (event->sweep && !q->sweeps)
        return "it asks for a sweep, and none is configured: name clusters, "
               "or give --all";
    return event->broken;
}

static void take_message(struct queue *q, const struct json_rows *rows,
                         int64_t now)
{
    const char *id = rows->text[ROW_ID];
    struct headcount_event *event;
    struct headcount_error error;
    size_t n;

    if (!id || !rows->text[ROW_RECEIPT] || !rows->text[ROW_BODY])
        return;
    q->metrics->received++;
    if (headcount_event_read(&event, rows->text[ROW_BODY],
                             rows->text_n[ROW_BODY], NULL, &error) != 0) {
        tell_poison(q, id, error.what);
        return;
    }
    const char *why = broken_of(q, event);
    struct inbox_want *wants = wants_of(q, event, &n);
    const struct inbox_given given = {
        .id = id, .receipt = rows->text[ROW_RECEIPT],
        .body = rows->text[ROW_BODY], .body_n = rows->text_n[ROW_BODY],
        .wants = wants, .wants_n = n, .kept = why != NULL,
    };

    if (why)
        tell_poison(q, id, why);
    /* A broken message that names no cluster has nothing to wait for: without
     * the inbox it stays in the queue. */
    if (!wants || ((n > 0 || !why) &&
                   inbox_put(q->inbox, &given, now) == INBOX_NOMEM))
        complain("out of memory for message %s: SQS delivers it again", id);
    free_wants(wants, n);
    headcount_event_free(event);
}

/* How many messages there were. */
size_t queue_take_messages(struct queue *q, const struct headcount_outcome *o,
                           int64_t now)
{
    static const char *const names[] = { "MessageId", "ReceiptHandle",
                                         "Body" };
    struct json_rows rows;
    size_t n = 0;

    if (json_rows_open(&rows, o->body, o->body_size, names, 3))
        for (; json_rows_next(&rows); n++)
            if (strcmp(rows.list, "Messages") == 0)
                take_message(q, &rows, now);
    json_rows_close(&rows);
    return n;
}
