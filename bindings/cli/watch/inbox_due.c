/* cli/watch/inbox_due.c - which messages are due to be deleted, extended or
 * given back; and how many there are. */
#include "watch/inbox_parts.h"

#define INBOX_SECOND ((int64_t)1000000)
/* SQS refuses to hide a message for longer than 12 hours in all. */
#define INBOX_LONGEST (INBOX_SECOND * 12 * 3600)
#define INBOX_DELETES 5                  /* tries for one message */

static struct inbox_message *find_message(struct inbox *c, uint64_t number)
{
    struct inbox_message *m = c->messages;

    while (m && m->number != number)
        m = m->next;
    return m;
}

static size_t take(struct inbox *c, struct inbox_item *out, size_t max,
                   enum message_state from, int64_t now)
{
    size_t n = 0;

    for (struct inbox_message *m = c->messages; m && n < max; m = m->next) {
        if (m->state != from || m->due > now)
            continue;
        out[n++] = (struct inbox_item){ m->number, m->receipt };
        if (from == MESSAGE_HELD)
            m->due = now + c->config.visibility / 2;
        else                            /* DONE, RELEASED, SHELVED */
            m->state = (enum message_state)(from + 1);
    }
    return n;
}

size_t inbox_take_done(struct inbox *c, struct inbox_item *out, size_t max,
                      int64_t now)
{
    return take(c, out, max, MESSAGE_DONE, now);
}

size_t inbox_take_released(struct inbox *c, struct inbox_item *out, size_t max)
{
    return take(c, out, max, MESSAGE_RELEASED, INT64_MAX);
}

size_t inbox_take_shelved(struct inbox *c, struct inbox_item *out, size_t max)
{
    return take(c, out, max, MESSAGE_SHELVED, INT64_MAX);
}

size_t inbox_take_due(struct inbox *c, struct inbox_item *out, size_t max,
                     int64_t now)
{
    for (struct inbox_message *m = c->messages; m; m = m->next)
        if (m->state == MESSAGE_HELD && m->due <= now &&
            now - m->received > INBOX_LONGEST - c->config.visibility)
            m->due = INT64_MAX;     /* SQS would refuse: let it come again */
    return take(c, out, max, MESSAGE_HELD, now);
}

void inbox_not_extended(struct inbox *c, uint64_t number, int64_t now)
{
    struct inbox_message *m = find_message(c, number);

    if (m && m->state == MESSAGE_HELD)
        m->due = now + c->config.visibility / 8;
}

void inbox_forget(struct inbox *c, uint64_t number)
{
    struct inbox_message *m = find_message(c, number);

    if (m && m->left == 0)
        inbox_drop(c, m);
}

bool inbox_not_deleted(struct inbox *c, uint64_t number, int64_t now)
{
    struct inbox_message *m = find_message(c, number);

    if (!m || m->state != MESSAGE_DELETING)
        return true;
    if (++m->tries == INBOX_DELETES) {
        inbox_drop(c, m);
        return false;
    }
    m->state = MESSAGE_DONE;
    m->due = now + (INBOX_SECOND / 2 << m->tries);
    return true;
}

static int64_t first_due(const struct inbox *c, enum message_state state)
{
    int64_t due = INT64_MAX;

    for (const struct inbox_message *m = c->messages; m; m = m->next)
        if (m->state == state && m->due < due)
            due = m->due;
    return due;
}

int64_t inbox_deletes_due(const struct inbox *c)
{
    return first_due(c, MESSAGE_DONE);
}

int64_t inbox_extensions_due(const struct inbox *c)
{
    return first_due(c, MESSAGE_HELD);
}

void inbox_count(const struct inbox *c, struct inbox_counts *out)
{
    *out = (struct inbox_counts){ .messages = c->messages_n,
                                 .bytes = c->bytes, .at_work = c->at_work,
                                 .failed = c->failed };
    for (const struct inbox_cluster *p = c->clusters; p; p = p->next)
        out->waiting += p->waiting > 0;
    for (const struct inbox_message *m = c->messages; m; m = m->next) {
        out->deleting += m->state == MESSAGE_DONE ||
                         m->state == MESSAGE_DELETING;
        out->released += m->state == MESSAGE_RELEASED ||
                         m->state == MESSAGE_RELEASING ||
                         m->state == MESSAGE_SHELVED ||
                         m->state == MESSAGE_SHELVING;
    }
}
