/* reconcile/reconcile.c - one cluster: wishes, the facts they lack, plans,
 * writes.
 *
 *   QUESTION -> NEEDS    its owner asked for facts, and they are read
 *   NEEDS -> QUESTION    all are there: the owner's turn again
 *   QUESTION -> PLAN     the owner told its wishes
 *   PLAN  -> PLAN    the wish at hand is settled, or its count is to fall and
 *                    others may have to rise: the next one's turn
 *   PLAN  -> CALL    it lacks a fact, or is to be written
 *   PLAN  -> QUESTION    a big step of a policy that looked at hosts: its owner
 *                    is asked once more, on second readings
 *   PLAN  -> TURN    it is to be written, and the run has a limit: clusters
 *                    before this one take their places first
 *   TURN  -> PLAN    they are done, or it waited long enough
 *   PLAN  -> PLAN, QUESTION    all are settled, and what was written is looked
 *                    at once more (verify.c)
 *   PLAN  -> DONE    all are settled
 *   CALL  -> CALL    another page, another hundred hosts
 *   CALL  -> PLAN    the fact is there (or failed), the write is answered
 *   CALL  -> NEEDS   the fact is there
 *   CALL  -> AGAIN   a list contradicts the event that caused us
 *   AGAIN -> CALL    a second later, once
 *   CALL  -> GONE    the cluster is not there, and a person named it or it may
 *                    be in another account
 *   GONE  -> CALL    ListClusters is asked which clusters there are
 *   GONE  -> DONE    there is no time left to ask
 *   CALL  -> DONE    ListClusters is answered, or refused; or an event of AWS
 *                    or a sweep named the cluster, and it is deleted
 *
 * A plan is made from the top each time a fact was learned: it is arithmetic,
 * a call costs ten thousand times as much.  One call at a time; a wish is
 * settled exactly once; what fails settles its own wish and no other, but for
 * the first call and what a policy asks, which speak for the cluster.
 */
#include "reconcile/reconcile.h"

#include "reconcile/ask.h"
#include "plan/hold.h"
#include "reconcile/learn.h"
#include "reconcile/need.h"
#include "reconcile/offline.h"
#include "reconcile/recall.h"
#include "reconcile/settle.h"
#include "reconcile/snapshot.h"
#include "reconcile/verify.h"
#include "reconcile/wishes.h"

#define RECONCILE_WRITE_WITHIN (60 * HC_SECOND)
#define RECONCILE_LIST_WITHIN (5 * HC_SECOND)

/* Why no call may begin any more, or NULL. */
static const char *reconcile_stopped(const struct hc_reconcile *r, int64_t now)
{
    int64_t deadline = r->config.call.deadline;

    if (r->cancelled)
        return "cancelled";
    return deadline != 0 && deadline != HC_NEVER && now >= deadline
               ? "deadline" : NULL;
}

static int reconcile_began(struct hc_reconcile *r, int err)
{
    if (err < 0)
        return hc_settle_call(r, err);
    r->state = RECONCILE_CALL;
    return 0;
}

/* ---- asking ---- */

/* Nothing more can be learned for what is at hand. */
static void reconcile_give_up(struct hc_reconcile *r, const char *code,
                              const char *what)
{
    if (r->question.open)
        hc_question_fail(r, code, what);
    else
        hc_settle_failed(r, code, what);
}

/* What a snapshot does not hold, and what does not follow from it, nobody can
 * say. */
static int reconcile_ask_snapshot(struct hc_reconcile *r)
{
    const char *code = NULL, *what = NULL;
    int got = hc_offline_learn(r, &code, &what);

    if (got == 0)
        reconcile_give_up(r, code, what);
    else if (got > 0)
        r->state = r->question.open ? RECONCILE_NEEDS : RECONCILE_PLAN;
    return got < 0 ? got : 0;
}

