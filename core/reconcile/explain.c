/* reconcile/explain.c - what the report says about hosts that can take a task.
 */
#include "reconcile/explain.h"

#include "base/text.h"

/* ---- what is read for it ---- */

/* False: there is nothing to tell.  A service whose own filter moves with tasks
 * has no list of hosts that stands still. */
static bool explain_is_possible(const struct hc_run *r,
                                const struct hc_plan_input *in)
{
    const struct hc_plan *p = &r->plan;

    return in->service != NULL && p->outcome != HEADCOUNT_SKIPPED &&
           p->outcome != HEADCOUNT_FAILED && !in->moving && !in->where_moves &&
           hc_plan_has_hosts(in);
}

static bool explain_is_asked(const struct hc_run *r,
                             const struct hc_plan_input *in)
{
    return r->config.explain == HEADCOUNT_EXPLAIN_ALL ||
           (r->config.explain == HEADCOUNT_EXPLAIN_CHANGES &&
            r->plan.wanted != in->service->desired);
}

enum hc_plan_need hc_explain_needs(const struct hc_run *r,
                                   const struct hc_plan_input *in)
{
    if (in->placement != NULL || in->placed_not_saved ||
        in->placed_why != NULL || !explain_is_possible(r, in) ||
        !explain_is_asked(r, in))
        return PLAN_DECIDED;
    return in->lacks_definition ? PLAN_NEEDS_DEFINITION : PLAN_NEEDS_PLACED;
}

/* ---- in words ---- */

/* How far the tasks that the rule calls for find hosts. */
struct explain_count {
    int64_t wanted, placeable;
    int64_t asked;          /* of them, those that ECS has been told of once
                               the plan is done                              */
    int64_t hosts, run_or_can, maybe;
    bool starts_hosts;      /* a provider does, for tasks that find none     */
    bool many;              /* there are more tasks than hosts, and how many a
                               host has room for is not known                */
};

static int64_t explain_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Hosts that run the task.  One whose task begins is among them: the plan of a
 * rise is more careful. */
static int64_t explain_run(const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    const struct hc_placement *p = in->placement;
    int64_t begun = explain_min(s->running, p->listed) +
                    explain_min(s->pending, p->listed);

    return s->running < 0 || s->pending < 0 || begun < p->run
               ? p->run : explain_min(p->listed, begun);
}

static struct explain_count explain_count(const struct hc_run *r,
                                          const struct hc_plan_input *in)
{
    const struct hc_placement *p = in->placement;
    struct explain_count c = {
        .wanted = r->plan.counted,
        .asked = r->plan.outcome == HEADCOUNT_HELD ? in->service->desired
                                                   : r->plan.wanted,
        .maybe = p->unknown + p->passed,
        .run_or_can = explain_run(in) + p->can,
        .hosts = p->listed + p->can + p->unknown + p->passed + p->cannot,
        .starts_hosts = in->scaled == KNOWN_YES
    };
    int64_t running = in->service->running;
    int64_t each = in->hosts > 0 ? (c.wanted + in->hosts - 1) / in->hosts : 1;

    c.asked = explain_min(c.asked, c.wanted);
    c.many = c.wanted > c.hosts;
    /* Tasks that run have found a host, even if two of them share one. */
    c.placeable = explain_min(c.wanted, running > c.run_or_can * each
                                            ? running : c.run_or_can * each);
    if (c.starts_hosts)
        c.placeable = explain_min(c.placeable,
                                  hc_placement_most(p, running, c.wanted, each,
                                                    0));
    return c;
}

/* "5 wanted, 3 placeable: 1 lacks port 8125/udp", or with more tasks than hosts
 * "4 of 5 hosts can take it: 1 lacks port 8125/udp". */
static void explain_words(const struct hc_plan_input *in,
                          const struct explain_count *c,
                          char words[HC_PLACEMENT_WORDS])
{
    char all[HC_PLACEMENT_WORDS];
    struct hc_str lacks;

    hc_placement_words(in->placement, c->wanted, c->placeable, words);
    if (!c->many)
        return;
    hc_fmt(all, sizeof(all), "%s", words);
    lacks = hc_str(all);
    hc_str_cut(&lacks, ':');
    hc_fmt(words, HC_PLACEMENT_WORDS, "%lld of %lld host%s can take it%s%.*s",
           (long long)c->run_or_can, (long long)c->hosts,
           c->hosts == 1 ? "" : "s", lacks.n > 0 ? ":" : "",
           HC_STR_ARG(lacks));
}

