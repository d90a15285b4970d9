/* reconcile/claims.c - the room that rises of this run take on hosts. */
#include "reconcile/claims.h"

int hc_claims_add(struct hc_run *r, const struct hc_claim *claim)
{
    struct hc_claim *to;

    for (to = r->claims; to != NULL; to = to->next)
        if (hc_str_eq(to->service->name, claim->service->name))
            return 0;                         /* it is planned once more      */
    to = hc_arena_zero(&r->facts.arena, sizeof(*to));
    if (to == NULL)
        return HEADCOUNT_ENOMEM;
    *to = *claim;
    to->next = r->claims;
    r->claims = to;
    return 0;
}

/* Negative is "ECS does not tell", and stays so. */
static int64_t claims_less(int64_t left, int64_t need)
{
    return left < 0 ? left : left > need ? left - need : 0;
}

/* Without memory for one more port, the list tells nothing. */
static void claims_port(struct hc_arena *arena, struct hc_ecs_text **taken,
                        bool *told, int64_t number)
{
    struct hc_ecs_text *t = hc_arena_zero(arena, sizeof(*t));
    const char *digits = hc_arena_fmt(arena, "%lld", (long long)number);

    if (t == NULL || digits == NULL) {
        *told = false;
        return;
    }
    t->s = hc_str(digits);
    t->next = *taken;
    *taken = t;
}

static void claims_take(struct hc_arena *arena,
                        const struct hc_ecs_needs *needs,
                        struct hc_ecs_host *left)
{
    left->cpu_free = claims_less(left->cpu_free, needs->cpu);
    left->memory_free = claims_less(left->memory_free, needs->memory);
    left->pending += left->pending >= 0;
    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next)
        claims_port(arena, p->udp ? &left->udp : &left->tcp,
                    p->udp ? &left->lists_udp : &left->lists_tcp, p->number);
}

struct hc_ecs_host hc_claims_left(struct hc_run *r,
                                  const struct hc_ecs_service *service,
                                  const struct hc_host *host)
{
    struct hc_ecs_host left = *host->details;

    for (const struct hc_claim *c = r->claims; c != NULL; c = c->next) {
        const struct hc_host *h = hc_host_list_find(c->hosts, host->arn);

        if (!hc_str_eq(c->service->name, service->name) && h != NULL &&
            h->takes)
            claims_take(&r->facts.arena, c->needs, &left);
    }
    return left;
}