static int reconcile_ask(struct hc_reconcile *r, int64_t now)
{
    const char *stopped = reconcile_stopped(r, now);
    int err = 0;

    if (r->taken != 0)
        return reconcile_ask_snapshot(r);
    if (stopped != NULL) {
        const char *what = r->cancelled
                               ? "cancelled before it was settled"
                               : "the deadline passed before it was settled";

        if (r->ask == ASK_SERVICES && !r->read)
            hc_settle_cluster(r, stopped, what);
        else
            reconcile_give_up(r, stopped, what);
        return 0;
    }
    switch (r->ask) {
    case ASK_SERVICES:  err = hc_ask_services(r);  break;
    case ASK_HOSTS:     err = hc_ask_hosts(r);     break;
    case ASK_DETAILS: err = hc_ask_details(r); break;
    case ASK_CLUSTER:   err = hc_ask_cluster(r);   break;
    case ASK_CAPACITY:  err = hc_ask_capacity(r);  break;
    case ASK_TARGET:    err = hc_ask_target(r);    break;
    case ASK_DEFINITION: err = hc_ask_definition(r); break;
    case ASK_NAMES:     err = hc_ask_names(r);     break;
    case ASK_TAGGED:    err = hc_ask_tagged(r);    break;
    case ASK_UPDATE:    err = hc_ask_update(r);    break;
    case ASK_CLUSTERS:  err = hc_ask_clusters(r);  break;
    }
    return reconcile_began(r, err);
}

/* ---- PLAN ---- */

static int64_t reconcile_known(int64_t n)
{
    return n < 0 ? HEADCOUNT_UNKNOWN : n;
}

/* What is worth telling whatever comes of it. */
static void reconcile_tell(struct hc_reconcile *r,
                           const struct hc_plan_input *in)
{
    struct headcount_service *s = hc_settle_at(r);

    if (in->service != NULL) {
        s->desired_before = in->service->desired;
        s->running = reconcile_known(in->service->running);
        s->pending = reconcile_known(in->service->pending);
    }
    s->wanted = r->plan.wanted;
    s->hosts_counted = in->hosts;
    s->hosts_filter = hc_arena_str(&r->facts.arena, in->filter).p;
}

/* What was read to decide it must not be old when it is written, however long
 * its turn takes to come; a drop comes after all that rises, and of what takes
 * tasks away that time counts, too. */
static bool reconcile_is_late(struct hc_reconcile *r,
                              const struct hc_plan_input *in, int64_t now)
{
    bool falls = hc_hold_falls(&r->plan, in);

    r->write_by = hc_time_add(falls ? hc_need_read_at(r, in) : now,
                              RECONCILE_WRITE_WITHIN);
    if (now < r->write_by)
        return false;
    hc_settle_failed(r, "deadline", "what says that it is to fall was read "
                     "more than a minute ago, and calls have waited since: "
                     "the next run asks again");
    return true;
}

static void reconcile_settle_plan(struct hc_reconcile *r)
{
    hc_settle_at(r)->switch_text = r->plan.switch_text;
    hc_settle(r, r->plan.outcome, r->plan.code, r->plan.reason);
}

/* The clusters of a sweep are read side by side, and take their places in its
 * limits in their order: what is held does not hang on which of them is
 * answered first.  One that is slow holds up the others for a while only. */
static bool reconcile_awaits_turn(const struct hc_reconcile *r, int64_t now)
{
    const struct hc_brake *b = r->config.brake;

    return hc_brake_is_set(b) && !r->write.allowed &&
           b->turn < r->config.brake_at && now < r->turn_by &&
           reconcile_stopped(r, now) == NULL;
}

/* False: it waits for its turn, or is held. */
static bool reconcile_has_place(struct hc_reconcile *r, int64_t now)
{
    char why[HC_BRAKE_WHY];

    if (r->config.brake == NULL)
        return true;
    if (r->turn_by == 0)
        r->turn_by = hc_time_add(now, HC_RECONCILE_TURN);
    if (reconcile_awaits_turn(r, now)) {
        r->state = RECONCILE_TURN;
        return false;
    }
    if (!hc_brake_take(r->config.brake, &r->write, now, why)) {
        hc_hold(&r->plan, "too_many_changes", why);
        reconcile_settle_plan(r);
        return false;
    }
    r->placed = !r->write.dry_run;
    return true;
}

