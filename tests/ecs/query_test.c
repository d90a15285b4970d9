/* tests/ecs/query_test.c - does a host match an expression; expressions as the
 * ECS Developer Guide's "Cluster query language" writes them. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ecs/query.h"

static struct hc_ecs_tag zone = {
    { "ecs.availability-zone", 21 }, { "us-east-1a", 10 }, NULL
};
static struct hc_ecs_tag type = {
    { "ecs.instance-type", 17 }, { "g2.2xlarge", 10 }, &zone
};
static struct hc_ecs_tag stack = { { "stack", 5 }, { "prod", 4 }, &type };
static struct hc_ecs_tag size = { { "size", 4 }, { "16", 2 }, &stack };
static struct hc_ecs_tag flag = { { "flag", 4 }, { "", 0 }, &size };

static struct hc_ecs_host host(void)
{
    return (struct hc_ecs_host){
        .ec2_id = HC_STR("i-abcd1234"), .agent_version = HC_STR("1.9.0"),
        .connected = true, .registered_at = 1518566400 * HC_SECOND,
        .running = 3, .attributes = &flag,      /* 2018-02-14T00:00:00Z */
    };
}

static int matches(const char *expr, struct headcount_error *e)
{
    const struct hc_ecs_host h = host();

    /* Exactly its bytes, so that a look beyond them is seen. */
    size_t n = strlen(expr);
    char *copy = malloc(n + 1);

    memcpy(copy, expr, n);
    hc_error_reset(e);
    int got = hc_query_matches(hc_str_n(copy, n), &h, e);

    free(copy);
    return got;
}

static const struct { const char *expr; int want; } rows[] = {
    /* those of the guide */
    { "attribute:ecs.instance-type == t2.small", 0 },
    { "attribute:ecs.instance-type == g2.2xlarge", 1 },
    { "attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", 1 },
    { "attribute:ecs.availability-zone in [us-east-1b]", 0 },
    { "attribute:ecs.availability-zone != us-east-1d", 1 },
    { "attribute:ecs.availability-zone == us-east-1a and "
      "attribute:ecs.instance-type == t2.small", 0 },
    { "runningTasksCount == 0", 0 }, { "runningTasksCount == 3", 1 },
    { "runningTasksCount >= 3", 1 }, { "runningTasksCount < 3", 0 },
    { "agentVersion < 1.10.0", 1 }, { "agentVersion > 1.8.99", 1 },
    { "agentVersion == 1.9.0", 1 }, { "agentVersion <= 1.9", 0 },
    { "registeredAt > 2018-02-13", 1 }, { "registeredAt > 2018-02-14", 0 },
    { "registeredAt >= 2018-02-14T00:00:00Z", 1 },
    { "registeredAt <= 2018-02-13T23:59:59", 0 },
    { "ec2InstanceId == i-abcd1234", 1 },
    { "ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", 1 },
    { "ec2InstanceId not_in [i-abcd1234]", 0 },
    { "agentConnected == true", 1 }, { "agentConnected == false", 0 },
    /* what is there, what is not */
    { "attribute:stack exists", 1 }, { "attribute:none exists", 0 },
    { "attribute:stack !exists", 0 }, { "attribute:none !exists", 1 },
    { "attribute:none not_exists", 1 }, { "attribute:flag exists", 1 },
    { "attribute:none == prod", 0 }, { "attribute:none != prod", 1 },
    { "attribute:none !in [prod]", 1 }, { "attribute:none < 5", 0 },
    { "attribute:flag == ''", 1 }, { "attribute:flag == \"\"", 1 },
    /* words for signs */
    { "attribute:stack equals prod", 1 },
    { "attribute:stack not_equals prod", 0 },
    { "attribute:size greater_than 9", 1 },
    { "attribute:size greater_than_equal 16", 1 },
    { "attribute:size less_than 9", 0 },
    { "attribute:size less_than_equal 16", 1 },
    /* numbers as numbers, the rest as text */
    { "attribute:size > 9", 1 }, { "attribute:size == 16.0", 0 },
    { "attribute:size >= 16.0", 1 }, { "attribute:size < 1e3", 1 },
    { "attribute:stack > prod", 0 }, { "attribute:stack > pro", 1 },
    { "attribute:size > abc", 0 },
    /* together */
    { "not attribute:stack == prod", 0 }, { "!(attribute:stack == dev)", 1 },
    { "not not attribute:stack == prod", 1 },
    { "attribute:stack == dev or attribute:size == 16", 1 },
    { "attribute:stack == dev || attribute:size == 16", 1 },
    { "attribute:stack == prod && attribute:size == 15", 0 },
    { "attribute:stack==prod&&attribute:size==16", 1 },
    { "attribute:stack == dev and attribute:none == a or "
      "attribute:size == 16", 1 },
    { "attribute:stack == dev and (attribute:none == a or "
      "attribute:size == 16)", 0 },
    { "  (  attribute:stack   ==   'prod'  )  ", 1 },
    { "attribute:stack in ['prod','dev']", 1 },
};

