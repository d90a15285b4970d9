/* op/op_doctor_queue.c - the queue that events come from: what waits in it, and
 * where a message goes that cannot be handled. */
#include "op/op_doctor.h"

#include "base/json.h"

#define QUEUE_TOKENS 256
#define QUEUE_TEXT 4096

/* The text of Attributes[name], appended to *out; false: it is not there. */
static bool queue_attribute(struct op_doctor *d, const char *name,
                            struct hc_buf *out)
{
    struct headcount_error why = { .code = 0 };
    struct hc_json_doc doc;
    bool found = false;

    if (hc_json_doc_init(&doc, &d->op.h->net.sys.alloc, hc_buf_view(&d->answer),
                         QUEUE_TOKENS, &why) < 0) {
        d->no_memory |= why.code == HEADCOUNT_ENOMEM;
        return false;
    }
    int at = hc_json_find(&doc, hc_json_find(&doc, 0, "Attributes"), name);

    found = at >= 0 && hc_json_string(&doc, at, out) == 0;
    d->no_memory |= hc_buf_error(out) == HEADCOUNT_ENOMEM;
    hc_json_doc_fini(&doc);
    return found && hc_buf_error(out) == 0;
}

/* "" where it is not there. */
static struct hc_str queue_text(struct op_doctor *d, const char *name)
{
    struct hc_str text = HC_STR("");
    struct hc_buf out;

    hc_buf_init(&out, &d->op.h->net.sys.alloc, QUEUE_TEXT);
    if (queue_attribute(d, name, &out))
        text = hc_arena_str(&d->op.arena, hc_buf_view(&out));
    hc_buf_fini(&out);
    return text;
}

/* The URL of the queue in a redrive policy: this queue's, with account and name
 * of the ARN there. */
static struct hc_str queue_dead_url(struct op_doctor *d, struct hc_str policy)
{
    struct hc_str url = hc_str(d->request.queue), arn, account, name;
    struct hc_json_doc doc;
    struct hc_buf out;

    hc_buf_init(&out, &d->op.h->net.sys.alloc, QUEUE_TEXT);
    if (hc_json_doc_init(&doc, &d->op.h->net.sys.alloc, policy, QUEUE_TOKENS,
                         NULL) == 0) {
        hc_json_string(&doc, hc_json_find(&doc, 0, "deadLetterTargetArn"),
                       &out);
        hc_json_doc_fini(&doc);
    }
    arn = hc_arena_str(&d->op.arena, hc_buf_view(&out));
    hc_buf_fini(&out);
    for (int i = 0; i < 4; i++)              /* arn:PARTITION:sqs:REGION */
        hc_str_cut(&arn, ':');
    account = hc_str_cut(&arn, ':');
    name = arn;
    for (int i = 0; i < 2; i++)              /* .../ACCOUNT/NAME */
        while (url.n > 0 && url.p[--url.n] != '/')
            continue;
    if (account.n == 0 || name.n == 0 || url.n == 0)
        return HC_STR("");
    return hc_str(hc_doctor_fmt(d, "%.*s/%.*s/%.*s", HC_STR_ARG(url),
                                HC_STR_ARG(account), HC_STR_ARG(name)));
}

static void queue_judge(struct op_doctor *d)
{
    struct hc_str waiting = queue_text(d, "ApproximateNumberOfMessages");
    struct hc_str flying = queue_text(d,
                                      "ApproximateNumberOfMessagesNotVisible");
    struct hc_str policy = queue_text(d, "RedrivePolicy");

    d->elapsed = d->spent[ASK_QUEUE];
    hc_doctor_say(d, "oqueue|queue|", "%s messages wait, %s are in flight",
                  waiting.p, flying.p);
    d->dead = policy.n > 0 ? queue_dead_url(d, policy) : HC_STR("");
    if (d->dead.n == 0)
        hc_doctor_say(d, "wredrive|queue|set a RedrivePolicy with a queue for "
                      "dead letters", "it has no redrive policy: a message "
                      "that cannot be handled comes back until it expires");
}

static void queue_judge_dead(struct op_doctor *d)
{
    struct hc_str waiting = queue_text(d, "ApproximateNumberOfMessages");

    d->elapsed = d->spent[ASK_DEAD];
    hc_doctor_say(d, hc_str_eqz(waiting, "0")
                         ? "odead_letters|dead letters|"
                         : "wdead_letters|dead letters|read them: each is an "
                           "event that was given up",
                  "%s messages wait in %s", waiting.p, d->dead.p);
}

/* 0 waits, 1 over. */
static int queue_ask(struct op_doctor *d, enum doctor_ask ask,
                     struct hc_str url, int64_t now)
{
    int got;

    if (!d->in_call) {
        hc_buf_chr(&d->body, '{');
        hc_json_put_member(&d->body, "QueueUrl", url);
        hc_buf_lit(&d->body, ",\"AttributeNames\":[\"All\"]}");
    }
    got = hc_doctor_call(d, ask, now);
    if (got == 0)
        return 0;
    if (got < 0)
        hc_doctor_tell_read(d, ask, got);
    else if (ask == ASK_QUEUE)
        queue_judge(d);
    else
        queue_judge_dead(d);
    hc_doctor_call_end(d);
    return 1;
}

/* That in "https://sqs.eu-west-1.amazonaws.com/..."; n == 0: another form. */
static struct hc_str queue_region(struct hc_str url)
{
    const struct hc_str front = HC_STR("https://sqs.");

    url = hc_str_starts(url, front) ? hc_str_from(url, front.n) : HC_STR("");
    url = hc_str_cut(&url, '.');
    return hc_endpoint_is_region(url) ? url : HC_STR("");
}

int hc_doctor_queue(struct op_doctor *d, int64_t now)
{
    int got = 1;

    if (d->request.queue == NULL || (!d->signs && !d->op.h->no_sign))
        return 1;
    d->call_region = queue_region(hc_str(d->request.queue));
    if (d->phase == 0 && !d->in_call && !hc_doctor_may_call(d, ASK_QUEUE))
        return 1;
    if (d->phase == 0)
        got = queue_ask(d, ASK_QUEUE, hc_str(d->request.queue), now);
    if (got == 1)
        d->phase = 1;
    if (got == 0 || d->dead.n == 0)
        return got;
    return queue_ask(d, ASK_DEAD, d->dead, now);
}