/* Tasks that the write takes away.  A second write of this run is measured from
 * the count before the first one, where that is lower: tasks that the run
 * itself added or took away already count once. */
static int64_t reconcile_fall(const struct hc_reconcile *r,
                              const struct hc_plan_input *in)
{
    int64_t from = in->service->desired;

    if (!hc_verify_corrects(r))
        from = hc_hold_from(in);
    else if (r->verify.before[r->at].desired_before < from)
        from = r->verify.before[r->at].desired_before;
    return from > r->plan.wanted ? from - r->plan.wanted : 0;
}

/* A dry run comes here too: it holds what the run would hold. */
static int reconcile_write(struct hc_reconcile *r,
                           const struct hc_plan_input *in, int64_t now)
{
    bool falls = hc_hold_falls(&r->plan, in);
    int err = 0;

    r->write = (struct hc_brake_write){
        .fall = reconcile_fall(r, in), .again = hc_verify_corrects(r),
        .dry_run = r->config.dry_run,
        .allowed = (in->wish->allow & ALLOW_TOO_MANY) != 0,
    };
    if (falls && !r->falling) {
        r->at++;
        r->falls = true;
    } else if (r->config.dry_run) {
        if (reconcile_has_place(r, now))
            reconcile_settle_plan(r);
    } else if (!reconcile_is_late(r, in, now) && reconcile_has_place(r, now)) {
        r->ask = ASK_UPDATE;
        err = reconcile_ask(r, now);
        if (!r->in_call)                  /* it was not begun */
            hc_settle_place(r, false);
    }
    return err;
}

static int reconcile_decided(struct hc_reconcile *r,
                             const struct hc_plan_input *in, int64_t now)
{
    reconcile_tell(r, in);
    hc_recall_low(r, in);
    hc_recall_planned(r, in);
    if (r->plan.outcome == HEADCOUNT_UPDATED ||
        r->plan.outcome == HEADCOUNT_PENDING)
        return reconcile_write(r, in, now);
    if (!hc_verify_agrees(r))
        reconcile_settle_plan(r);
    return 0;
}

/* What its owner wrote is no rule: its count stays, whatever it is. */
static void reconcile_broken(struct hc_reconcile *r,
                             const struct hc_ecs_service *service)
{
    struct headcount_service *s = hc_settle_at(r);

    s->desired_before = service->desired;
    s->running = reconcile_known(service->running);
    s->pending = reconcile_known(service->pending);
    hc_settle(r, HEADCOUNT_HELD, "bad_tags",
              r->config.wishes[r->at].broken.p);
}

static int reconcile_plan(struct hc_reconcile *r,
                          const struct hc_ecs_service *service, int64_t now)
{
    if (service != NULL && r->config.wishes[r->at].broken.n > 0) {
        reconcile_broken(r, service);
        return 0;
    }
    struct headcount_error error = { 0 };
    struct hc_plan_input in;
    int err = hc_need_input(r, &in, service, &error);
    struct hc_fact *fact;

    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0) {
        hc_settle_failed(r, "filter", error.what);
        return 0;
    }

    enum hc_plan_need need = hc_plan_make(&r->plan, &in);

    if (need == PLAN_DECIDED)
        return reconcile_decided(r, &in, now);
    fact = hc_need_fact(r, &in, need);
    if (fact == NULL)
        return HEADCOUNT_ENOMEM;
    reconcile_tell(r, &in);
    if (fact->state == FACT_FAILED)
        hc_settle_failed(r, fact->code, fact->what);
    else if (need == PLAN_NEEDS_AGAIN)
        hc_question_again(r, READING_CONFIRMING, now);
    else
        return reconcile_ask(r, now);
    return 0;
}

int64_t hc_reconcile_wall(const struct hc_reconcile *r)
{
    return r->taken != 0 ? r->taken : hc_wall(&r->net->sys);
}

void hc_reconcile_put_snapshot(const struct hc_reconcile *r,
                               struct hc_buf *out)
{
    hc_snapshot_put(out, &r->cluster, &r->facts, hc_reconcile_wall(r));
}

struct hc_str hc_reconcile_region(const struct hc_reconcile *r)
{
    const struct hc_call_config *call = &r->config.call;

