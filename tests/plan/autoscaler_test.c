/* tests/plan/autoscaler_test.c - cluster-proportional-autoscaler's parameters:
 * the same counts as the autoscaler's, and a refusal of surprising ones. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "plan/autoscaler.h"

static struct hc_arena arena;
static struct headcount_error error;
static struct hc_wish wish;

static int read_json(const char *json)
{
    wish = (struct hc_wish){ .service = HC_STR("dns") };
    hc_error_reset(&error);
    return hc_autoscaler_wish(&wish, hc_str(json), &arena, &error);
}

#define LINEAR(text) "{\"linear\":{" text "}}"
#define LADDER(text) "{\"ladder\":{" text "}}"
#define CONFIGMAP(data) "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","     \
    "\"metadata\":{\"name\":\"dns-autoscaler\",\"annotations\":{\"linear\":"  \
    "\"{}\"}},\"data\":{" data "}}"

static const struct { const char *json; int64_t nodes, cores, count; }
good[] = {
    { LINEAR("\"coresPerReplica\":2,\"nodesPerReplica\":1"), 4, 13, 7 },
    { LINEAR("\"nodesPerReplica\":10"), 0, 0, 1 },
    { LINEAR("\"nodesPerReplica\":10,\"min\":0"), 0, 0, 1 },
    { LINEAR("\"nodesPerReplica\":10,\"min\":3"), 4, 0, 3 },
    { LINEAR("\"nodesPerReplica\":1,\"max\":5"), 9, 0, 5 },
    { LINEAR("\"nodesPerReplica\":0.5"), 3, 0, 6 },
    { LINEAR("\"coresPerReplica\":0.25,\"nodesPerReplica\":0"), 1, 2, 8 },
    { LINEAR("\"coresPerReplica\":256,\"preventSinglePointFailure\":true"),
      4, 16, 2 },
    { LINEAR("\"nodesPerReplica\":16,\"preventSinglePointFailure\":false"),
      4, 16, 1 },
    { LADDER("\"coresToReplicas\":[[1,1],[64,3],[512,5],[1024,7],[2048,10],"
             "[4096,15]],\"nodesToReplicas\":[[1,1],[2,2]]"), 100, 400, 3 },
    { LADDER("\"nodesToReplicas\":[[6,1]]"), 3, 0, 1 },
    { LADDER("\"nodesToReplicas\":[[0,0],[6,1]]"), 3, 0, 0 },
    { LADDER("\"nodesToReplicas\":[[9,4],[1,1],[3,2]]"), 5, 0, 2 },
    { "\xef\xbb\xbf" LINEAR("\"nodesPerReplica\":10"), 25, 0, 3 },
    { "{\"linear\":\"{\\\"nodesPerReplica\\\":10}\"}", 25, 0, 3 },
    { "{\"ladder\":\"{\\n \\\"nodesToReplicas\\\": [[6,1],[7,2]]}\\n\"}",
      9, 0, 2 },
    { CONFIGMAP("\"linear\":\"{\\\"coresPerReplica\\\":2,\\\"min\\\":3}\""),
      0, 13, 7 },
    { CONFIGMAP("\"linear\":{\"nodesPerReplica\":10}"), 25, 0, 3 },
    { "{\"data\":" LINEAR("\"nodesPerReplica\":10") "}", 25, 0, 3 },
};

TEST(autoscaler, a_rule_is_what_its_parameters_say)
{
    hc_arena_init(&arena, t_alloc(), 1 << 20);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct hc_measure m = { good[i].nodes, good[i].cores * 1024, 0 };
        int got = read_json(good[i].json);

        if (got < 0)
            print_error("%zu %s\n", i, error.what);
        CHECK_INT(got, 0);
        CHECK_INT(hc_rule_bound(&wish.rule, hc_rule_count(&wish.rule, &m)),
                  good[i].count);
        CHECK_INT(wish.by, HEADCOUNT_ACTIVE);
    }
    CHECK_INT(read_json(LINEAR("\"nodesPerReplica\":1,"
                               "\"includeUnschedulableNodes\":true")), 0);
    CHECK_INT(wish.by, HEADCOUNT_REGISTERED);
    hc_arena_fini(&arena);
}

static const struct { const char *json, *says; } bad[] = {
    { "", "empty" }, { "{", "byte" }, { "[]", "an object" },
    { "{}", "one of \"linear\" and \"ladder\"" },
    { "{\"linear\":{\"nodesPerReplica\":1},\"ladder\":{}}",
      "it has both \"linear\" and \"ladder\", and the rule is one of them" },
    { "{\"linaer\":{}}", "it has no \"linaer\"" },
    { "{\"linear\":[]}", "linear is an object" },
    { CONFIGMAP(""), "it is one of \"linear\" and \"ladder\"" },
    { CONFIGMAP("\"linear\":\"{}\",\"ladder\":\"{}\""), "it has both" },
    { CONFIGMAP("\"linaer\":\"{}\""), "data has no \"linaer\"" },
    { CONFIGMAP("\"linear\":\"{}\""), "above 0" },
    { CONFIGMAP("\"linear\":\"{\""), "the text of linear: JSON: it ends after "
      "byte 1" },
    { CONFIGMAP("\"ladder\":\"nodesToReplicas:\""), "the text of ladder" },
    { CONFIGMAP("\"linear\":\"{\\\"nodePerReplica\\\":1}\""),
      "linear has no \"nodePerReplica\"" },
    { CONFIGMAP("\"linear\":\"[]\""), "linear is an object" },
    { CONFIGMAP("\"linear\":5"), "linear is an object" },
    { "{\"kind\":\"ConfigMap\",\"metadata\":{}}", "has no data" },
    { "{\"kind\":\"ConfigMap\",\"data\":5}", "data is an object" },
    { "{\"kind\":\"ConfigMapList\",\"items\":[]}", "not \"ConfigMap\"" },
    { "{\"kind\":\"ConfigMap\",\"data\":{},\"linear\":{}}",
      "a ConfigMap has no \"linear\"" },
    { "{\"data\":{},\"data\":{}}", "twice" },
    { "kind: ConfigMap\ndata:\n  linear: '{}'\n", "YAML, which is not read" },
    { "---\napiVersion: v1\n", "YAML" }, { "# a comment\n{}", "YAML" },
    { "\xef\xbb\xbf linear: |-\n", "YAML" },
    { LINEAR(""), "above 0" },
    { LINEAR("\"coresPerReplica\":0,\"nodesPerReplica\":0"), "above 0" },
    { LINEAR("\"nodePerReplica\":1"), "linear has no \"nodePerReplica\"" },
    { LINEAR("\"nodesPerReplica\":1,\"nodesPerReplica\":2"), "twice" },
    { LINEAR("\"nodesPerReplica\":-1"), "nodesPerReplica is a number" },
    { LINEAR("\"nodesPerReplica\":1e3"), "nodesPerReplica is a number" },
    { LINEAR("\"nodesPerReplica\":\"1\""), "nodesPerReplica is a number" },
    { LINEAR("\"nodesPerReplica\":0.0000001"), "nodesPerReplica is a number" },
    { LINEAR("\"coresPerReplica\":999999999"), "coresPerReplica is a number" },
    { LINEAR("\"nodesPerReplica\":1,\"min\":-1"), "min is a whole number" },
    { LINEAR("\"nodesPerReplica\":1,\"max\":1.5"), "max is a whole number" },
    { LINEAR("\"nodesPerReplica\":1,\"min\":5,\"max\":4"), "min 5 is more" },
    { LINEAR("\"nodesPerReplica\":10,\"max\":1,"
             "\"preventSinglePointFailure\":true"), "contradict" },
    { LINEAR("\"nodesPerReplica\":1,\"preventSinglePointFailure\":1"),
      "true or false" },
    { LINEAR("\"coresPerReplica\":1,\"includeUnschedulableNodes\":true"),
      "count by nodes" },
    { LADDER(""), "without them it would be 0" },
    { LADDER("\"coreToReplicas\":[[1,1]]"), "has no \"coreToReplicas\"" },
    { LADDER("\"nodesToReplicas\":[]"), "1 to 64 rungs" },
    { LADDER("\"nodesToReplicas\":5"), "1 to 64 rungs" },
    { LADDER("\"nodesToReplicas\":[1,2]"), "[threshold, replicas]" },
    { LADDER("\"nodesToReplicas\":[[1]]"), "[threshold, replicas]" },
    { LADDER("\"nodesToReplicas\":[[1,2,3]]"), "[threshold, replicas]" },
    { LADDER("\"nodesToReplicas\":[[1,-2]]"), "whole number" },
    { LADDER("\"nodesToReplicas\":[[\"1\",2]]"), "whole number" },
    { LADDER("\"nodesToReplicas\":[[1,2],[3,4],[1,5]]"), "threshold stands" },
    { LADDER("\"coresToReplicas\":[[1,2]],\"includeUnschedulableNodes\":true"),
      "count by nodes" },
};

TEST(autoscaler, what_would_surprise_is_refused_by_name)
{
    char *large = malloc(HC_AUTOSCALER_JSON + 2);

    hc_arena_init(&arena, t_alloc(), 1 << 20);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int got = read_json(bad[i].json);

        if (got != HEADCOUNT_ECONFIG || strstr(error.what, bad[i].says) == NULL)
            print_error("%zu %s\n", i, error.what);
        CHECK_INT(got, HEADCOUNT_ECONFIG);
        CHECK(strstr(error.what, bad[i].says) != NULL);
    }
    memset(large, ' ', HC_AUTOSCALER_JSON + 1);
    large[HC_AUTOSCALER_JSON + 1] = '\0';
    CHECK_INT(read_json(large), HEADCOUNT_ECONFIG);
    CHECK(strstr(error.what, "64 KiB") != NULL);
    free(large);
    hc_arena_fini(&arena);
}

static int ladder_once(void)
{
    hc_arena_init(&arena, t_alloc(), 1 << 20);
    int err = read_json(good[9].json);

    if (err == 0)
        err = read_json(CONFIGMAP("\"ladder\":\"{\\\"nodesToReplicas\\\":"
                                  "[[1,1]]}\""));

    hc_arena_fini(&arena);
    return err;
}

TEST(autoscaler, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(ladder_once);
}
