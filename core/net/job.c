/* net/job.c - which job runs next. */
#include "net/job.h"

#include "base/clock.h"

void hc_jobs_init(struct hc_jobs *q)
{
    *q = (struct hc_jobs){ .next_id = 1 };
}

/* ---- the heap of deadlines ----
 *
 * A pairing heap that is made of the jobs themselves: no job's deadline can
 * fail for want of memory.  `kid` is the first of those below a job, `prev` and
 * `next` are those beside it; the `prev` of a first kid is the job above.
 *
 * A deadline that is put off keeps its old key, which is then too early, until
 * the job comes to the top.  Most jobs run and put theirs off again and again,
 * and never move.  heap_settle leaves the top with its true key. */

static struct hc_job *heap_meld(struct hc_job *a, struct hc_job *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    struct hc_job *top = a->heap_at <= b->heap_at ? a : b;
    struct hc_job *low = top == a ? b : a;

    low->prev = top;
    low->next = top->kid;
    if (top->kid != NULL)
        top->kid->prev = low;
    top->kid = low;
    return top;
}

/* Makes one heap of a row of them: in pairs, then all pairs, from the last. */
static struct hc_job *heap_meld_row(struct hc_job *row)
{
    struct hc_job *pairs = NULL, *all = NULL;

    while (row != NULL) {
        struct hc_job *a = row, *b = row->next;

        row = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        a = heap_meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        struct hc_job *a = pairs;

        pairs = a->next;
        a->next = NULL;
        all = heap_meld(all, a);
    }
    return all;
}

/* Takes a job and all that is below it out of the heap. */
static void heap_cut(struct hc_jobs *q, struct hc_job *job)
{
    if (job == q->heap)
        q->heap = NULL;
    else if (job->prev->kid == job)
        job->prev->kid = job->next;
    else
        job->prev->next = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    job->prev = job->next = NULL;
}

static void heap_remove(struct hc_jobs *q, struct hc_job *job)
{
    if (!job->in_heap)
        return;
    heap_cut(q, job);
    q->heap = heap_meld(q->heap, heap_meld_row(job->kid));
    job->kid = NULL;
    job->in_heap = false;
}

static void heap_put(struct hc_jobs *q, struct hc_job *job)
{
    if (job->in_heap && job->heap_at <= job->deadline)
        return;
    if (job->in_heap)
        heap_cut(q, job);
    job->heap_at = job->deadline;
    job->in_heap = true;
    q->heap = heap_meld(q->heap, job);
}

static void heap_settle(struct hc_jobs *q)
{
    while (q->heap != NULL && q->heap->heap_at < q->heap->deadline) {
        struct hc_job *job = q->heap;

        heap_remove(q, job);
        if (job->deadline != HC_NEVER)
            heap_put(q, job);
    }
}

/* ---- jobs ---- */

void hc_job_init(struct hc_job *job, struct hc_jobs *q,
                 void (*run)(struct hc_job *job, int64_t now))
{
    *job = (struct hc_job){ .run = run, .deadline = HC_NEVER, .jobs = q };
    hc_job_wake(job);
}

void hc_job_wake(struct hc_job *job)
{
    if (job == NULL || job->ready || job->jobs == NULL)
        return;
    struct hc_jobs *q = job->jobs;

    job->ready = true;
    job->ready_next = NULL;
    job->ready_prev = q->ready_last;
    if (q->ready_last != NULL)
        q->ready_last->ready_next = job;
    else
        q->ready = job;
    q->ready_last = job;
}

static void job_unready(struct hc_job *job)
{
    struct hc_jobs *q = job->jobs;

    if (job->ready_prev != NULL)
        job->ready_prev->ready_next = job->ready_next;
    else
        q->ready = job->ready_next;
    if (job->ready_next != NULL)
        job->ready_next->ready_prev = job->ready_prev;
    else
        q->ready_last = job->ready_prev;
    job->ready = false;
}

void hc_job_fini(struct hc_job *job)
{
    if (job->jobs == NULL)
        return;
    if (job->ready)
        job_unready(job);
    heap_remove(job->jobs, job);
    heap_settle(job->jobs);
    job->jobs = NULL;
}

void hc_job_at(struct hc_job *job, int64_t at)
{
    if (job == NULL || at >= job->deadline)
        return;
    job->deadline = at;
    if (job->jobs != NULL)
        heap_put(job->jobs, job);
}

/* ---- waiting lines ---- */

void hc_waiter_join(struct hc_wait_queue *line, struct hc_waiter *waiter,
                  struct hc_job *job)
{
    if (waiter->line == line)
        return;
    hc_waiter_leave(waiter);
    *waiter =
        (struct hc_waiter){ .job = job, .line = line, .prev = line->last };
    if (line->last != NULL)
        line->last->next = waiter;
    else
        line->first = waiter;
    line->last = waiter;
}