    if (call->region.n > 0 || call->client == NULL)
        return call->region;
    return call->client->config->region;
}

bool hc_reconcile_is_here(const struct hc_reconcile *r,
                          const struct hc_arn *arn)
{
    struct hc_str region = hc_reconcile_region(r);

    if (!hc_arn_same_place(arn, &r->cluster))
        return false;
    /* An event of another account is not about this cluster. */
    if (r->config.event != NULL && r->config.event->account.n > 0 &&
        hc_arn_is_full(arn) &&
        !hc_str_eq(arn->account, r->config.event->account))
        return false;
    return !hc_arn_is_full(arn) || hc_arn_is_full(&r->cluster) ||
           region.n == 0 || hc_str_eq(arn->region, region);
}

static int reconcile_step_plan(struct hc_reconcile *r, int64_t now)
{
    struct hc_fact_service *fact;

    if (r->at < r->config.wishes_n && hc_settle_at(r)->reason != NULL) {
        r->at++;
        return 0;
    }
    if (r->at == r->config.wishes_n) {
        if (r->falls && !r->falling) {      /* what rises has risen */
            r->falling = true;
            r->at = 0;
            return 0;
        }
        int looks = hc_verify_begin(r, now);

        if (looks == 0)
            r->state = RECONCILE_DONE;
        return looks < 0 ? looks : 0;
    }
    hc_wishes_elsewhere(r);
    if (hc_settle_at(r)->reason != NULL)
        return 0;
    fact = hc_facts_service(&r->facts, r->names[r->at].name);
    if (fact == NULL)
        return HEADCOUNT_ENOMEM;
    if (fact->fact.state == FACT_VALUE)
        return reconcile_plan(r, fact->value, now);
    if (fact->fact.state == FACT_FAILED) {
        hc_settle_failed(r, fact->fact.code, fact->fact.what);
        return 0;
    }
    r->ask = ASK_SERVICES;
    return reconcile_ask(r, now);
}

/* ---- QUESTION, NEEDS ---- */

static int reconcile_step_needs(struct hc_reconcile *r, int64_t now)
{
    int err = 0;
    const struct hc_fact *fact = hc_question_next(r, &err);

    if (err < 0)
        return err;
    if (fact != NULL && fact->state == FACT_FAILED) {
        hc_question_fail(r, fact->code, fact->what);
        return 0;
    }
    if (fact != NULL)
        return reconcile_ask(r, now);
    r->question.turn = now;
    r->state = RECONCILE_QUESTION;
    return 0;
}

/* ---- CALL ---- */

/* The event's own host is ACTIVE in the event and not in the list, or the
 * reverse: ECS is eventually consistent, so it is asked once more. */
static bool reconcile_is_contradicted(const struct hc_reconcile *r)
{
    const struct hc_fact_hosts *h = r->hosts;
    bool active;

    if (r->config.event == NULL || !hc_need_is_whole(h) || h->relisted ||
        h->reading != READING_FIRST ||
        !hc_arn_is_full(&r->event_host) ||
        r->config.event->instance_status.n == 0 ||
        !hc_arn_same_place(&r->event_host, &r->cluster))
        return false;
    /* A host of ECS Anywhere is in no list of EC2's. */
    if (h->filter.n > 0 && hc_str_starts(r->config.event->instance_machine,
                                         HC_STR("mi-")))
        return false;
    active = hc_str_eqz(r->config.event->instance_status, "ACTIVE");
    return active != (hc_host_list_find(&h->list, r->event_host.text) != NULL);
}

/* Of what counts follow from. */
static void reconcile_note_time(struct hc_reconcile *r, int64_t now)
{
    for (size_t i = 0; r->ask == ASK_SERVICES && i < r->batch_n; i++) {
        struct hc_fact_service *s = hc_facts_service(&r->facts, r->batch[i]);

        if (s != NULL)
            s->fact.at = now;
    }
    if (r->ask == ASK_HOSTS)
        r->hosts->fact.at = now;
    if (r->ask == ASK_CLUSTER)
        r->facts.cluster[r->reading].fact.at = now;
}