static bool explain_is_short(const struct explain_count *c)
{
    return c->many ? c->run_or_can < c->hosts : c->placeable < c->wanted;
}

/* The last line of an explanation: what comes of the count. */
static const char *explain_summary(struct hc_run *r,
                                   const struct hc_plan_input *in,
                                   const struct explain_count *c)
{
    struct hc_arena *arena = &r->facts.arena;
    int64_t wait = c->asked - c->placeable;
    char words[HC_PLACEMENT_WORDS], ending[48] = "";

    explain_words(in, c, words);
    if (c->starts_hosts) {
        if (wait > 0)
            hc_fmt(ending, sizeof(ending), ": %lld is asked for",
                   (long long)c->asked);
        else if (c->wanted > c->placeable)
            hc_fmt(ending, sizeof(ending), ": not asked for");
        return hc_arena_fmt(arena, "%s. A count above %lld would start hosts "
                            "of capacity provider %.*s%s.", words,
                            (long long)c->placeable,
                            HC_STR_ARG(in->scaled_by), ending);
    }
    if (c->many || wait <= 0)
        return hc_arena_fmt(arena, "%s.%s", words, c->many
                            ? " ECS places the tasks as far as there is room."
                            : "");
    return hc_arena_fmt(arena, "desired %lld: %lld placeable, %lld %s; ECS "
                        "places %s when there is room.",
                        (long long)c->asked, (long long)c->placeable,
                        (long long)wait,
                        c->maybe > 0 ? "may wait" : wait == 1 ? "waits"
                                                              : "wait",
                        wait == 1 ? "it" : "them");
}

/* "1 task on each of 5 active hosts (5 wanted, 3 placeable: 1 lacks ...)" */
static void explain_say(struct hc_plan *p, const char *what)
{
    char so_far[sizeof(p->reason)];

    hc_fmt(so_far, sizeof(so_far), "%s", p->reason);
    hc_fmt(p->reason, sizeof(p->reason), "%s (%s)", so_far, what);
}

/* ---- in the report ---- */

struct headcount_placement *hc_explain_placement(struct hc_run *r,
                                                 const struct hc_plan_input *in)
{
    const struct hc_placement *p = in->placement;
    struct headcount_placement *to =
        hc_arena_zero(&r->facts.arena, sizeof(*to));

    if (to == NULL)
        return NULL;                  /* the arena keeps the error */
    *to = (struct headcount_placement){
        .running = explain_run(in), .can = p->can, .unknown = p->unknown,
        .passed_over = p->passed, .cannot = p->cannot,
        .summary = "",
        .scaled_by = in->scaled == KNOWN_YES
                         ? hc_arena_str(&r->facts.arena, in->scaled_by).p : "",
        .said = in->service->said.n > 0 ? in->service->said.p : "",
        .said_at = in->service->said_at >= 0 ? in->service->said_at
                                             : HEADCOUNT_UNKNOWN
    };
    return hc_placed_hosts(r, in, to) == 0 ? to : NULL;
}

static void explain_put(struct hc_run *r, const struct hc_plan_input *in,
                        const struct explain_count *c)
{
    struct headcount_placement *to = hc_explain_placement(r, in);

    if (to == NULL)
        return;
    to->summary = explain_summary(r, in, c);
    hc_run_row(r)->placement = to;
}

static void explain_lacks(struct hc_run *r, const struct hc_plan_input *in)
{
    if (in->placed_why == NULL && !in->placed_not_saved)
        return;
    explain_say(&r->plan, hc_arena_fmt(
        &r->facts.arena, "which hosts can take a task is not known: %s",
        in->placed_why != NULL ? in->placed_why
                               : "the snapshot does not tell it, take one "
                                 "with request.explain"));
}

void hc_explain_tell(struct hc_run *r, const struct hc_plan_input *in)
{
    struct headcount_service *row = hc_run_row(r);
    char words[HC_PLACEMENT_WORDS];
    struct explain_count c;

    row->placeable = HEADCOUNT_UNKNOWN;
    row->placement = NULL;
    if (!explain_is_possible(r, in))
        return;
    if (in->placement == NULL) {
        if (explain_is_asked(r, in))
            explain_lacks(r, in);
        return;
    }
    c = explain_count(r, in);
    row->placeable = c.run_or_can;
    /* Where all is explained, the summary of each row says it. */
    if (!r->plan.says_placeable && explain_is_short(&c) &&
        r->config.explain != HEADCOUNT_EXPLAIN_ALL) {
        explain_words(in, &c, words);
        explain_say(&r->plan, words);
    }
    if (explain_is_asked(r, in))
        explain_put(r, in, &c);
}
