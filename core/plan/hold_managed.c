/* plan/hold_managed.c - holds of services whose capacity provider starts hosts
 * for tasks that wait (managed scaling): a count must not rise because of hosts
 * that came because it rose.  A rule that is `placeable` asks for the same
 * limit where no provider starts hosts. */
#include "plan/hold_parts.h"

#include "base/text.h"

/* ---- managed scaling: a provider that adds hosts for tasks ---- */

/* Tasks that find no host make the provider start hosts, and those hosts call
 * for more tasks: the two would raise each other without end, up to the group's
 * largest size.  As long as not every desired task runs, the count does not
 * rise.  This needs no memory of earlier runs: ECS itself shows that tasks
 * wait.
 */
enum hc_hold_verdict hc_hold_unplaced(struct hc_plan *p,
                                      const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[300];

    if (s->providers == NULL || p->wanted <= hc_hold_least(in) ||
        (s->running >= 0 && s->running >= s->desired))
        return HOLD_PASS;
    if (in->scaled == KNOWN_NOT_YET)
        return hc_hold_needs(p, PLAN_NEEDS_SCALED);
    if (in->scaled != KNOWN_YES)
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "%lld of %lld tasks run, and capacity provider "
           "%.*s adds hosts for tasks that wait: more tasks would start more "
           "hosts, and those more tasks", (long long)s->running,
           (long long)s->desired, HC_STR_ARG(in->scaled_by));
    return hc_hold_because(p, why);
}

/* A rule that wants more tasks than hosts wants yet more for the hosts that
 * the provider then adds. */
enum hc_hold_verdict hc_hold_growth(struct hc_plan *p,
                                    const struct hc_plan_input *in)
{
    const struct hc_measure m = { in->hosts, in->cpu, in->memory };
    char why[300];

    if (in->service->providers == NULL || p->wanted <= hc_hold_least(in) ||
        p->wanted <= in->hosts || !hc_rule_outgrows(&in->wish->rule, &m))
        return HOLD_PASS;
    if (in->scaled == KNOWN_NOT_YET)
        return hc_hold_needs(p, PLAN_NEEDS_SCALED);
    if (in->scaled != KNOWN_YES)
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "it asks for more tasks than there are hosts, and "
           "capacity provider %.*s adds hosts for tasks: unless a host has "
           "room for all of its share they would raise each other",
           HC_STR_ARG(in->scaled_by));
    return hc_hold_because(p, why);
}

/* ---- managed scaling: hosts that cannot take the task ----
 *
 * A host that counts and cannot take the task makes the count one higher than
 * ECS can place.  The provider then starts a host for the task that waits, that
 * host counts, and so on, up to the group's maximum.  So a rise is written only
 * as far as hosts that are there can take it: those that run a task of the
 * service, and those of which every reading says that they can.  Providers that
 * start no hosts are left to ECS, which places the waiting tasks when room
 * comes; but not if the rule wants no task to wait (`placeable`).
 */

/* The part of the count that follows from no host: min, a base, the lowest rung
 * of a ladder.  A person asked for this number, so it may start hosts, and it
 * does not rise with them.  A placeable rule asks for none that would wait. */
static int64_t hold_floor(const struct hc_plan *p,
                          const struct hc_plan_input *in)
{
    const struct hc_measure none = { 0, 0, 0 };
    const struct hc_rule *rule = &in->wish->rule;
    int64_t floor = hc_rule_bound(rule, hc_rule_count(rule, &none));

    if (rule->placeable)
        return 0;
    return floor < p->wanted ? floor : p->wanted;
}

/* Do hosts limit this rise?  HOLD_PASS: no; HOLD_HELD: yes, and in->placement
 * is known. */
static enum hc_hold_verdict hold_is_limited(struct hc_plan *p,
                                            const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    bool by_provider = in->service->providers != NULL;

    if ((!by_provider && !rule->placeable) ||
        p->wanted <= hc_hold_least(in) || !hc_rule_needs_hosts(rule) ||
        p->wanted <= hold_floor(p, in) || in->placed_not_saved)
        return HOLD_PASS;
    if (by_provider && in->scaled == KNOWN_NOT_YET)
        return hc_hold_needs(p, PLAN_NEEDS_SCALED);
    if (in->scaled != KNOWN_YES && !rule->placeable)
        return HOLD_PASS;
    return in->placement != NULL ? HOLD_HELD
                                 : hc_hold_needs(p, PLAN_NEEDS_PLACED);
}