/* Whether ECS knows the cluster that it was asked about.  A list by tags is of
 * a whole region, and a provider, a target or a task definition of its own. */
static bool reconcile_speaks_of_it(const struct hc_reconcile *r)
{
    return r->ask == ASK_SERVICES || r->ask == ASK_HOSTS ||
           r->ask == ASK_DETAILS || r->ask == ASK_CLUSTER ||
           r->ask == ASK_NAMES || r->ask == ASK_UPDATE;
}

static int reconcile_learned(struct hc_reconcile *r, int64_t now)
{
    r->state = r->question.open ? RECONCILE_NEEDS : RECONCILE_PLAN;
    r->read = true;
    r->known = r->known || reconcile_speaks_of_it(r);
    reconcile_note_time(r, now);
    hc_recall_keep(r, now);
    if (r->ask == ASK_UPDATE) {
        hc_settle_place(r, true);
        hc_verify_wrote(r, now);
    } else if (r->ask == ASK_HOSTS && reconcile_is_contradicted(r)) {
        r->hosts->relisted = true;
        hc_fact_hosts_reset(r->hosts);
        hc_pages_reset(&r->pages);
        r->again_at = hc_time_add(now, HC_RECONCILE_AGAIN);
        r->state = RECONCILE_AGAIN;
    }
    return 0;
}

static int reconcile_answered(struct hc_reconcile *r, int64_t now)
{
    int got = hc_learn_take(r);

    if (got < 0)
        return hc_settle_call(r, got);
    hc_ask_end(r);
    if (r->state == RECONCILE_DONE)
        return 0;
    if (got > 0)
        return reconcile_learned(r, now);

    const char *stopped = reconcile_stopped(r, now);

    if (stopped == NULL)
        return reconcile_ask(r, now);
    hc_settle_no_fact(r, stopped, "it was stopped between two pages of hosts");
    return 0;
}

/* 1: the call waits. */
static int reconcile_step_call(struct hc_reconcile *r, int64_t now)
{
    enum hc_call_answer answer =
        (enum hc_call_answer)hc_reconcile_vtable(r)->step(&r->call, now);
    int err = 0;

    switch (answer) {
    case CALL_WAIT:
        return 1;
    case CALL_BODY:
        err = hc_learn_feed(r);
        return err < 0 ? hc_settle_call(r, err) : 0;
    case CALL_RESTART:
        hc_ask_view(r);
        return 0;
    case CALL_DONE:
        return reconcile_answered(r, now);
    case CALL_FAILED:
        hc_error_reset(&r->error);
        return hc_settle_call(
            r, hc_error_pass(&r->error, &r->call.error));
    }
    return 0;
}

/* 1: not yet.  There is no point in waiting beyond the deadline: the next
 * ask says so. */
static int reconcile_wait(struct hc_reconcile *r, int64_t until)
{
    hc_job_at(r->job, until);
    if (r->config.call.deadline > 0)
        hc_job_at(r->job, r->config.call.deadline);
    return 1;
}

/* The sweep wakes it when a cluster before it is done. */
static int reconcile_step_turn(struct hc_reconcile *r, int64_t now)
{
    if (reconcile_awaits_turn(r, now))
        return reconcile_wait(r, r->turn_by);
    r->state = RECONCILE_PLAN;
    return 0;
}

static int reconcile_step_again(struct hc_reconcile *r, int64_t now)
{
    if (now < r->again_at && reconcile_stopped(r, now) == NULL)
        return reconcile_wait(r, r->again_at);
    r->ask = ASK_HOSTS;
    return reconcile_ask(r, now);
}

/* It is no part of the work: within the deadline, and not for long. */
static int reconcile_step_gone(struct hc_reconcile *r, int64_t now)
{
    if (reconcile_stopped(r, now) != NULL) {
        hc_settle_gone(r);
        return 0;
    }
    r->list_by = hc_time_add(now, RECONCILE_LIST_WITHIN);
    r->ask = ASK_CLUSTERS;
    return reconcile_ask(r, now);
}

