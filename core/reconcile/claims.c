/* reconcile/claims.c - the room that rises of this run take on hosts. */
#include "reconcile/claims.h"

/* Lists the ports of one protocol. */
static int claims_ports(struct hc_arena *arena,
                        const struct hc_ecs_needs *needs, bool udp,
                        struct hc_claim_ports *to)
{
    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next) {
        struct hc_ecs_text *t;

        if (p->udp != udp)
            continue;
        t = hc_arena_zero(arena, sizeof(*t));
        if (t == NULL)
            return HEADCOUNT_ENOMEM;
        t->s = hc_str(hc_arena_fmt(arena, "%lld", (long long)p->number));
        t->next = to->first;
        to->first = t;
        to->last = to->last != NULL ? to->last : t;
    }
    return hc_arena_error(arena);
}

int hc_claims_add(struct hc_run *r, const struct hc_claim *claim)
{
    struct hc_arena *arena = &r->facts.arena;
    struct hc_claim *to;

    for (to = r->claims; to != NULL; to = to->next)
        if (hc_str_eq(to->service->name, claim->service->name))
            return 0;                         /* it is planned once more      */
    to = hc_arena_zero(arena, sizeof(*to));
    if (to == NULL)
        return HEADCOUNT_ENOMEM;
    *to = *claim;
    if (claims_ports(arena, to->needs, false, &to->tcp) < 0 ||
        claims_ports(arena, to->needs, true, &to->udp) < 0)
        return HEADCOUNT_ENOMEM;
    to->next = r->claims;
    r->claims = to;
    return 0;
}

/* Negative is "ECS does not tell", and stays so. */
static int64_t claims_less(int64_t left, int64_t need)
{
    return left < 0 ? left : left > need ? left - need : 0;
}

/* Puts the claimed ports before those of the host.  One host is looked at after
 * the other, so all hosts take turns with the same members of the list. */
static void claims_take_ports(struct hc_claim_ports *claimed,
                              struct hc_ecs_text **taken)
{
    if (claimed->first == NULL)
        return;
    claimed->last->next = *taken;
    *taken = claimed->first;
}

static void claims_take(struct hc_claim *c, struct hc_ecs_host *left)
{
    left->cpu_free = claims_less(left->cpu_free, c->needs->cpu);
    left->memory_free = claims_less(left->memory_free, c->needs->memory);
    left->pending += left->pending >= 0;
    claims_take_ports(&c->tcp, &left->tcp);
    claims_take_ports(&c->udp, &left->udp);
}

struct hc_ecs_host hc_claims_left(struct hc_run *r,
                                  const struct hc_ecs_service *service,
                                  const struct hc_host *host)
{
    struct hc_ecs_host left = *host->details;

    for (struct hc_claim *c = r->claims; c != NULL; c = c->next) {
        const struct hc_host *h = hc_host_list_find(c->hosts, host->arn);

        if (!hc_str_eq(c->service->name, service->name) && h != NULL &&
            h->takes)
            claims_take(c, &left);
    }
    return left;
}