/* The hosts that a switch makes count as if they could take the task. */
static unsigned hold_trust(const struct hc_plan_input *in)
{
    unsigned allow = in->wish->allow;

    return ((allow & ALLOW_UNKNOWN_PLACEMENT) != 0 ? TRUST_UNKNOWN : 0) |
           ((allow & ALLOW_PASSED_OVER) != 0 ? TRUST_PASSED : 0);
}

/* The most tasks that find room on hosts that are there.  A rule that asks for
 * several tasks on each host (allow_growth) gets as many on each host that can
 * take the task: whether a host has room for all of them is not read, so a
 * placeable rule counts each host once. */
static int64_t hold_room(const struct hc_plan *p,
                         const struct hc_plan_input *in, unsigned trust)
{
    bool several = in->hosts > 0 && !in->wish->rule.placeable;
    int64_t each = several ? (p->wanted + in->hosts - 1) / in->hosts : 1;

    return hc_placement_most(in->placement, in->service->running, p->wanted,
                             each, trust);
}

/* True: this count, lowered from the rule's, still rises.  While ECS does not
 * show our last write, tasks of that write may run already, and what ECS tells
 * of them may be old: a count below it would stop them. */
static bool hold_rises_to(const struct hc_plan_input *in, int64_t count)
{
    return count > in->service->desired && count >= hc_hold_from(in);
}

/* Holds a rise of which nothing is placeable, if hosts of this kind are the
 * reason; 0: whatever the reason is.  Else lowers the rise to what is. */
static enum hc_hold_verdict hold_placement(struct hc_plan *p,
                                           const struct hc_plan_input *in,
                                           unsigned kind)
{
    enum hc_hold_verdict verdict = hold_is_limited(p, in);
    unsigned trust = hold_trust(in);
    int64_t room, most, from = hc_hold_from(in), floor = hold_floor(p, in);
    char words[HC_PLACEMENT_WORDS];
    char why[HC_PLACEMENT_WORDS + HC_PLACEMENT_NAME + 80];

    if (verdict != HOLD_HELD)
        return verdict;
    room = hold_room(p, in, trust);
    most = room > floor ? room : floor;
    if (room >= p->wanted ||
        (kind != 0 && (hold_rises_to(in, most) ||
                       !hold_rises_to(in, hold_room(p, in, trust | kind)))))
        return HOLD_PASS;
    hc_placement_words(in->placement, p->wanted, room, words);
    p->says_placeable = true;
    if (hold_rises_to(in, most)) {
        hc_plan_say_more(p, words);
        if (floor > room)
            hc_plan_say_more(p, "and the rule asks for its least count "
                             "whatever hosts there are");
        p->code = "unplaceable";
        p->wanted = most;
        return HOLD_PASS;
    }
    if (in->scaled == KNOWN_YES)
        hc_fmt(why, sizeof(why), "%s. A count above %lld would start hosts of "
               "capacity provider %.*s", words, (long long)from,
               HC_STR_ARG(in->scaled_by));
    else
        hc_fmt(why, sizeof(why), "%s. The rule is placeable: it asks for no "
               "task that would wait for a host", words);
    return hc_hold_because(p, why);
}

enum hc_hold_verdict hc_hold_unknown_placement(struct hc_plan *p,
                                               const struct hc_plan_input *in)
{
    return hold_placement(p, in, TRUST_UNKNOWN);
}

enum hc_hold_verdict hc_hold_passed_over(struct hc_plan *p,
                                         const struct hc_plan_input *in)
{
    return hold_placement(p, in, TRUST_PASSED);
}

enum hc_hold_verdict hc_hold_unplaceable(struct hc_plan *p,
                                         const struct hc_plan_input *in)
{
    return hold_placement(p, in, 0);
}
