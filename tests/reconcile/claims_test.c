/* tests/reconcile/claims_test.c - the room that rises of one run take. */
#include "t.h"

#include "reconcile/claims.h"

#define ARN "arn:aws:ecs:eu-west-1:111122223333:container-instance/prod/"

static struct hc_run r;
static struct hc_host_list hosts;
static struct hc_ecs_port udp = { 8125, true, NULL };
static struct hc_ecs_needs needs = { .cpu = 256, .memory = 512, .ports = &udp };
static struct hc_ecs_service agent = { .name = { "agent", 5 } };
static struct hc_ecs_service web = { .name = { "web", 3 } };
static struct hc_ecs_host details;

static void set_up(void)
{
    r = (struct hc_run){ .pass = PASS_RISES };
    hosts = (struct hc_host_list){ .n = 0 };
    details = (struct hc_ecs_host){ .cpu_free = 300, .memory_free = 2000,
                                    .lists_udp = true, .lists_tcp = true };
    hc_facts_init(&r.facts, t_alloc());
}

static void tear_down(void)
{
    hc_host_list_free(&hosts, t_alloc());
    hc_facts_fini(&r.facts);
}

/* The host that may take a task of the agent; NULL: there is no memory. */
static struct hc_host *claim(bool takes)
{
    struct hc_claim c = { .service = &agent, .needs = &needs,
                          .hosts = &hosts };
    struct hc_host *h;

    if (hc_host_list_add(&hosts, t_alloc(), HC_STR(ARN "a")) < 0)
        return NULL;
    h = hc_host_list_find(&hosts, HC_STR(ARN "a"));
    h->details = &details;
    h->takes = takes;
    return hc_claims_add(&r, &c) < 0 ? NULL : h;
}

TEST(claims, a_rise_takes_its_room_from_other_services)
{
    struct hc_ecs_host left;
    struct hc_host *h;

    set_up();
    h = claim(true);
    if (h != NULL) {
        left = hc_claims_left(&r, &web, h);
        CHECK_INT(left.cpu_free, 44);
        CHECK_INT(left.memory_free, 1488);
        CHECK_INT(left.pending, 1);
        CHECK(left.lists_tcp && left.tcp == NULL);
        CHECK(hc_arena_error(&r.facts.arena) < 0 ||
              (left.lists_udp && hc_str_eqz(left.udp->s, "8125")));
        CHECK_INT(hc_claims_left(&r, &agent, h).cpu_free, 300);
        /* it is planned twice, and rises once */
        CHECK(claim(true) == h);
        CHECK_INT(hc_claims_left(&r, &web, h).cpu_free, 44);
        h->takes = false;
        CHECK_INT(hc_claims_left(&r, &web, h).cpu_free, 300);
    }
    tear_down();
}

TEST(claims, what_is_not_told_stays_so_and_nothing_is_less_than_none)
{
    struct hc_ecs_host left;
    struct hc_host *h;

    set_up();
    details.cpu_free = 100;
    details.memory_free = details.pending = -1;
    h = claim(true);
    if (h != NULL) {
        left = hc_claims_left(&r, &web, h);
        CHECK_INT(left.cpu_free, 0);
        CHECK_INT(left.memory_free, -1);
        CHECK_INT(left.pending, -1);
    }
    tear_down();
}