TEST(query, a_host_matches_as_ecs_would_say)
{
    struct headcount_error e;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got = matches(rows[i].expr, &e);

        if (got != rows[i].want)
            print_error("%s: %s\n", rows[i].expr, e.what);
        CHECK_INT(got, rows[i].want);
        CHECK_INT(hc_query_check(hc_str(rows[i].expr), &e), 0);
    }
}

static const char *const wrong[] = {
    "", " ", "attribute:", "attribute:a", "attribute:a ==", "a == b",
    "attribute:a = b", "attribute:a === b", "attribute:a == b c",
    "attribute:a == 'b", "attribute:a == \"b(\"", "attribute:a in a",
    "attribute:a in []", "attribute:a in [a", "attribute:a in [a b]",
    "attribute:a in [a,]", "(attribute:a == b", "attribute:a == b)",
    "attribute:a == b and", "and attribute:a == b",
    "attribute:a == b attribute:c == d", "not", "!", "()",
    "ec2InstanceId > i-1", "ec2InstanceId exists", "agentConnected > true",
    "runningTasksCount in [1]", "runningTasksCount == many",
    "runningTasksCount == 1.5", "agentVersion == new", "agentVersion in [1]",
    "registeredAt == yesterday", "registeredAt > 2018-02-30T00:00:00Z",
    "task:group exists", "attribute:a likes b", "attribute:a == b or or",
    "attribute:a equals", "attribute:a !b", "stack == prod",
};

TEST(query, what_is_no_expression_is_said_with_its_place)
{
    struct headcount_error e;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int got = matches(wrong[i], &e);

        if (got != HEADCOUNT_ESYNTAX)
            print_error("%s: %d\n", wrong[i], got);
        CHECK_INT(got, HEADCOUNT_ESYNTAX);
        CHECK(strstr(e.what, "at byte") != NULL);
        hc_error_reset(&e);
        CHECK_INT(hc_query_check(hc_str(wrong[i]), &e), HEADCOUNT_ESYNTAX);
    }
    matches("attribute:a == b and (c == d)", &e);
    CHECK(strstr(e.what, "no subject at byte 22") != NULL);
}

TEST(query, what_only_ecs_can_tell_is_no_answer)
{
    static const char *const beyond[] = {
        "attribute:stack =~ pr.*", "attribute:stack matches pr.*",
        "attribute:stack !~ pr.*", "attribute:stack not_matches [a-z]+",
        "task:group == service:web", "not task:group in [a, b]",
        /* whatever stands around it */
        "attribute:stack == prod or task:group == a",
        "attribute:stack == dev and attribute:stack =~ p.*",
    };
    struct hc_ecs_host odd = host();
    struct headcount_error e;

    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        CHECK_INT(matches(beyond[i], &e), HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, "without ECS") != NULL);
    }
    /* and what follows it is read all the same */
    CHECK_INT(matches("task:group == a and", &e), HEADCOUNT_ESYNTAX);
    odd.agent_version = HC_STR("1.9.0-rc1");
    hc_error_reset(&e);
    CHECK_INT(hc_query_matches(HC_STR("agentVersion > 1.8"), &odd, &e),
              HEADCOUNT_ECONFIG);
}

TEST(query, what_the_host_did_not_tell_matches_nothing)
{
    static const char *const asks[] = {
        "runningTasksCount >= 0", "registeredAt > 2000-01-01",
        "agentVersion > 0", "ec2InstanceId != i-1", "attribute:a > 0",
    };
    const struct hc_ecs_host nobody = { .registered_at = -1, .running = -1 };
    struct headcount_error e;

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        hc_error_reset(&e);
        int got = hc_query_matches(hc_str(asks[i]), &nobody, &e);

        CHECK_INT(got, strstr(asks[i], "!=") != NULL);
    }
}

TEST(query, brackets_have_an_end)
{
    static char deep[70 * 2 + 40], nots[20000];
    struct headcount_error e;
    size_t n = 65;

    memset(deep, '(', n);
    memcpy(deep + n, "attribute:stack == prod", 23);
    memset(deep + n + 23, ')', n);
    CHECK_INT(matches(deep, &e), HEADCOUNT_ELIMIT);
    CHECK_INT(matches(deep + 1, &e), HEADCOUNT_ESYNTAX);   /* one ) too many */
    deep[n + 23 + n - 1] = '\0';
    CHECK_INT(matches(deep + 1, &e), 1);
    memset(nots, '!', 10000);
    memcpy(nots + 10000, "attribute:stack == prod", 23);
    CHECK_INT(matches(nots, &e), 1);
}
