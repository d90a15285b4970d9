/* tests/ecs/strategy_test.c - which providers of a strategy place tasks. */
#include "t.h"

#include "ecs/strategy.h"

#define ALL INT64_MAX

static struct hc_ecs_share shares[3];

/* A strategy of n elements: weight and base of each. */
static const struct hc_ecs_share *strategy(size_t n, const int64_t *numbers)
{
    static const char *const names[] = { "a", "b", "c" };

    for (size_t i = 0; i < n; i++)
        shares[i] = (struct hc_ecs_share){
            .provider = hc_str(names[i]), .weight = numbers[2 * i],
            .base = numbers[2 * i + 1],
            .next = i + 1 < n ? &shares[i + 1] : NULL
        };
    return shares;
}

TEST(strategy, weights_and_bases_say_how_many_hosts_count)
{
    static const struct {
        size_t n;
        int64_t numbers[6];           /* weight, base                       */
        int64_t most[3];
    } rows[] = {
        { 1, { 0, 0 }, { ALL } },     /* the API's default                  */
        { 1, { 1, 0 }, { ALL } },
        { 1, { 0, 3 }, { ALL } },
        { 2, { 1, 0, 1, 0 }, { ALL, ALL } },
        { 2, { 0, 0, 1, 0 }, { 0, ALL } },
        { 2, { 1000, 0, 0, 0 }, { ALL, 0 } },
        { 2, { 0, 2, 1, 0 }, { 2, ALL } },
        { 2, { 1, 5, 1, 0 }, { ALL, ALL } },
        { 2, { 0, 0, 0, 0 }, { 0, 0 } },
        { 2, { 0, 4, 0, 0 }, { 4, 0 } },
        { 3, { 0, 0, 2, 0, 0, 1 }, { 0, ALL, 1 } },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hc_ecs_share *all = strategy(rows[i].n, rows[i].numbers);
        const struct hc_ecs_share *used = hc_ecs_share_used(all, all);

        for (size_t k = 0; k < rows[i].n; k++) {
            CHECK_INT(hc_ecs_share_most(all, &shares[k]), rows[i].most[k]);
            if (rows[i].most[k] == 0)
                continue;
            CHECK(used == &shares[k]);
            used = hc_ecs_share_used(all, used->next);
        }
        CHECK(used == NULL);
    }
}

TEST(strategy, a_provider_is_found_by_its_whole_name)
{
    const struct hc_ecs_share *all =
        strategy(3, (const int64_t[]){ 1, 0, 1, 0, 1, 0 });

    CHECK(hc_ecs_share_find(all, HC_STR("b")) == &shares[1]);
    CHECK(hc_ecs_share_find(all, HC_STR("")) == NULL);
    CHECK(hc_ecs_share_find(all, HC_STR("bb")) == NULL);
    CHECK(hc_ecs_share_find(NULL, HC_STR("a")) == NULL);
}
