/* tests/reconcile/missing_test.c - services that none of a run's clusters has.
 */
#include "reconcile/missing.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

#define NAMES 2

struct row {
    enum headcount_result outcome;
    const char *code;
};

struct cluster {
    const char *error;
    struct row rows[NAMES];
};

static const struct hc_wish wishes[NAMES] = {
    { .service = { "web", 3 } }, { .service = { "wbe", 3 } } };

#define HAS   { HEADCOUNT_UNCHANGED, "" }
#define LACKS { HEADCOUNT_SKIPPED, "missing" }
#define FAILS { HEADCOUNT_FAILED, "deadline" }
#define GONE  { HEADCOUNT_SKIPPED, "cluster_gone" }

/* What is missing after these clusters: "web wbe", say. */
static void check(const struct cluster *clusters, size_t n, const char *want)
{
    struct hc_arena arena;
    struct hc_missing m;
    char told[64] = "";
    size_t found = 0;

    hc_arena_init(&arena, t_alloc(), 1 << 16);
    CHECK_INT(hc_missing_init(&m, &arena, wishes, NAMES), 0);
    for (size_t i = 0; i < n; i++) {
        struct headcount_service rows[NAMES];
        const struct headcount_cluster c = {
            .arn = "", .name = "c", .error_code = clusters[i].error,
            .services = rows, .services_n = NAMES };

        for (size_t k = 0; k < NAMES; k++)
            rows[k] = (struct headcount_service){
                .outcome = clusters[i].rows[k].outcome,
                .code = clusters[i].rows[k].code };
        hc_missing_note(&m, &c);
    }
    const char *const *names = hc_missing_list(&m, &arena, &found);

    for (size_t i = 0; i < found; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s",
                 i > 0 ? " " : "", names[i]);
    CHECK_Z(told, want);
    hc_arena_fini(&arena);
}

#define CHECK_MISSING(want, ...)                                            \
    do {                                                                    \
        const struct cluster clusters_[] = { __VA_ARGS__ };                 \
                                                                            \
        check(clusters_, sizeof clusters_ / sizeof *clusters_, want);       \
    } while (0)

TEST(missing, a_name_that_every_cluster_lacks_is_missing)
{
    CHECK_MISSING("wbe", { NULL, { HAS, LACKS } }, { NULL, { LACKS, LACKS } });
    CHECK_MISSING("web wbe", { NULL, { LACKS, LACKS } });
}

TEST(missing, a_name_that_one_cluster_has_is_not)
{
    CHECK_MISSING("", { NULL, { HAS, LACKS } }, { NULL, { LACKS, HAS } });
    CHECK_MISSING("web", { NULL, { LACKS, { HEADCOUNT_SKIPPED, "daemon" } } });
    CHECK_MISSING("web", { NULL, { LACKS, { HEADCOUNT_HELD, "zero" } } });
}

TEST(missing, a_service_that_failed_may_be_there)
{
    CHECK_MISSING("", { NULL, { LACKS, LACKS } }, { NULL, { FAILS, FAILS } });
}

TEST(missing, a_cluster_that_failed_leaves_it_open)
{
    CHECK_MISSING("", { NULL, { LACKS, LACKS } },
                  { "ESERVICE", { LACKS, LACKS } });
}

TEST(missing, a_cluster_that_is_gone_says_nothing)
{
    CHECK_MISSING("wbe", { NULL, { HAS, LACKS } }, { NULL, { GONE, GONE } });
    CHECK_MISSING("", { NULL, { GONE, GONE } });
}

TEST(missing, no_cluster_at_all_lacks_nothing)
{
    check(NULL, 0, "");
}
