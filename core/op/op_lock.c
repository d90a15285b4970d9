/* op/op_lock.c - which reconcile runs next (contract: op/op_lock.h).
 *
 *   line of a cluster:  first, next, ... last    the first is in h->locks
 *   h->room:            firsts that wait until fewer are inside
 *
 * The place of the one that leaves is given to the next in line at once, before
 * that one runs: nobody comes in between, and if it never runs it hands the
 * place on.  No line is walked, however long it is.
 */
#include "op/op_lock.h"

#include <stddef.h>

static struct op_reconcile *lock_of(struct hc_index_node *node)
{
    return node == NULL ? NULL
                        : (struct op_reconcile *)(void *)(
                              (char *)node - offsetof(struct op_reconcile,
                                                      lock.node));
}

static uint64_t lock_key(const struct op_reconcile *r)
{
    return hc_index_key(hc_str_hash(hc_str_hash(HC_STR_HASH, r->region),
                                    r->names[r->at].name));
}

static bool lock_is_same(const struct op_reconcile *a,
                         const struct op_reconcile *b)
{
    return hc_str_eq(a->region, b->region) &&
           hc_str_eq(a->names[a->at].name, b->names[b->at].name) &&
           hc_arn_same_place(&a->names[a->at], &b->names[b->at]);
}

/* The first of a line that holds the cluster of r, or NULL. */
static struct op_reconcile *lock_holder(const struct op_reconcile *r)
{
    const struct hc_index *locks = &r->op.h->locks;
    struct hc_index_node *at = NULL;
    const uint64_t key = lock_key(r);

    while ((at = hc_index_find(locks, key, at)) != NULL)
        if (lock_of(at) != r && lock_is_same(r, lock_of(at)))
            return lock_of(at);
    return NULL;
}

/* ---- room among all ---- */

/* Lets the next one in, if there is one, and room: that one, or NULL. */
static struct op_reconcile *lock_fill_room(headcount *h)
{
    struct hc_waiter *first = h->room.first;

    if (first == NULL || h->inside >= h->concurrency)
        return NULL;
    struct op_reconcile *r = (struct op_reconcile *)(void *)first->job;

    hc_waiter_leave(first);
    r->inside = true;
    h->inside++;
    return r;
}

/* ---- the line of a cluster ---- */

/* r is the first of its line from now on, and comes in when there is room for
 * it and for those that wait already. */
static void lock_hold(struct op_reconcile *r, struct op_reconcile *last)
{
    r->lock.held = true;
    r->lock.prev = NULL;
    r->lock.last = last;
    hc_index_put(&r->op.h->locks, &r->lock.node, lock_key(r));
    hc_waiter_join(&r->op.h->room, &r->lock.room, &r->op.job);
}

/* A cluster may be named in two ways, and its ARN says more than its name: the
 * next in line may now stand behind the holder of another line. */
static void lock_pass_on(struct op_reconcile *next, struct op_reconcile *last)
{
    struct op_reconcile *other = lock_holder(next);

    if (other == NULL) {
        lock_hold(next, last);
        return;
    }
    other->lock.last->lock.next = next;
    next->lock.prev = other->lock.last;
    other->lock.last = last;
}

static void lock_join(struct op_reconcile *r, struct op_reconcile *holder)
{
    r->lock.prev = holder->lock.last;
    r->lock.next = NULL;
    holder->lock.last->lock.next = r;
    holder->lock.last = r;
}

/* Leaves the middle or the end of a line. */
static void lock_leave(struct op_reconcile *r)
{
    struct hc_index_node *at = NULL;

    r->lock.prev->lock.next = r->lock.next;
    if (r->lock.next != NULL) {
        r->lock.next->lock.prev = r->lock.prev;
        return;
    }
    do                                 /* which has this one as its last */
        at = hc_index_find(&r->op.h->locks, lock_key(r), at);
    while (lock_of(at)->lock.last != r);
    lock_of(at)->lock.last = r->lock.prev;
}

/* ---- from outside ---- */

bool hc_op_lock(struct op_reconcile *r, int64_t now)
{
    bool stands = r->lock.held || r->lock.prev != NULL;
    struct op_reconcile *holder = stands ? NULL : lock_holder(r);

    if (holder != NULL)
        lock_join(r, holder);
    else if (!stands)
        lock_hold(r, r);
    lock_fill_room(r->op.h);
    if (r->inside || r->cancelled || now >= r->op.deadline)
        return true;
    hc_job_at(&r->op.job, r->op.deadline);
    return false;
}

bool hc_op_unlock(struct op_reconcile *r)
{
    headcount *h = r->op.h;
    struct op_reconcile *next = r->lock.next, *last = r->lock.last;

    if (r->lock.held) {
        hc_waiter_leave(&r->lock.room);
        hc_index_remove(&h->locks, &r->lock.node);
        h->inside -= r->inside;
        r->inside = false;
        if (next != NULL)
            lock_pass_on(next, last);
    } else if (r->lock.prev != NULL) {
        lock_leave(r);
    }
    r->lock = (struct op_lock){ .held = false };
    next = lock_fill_room(h);
    if (next != NULL)
        hc_job_wake(&next->op.job);
    return next != NULL;
}
