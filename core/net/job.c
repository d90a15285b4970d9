/* net/job.c - which job runs next. */
#include "net/job.h"

#include "base/clock.h"

void hc_jobs_init(struct hc_jobs *q)
{
    *q = (struct hc_jobs){ .next_id = 1 };
}

/* ---- jobs ---- */

void hc_job_init(struct hc_job *job, struct hc_jobs *q,
                 void (*run)(struct hc_job *job, int64_t now))
{
    *job = (struct hc_job){ .run = run, .deadline = HC_NEVER, .jobs = q,
                            .next = q->all };
    if (q->all != NULL)
        q->all->prev = job;
    q->all = job;
    hc_job_wake(job);
}

void hc_job_wake(struct hc_job *job)
{
    if (job == NULL || job->ready || job->jobs == NULL)
        return;
    struct hc_jobs *q = job->jobs;

    job->ready = true;
    job->ready_next = NULL;
    if (q->ready_last != NULL)
        q->ready_last->ready_next = job;
    else
        q->ready = job;
    q->ready_last = job;
}

static void job_unready(struct hc_job *job)
{
    struct hc_jobs *q = job->jobs;
    struct hc_job *before = NULL;

    for (struct hc_job *at = q->ready; at != job; at = at->ready_next)
        before = at;
    if (before != NULL)
        before->ready_next = job->ready_next;
    else
        q->ready = job->ready_next;
    if (q->ready_last == job)
        q->ready_last = before;
    job->ready = false;
}

void hc_job_fini(struct hc_job *job)
{
    if (job->jobs == NULL)
        return;
    if (job->ready)
        job_unready(job);
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        job->jobs->all = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    job->jobs = NULL;
}

void hc_job_at(struct hc_job *job, int64_t at)
{
    if (job != NULL)
        job->deadline = hc_time_min(job->deadline, at);
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
    *deadline = q->ready != NULL ? 0 : HC_NEVER;
    for (const struct hc_job *job = q->all; job != NULL; job = job->next)
        *deadline = hc_time_min(*deadline, job->deadline);
    return n;
}

void hc_jobs_tell(struct hc_jobs *q, const struct hc_want *ready)
{
    for (struct hc_watch *w = q->watches; w != NULL; w = w->next) {
        if (w->id != ready->id || ready->events == 0)
            continue;
        w->got |= ready->events;
        hc_job_wake(w->job);
        return;
    }
}

void hc_jobs_step(struct hc_jobs *q, int64_t now, const struct hc_want *ready,
                  size_t n)
{
    for (size_t i = 0; i < n; i++)
        hc_jobs_tell(q, &ready[i]);
    for (struct hc_job *job = q->all; job != NULL; job = job->next)
        if (job->deadline <= now)
            hc_job_wake(job);
    while (q->ready != NULL) {
        struct hc_job *job = q->ready;

        q->ready = job->ready_next;
        if (q->ready == NULL)
            q->ready_last = NULL;
        job->ready = false;
        job->deadline = HC_NEVER;
        job->run(job, now);          /* may have freed itself */
    }
}