void hc_waiter_leave(struct hc_waiter *waiter)
{
    if (waiter->line == NULL)
        return;
    if (waiter->prev != NULL)
        waiter->prev->next = waiter->next;
    else
        waiter->line->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
    else
        waiter->line->last = waiter->prev;
    *waiter = (struct hc_waiter){ .job = NULL };
}

bool hc_wait_queue_wake_one(struct hc_wait_queue *line)
{
    struct hc_waiter *first = line->first;

    if (first == NULL)
        return false;
    struct hc_job *job = first->job;

    hc_waiter_leave(first);
    hc_job_wake(job);
    return true;
}

void hc_wait_queue_wake(struct hc_wait_queue *line)
{
    while (hc_wait_queue_wake_one(line))
        continue;
}

/* ---- watched sockets ---- */

void hc_watch_open(struct hc_jobs *q, struct hc_watch *w, int fd,
                   struct hc_job *job)
{
    *w = (struct hc_watch){ .fd = fd, .id = q->next_id++, .job = job,
                            .jobs = q, .next = q->watches };
    if (q->watches != NULL)
        q->watches->prev = w;
    q->watches = w;
    q->watches_n++;
    hc_index_put(&q->by_id, &w->by_id, hc_index_key(w->id));
}

void hc_watch_want(struct hc_watch *w, int events)
{
    w->want = events;
}

void hc_watch_owner(struct hc_watch *w, struct hc_job *job)
{
    w->job = job;
}

void hc_watch_move(struct hc_watch *to, struct hc_watch *from)
{
    *to = *from;
    hc_index_move(&to->jobs->by_id, &to->by_id, &from->by_id);
    if (to->prev != NULL)
        to->prev->next = to;
    else
        to->jobs->watches = to;
    if (to->next != NULL)
        to->next->prev = to;
    *from = (struct hc_watch){ .fd = -1 };
}

void hc_watch_close(struct hc_watch *w)
{
    if (w->id == 0)
        return;
    hc_index_remove(&w->jobs->by_id, &w->by_id);
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        w->jobs->watches = w->next;
    if (w->next != NULL)
        w->next->prev = w->prev;
    w->jobs->watches_n--;
    *w = (struct hc_watch){ .fd = -1 };
}

/* ---- one round ---- */

int64_t hc_jobs_deadline(const struct hc_jobs *q)
{
    return q->ready != NULL ? 0 : q->heap != NULL ? q->heap->heap_at
                                                  : HC_NEVER;
}

size_t hc_jobs_wants(const struct hc_jobs *q, struct hc_want *out, size_t max,
                     int64_t *deadline)
{
    size_t n = 0;

    for (const struct hc_watch *w = q->watches; w != NULL; w = w->next) {
        if (w->want == 0)
            continue;
        if (n < max)
            out[n] = (struct hc_want){ .fd = w->fd, .events = w->want,
                                       .id = w->id };
        n++;
    }
    *deadline = hc_jobs_deadline(q);
    return n;
}

struct hc_watch *hc_jobs_only(const struct hc_jobs *q)
{
    struct hc_watch *only = NULL;

    for (struct hc_watch *w = q->watches; w != NULL; w = w->next) {
        if (w->want == 0)
            continue;
        if (only != NULL || w->want != HC_WATCH_READ || w->await == NULL)
            return NULL;
        only = w;
    }
    return only;
}

void hc_jobs_tell(struct hc_jobs *q, const struct hc_want *ready)
{
    struct hc_index_node *node =
        hc_index_find(&q->by_id, hc_index_key(ready->id), NULL);

    if (node == NULL || ready->events == 0)
        return;
    struct hc_watch *w =
        (void *)((char *)node - offsetof(struct hc_watch, by_id));

    w->got |= ready->events;
    hc_job_wake(w->job);
}

/* The heap's top comes first, until the rest is not due. */
static void jobs_wake_due(struct hc_jobs *q, int64_t now)
{
    while (q->heap != NULL && q->heap->heap_at <= now) {
        struct hc_job *job = q->heap;

        heap_remove(q, job);
        if (job->deadline <= now)
            hc_job_wake(job);
        else if (job->deadline != HC_NEVER)
            heap_put(q, job);
    }
}

void hc_jobs_step(struct hc_jobs *q, int64_t now, const struct hc_want *ready,
                  size_t n)
{
    for (size_t i = 0; i < n; i++)
        hc_jobs_tell(q, &ready[i]);
    jobs_wake_due(q, now);
    while (q->ready != NULL) {
        struct hc_job *job = q->ready;

        job_unready(job);
        job->deadline = HC_NEVER;
        job->run(job, now);          /* may have freed itself */
    }
    heap_settle(q);
}