int hc_reconcile_step(struct hc_reconcile *r, int64_t now)
{
    int err = 0;

    while (err == 0) {
        switch (r->state) {
        case RECONCILE_QUESTION: return HC_RECONCILE_ASKS;
        case RECONCILE_NEEDS: err = reconcile_step_needs(r, now); break;
        case RECONCILE_PLAN:  err = reconcile_step_plan(r, now);  break;
        case RECONCILE_TURN:  err = reconcile_step_turn(r, now);  break;
        case RECONCILE_CALL:  err = reconcile_step_call(r, now);  break;
        case RECONCILE_AGAIN: err = reconcile_step_again(r, now); break;
        case RECONCILE_GONE:  err = reconcile_step_gone(r, now);  break;
        case RECONCILE_DONE:
            r->result.arn = hc_arn_is_full(&r->cluster)
                ? hc_arena_str(&r->facts.arena, r->cluster.text).p : "";
            err = hc_arena_error(&r->facts.arena);
            return err == 0 ? 1 : HEADCOUNT_ENOMEM;
        }
    }
    return err < 0 ? err : 0;
}

/* ---- beginning and end ---- */

/* The snapshot's own cluster is the one that is planned. */
static int reconcile_load(struct hc_reconcile *r, struct headcount_error *e)
{
    struct hc_snapshot s;
    int err;

    if (!r->config.dry_run)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "a snapshot can be planned, not "
                            "applied");
    err = hc_snapshot_get(&s, &r->facts, r->config.snapshot, e);
    if (err < 0)
        return err;
    r->taken = s.taken;
    r->complete = s.complete;
    return hc_arn_cluster(&r->cluster, s.cluster, e);
}

static int reconcile_begin(struct hc_reconcile *r, struct headcount_error *e)
{
    const struct hc_reconcile_config *c = &r->config;
    int err = c->snapshot.n > 0 ? reconcile_load(r, e)
                                : hc_arn_cluster(&r->cluster, c->cluster, e);

    if (c->event != NULL)
        hc_arn_instance(&r->event_host, c->event->instance_arn, NULL);
    if (err < 0)
        return err;
    r->result.arn = "";
    r->result.name = hc_arena_str(&r->facts.arena, r->cluster.name).p;
    if (hc_arena_error(&r->facts.arena) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a reconcile");
    r->question.open = r->full = c->asks && c->foreign == NULL;
    r->question.reading = READING_FIRST;
    if (!r->question.open)
        return hc_wishes_take(r, e);
    r->state = RECONCILE_QUESTION;
    return 0;
}

int hc_reconcile_start(struct hc_reconcile *r, struct hc_net *net,
                       struct hc_job *job,
                       const struct hc_reconcile_config *config,
                       struct headcount_error *e)
{
    *r = (struct hc_reconcile){ .state = RECONCILE_PLAN, .config = *config,
                                .net = net, .job = job,
                                .account = config->account };
    hc_facts_init(&r->facts, &net->sys.alloc);
    hc_pages_init(&r->pages, &net->sys.alloc);
    hc_buf_init(&r->filter, &net->sys.alloc, HC_FILTER_BYTES);
    hc_buf_init(&r->sent, &net->sys.alloc, HC_FILTER_BYTES);

    int err = reconcile_begin(r, e);

    if (err < 0)
        hc_reconcile_fini(r);
    return err;
}

void hc_reconcile_cancel(struct hc_reconcile *r, int64_t now)
{
    if (r->cancelled)
        return;
    r->cancelled = true;
    if (r->in_call)
        hc_reconcile_vtable(r)->cancel(
            &r->call, r->ask == ASK_UPDATE
                          ? hc_time_add(now, HC_CALL_GRACE) : now);
}

void hc_reconcile_fini(struct hc_reconcile *r)
{
    if (r->facts.alloc == NULL)
        return;
    hc_ask_end(r);
    hc_settle_place(r, true);         /* it may have been written */
    hc_question_fini(r);
    hc_pages_fini(&r->pages);
    hc_buf_fini(&r->body);
    hc_buf_fini(&r->filter);
    hc_buf_fini(&r->sent);
    hc_facts_fini(&r->facts);
    r->result = (struct headcount_cluster){ .arn = "" };
}
