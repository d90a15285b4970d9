/* tests/ecs/arn_test.c - the names of clusters, services and hosts. */
#include "t.h"

#include <string.h>

#include "ecs/arn.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"
#define X63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define X255 X63 X63 X63 X63 "bbb"

typedef int (*getter)(struct hc_arn *a, struct hc_str text,
                      struct headcount_error *e);

struct arn_row {
    getter get;
    const char *text, *partition, *region, *account, *cluster, *name;
};

static const struct arn_row good[] = {
    { hc_arn_cluster, "prod", "", "", "", "prod", "prod" },
    { hc_arn_cluster, "-_A9", "", "", "", "-_A9", "-_A9" },
    { hc_arn_cluster, X255, "", "", "", X255, X255 },
    { hc_arn_cluster, AT "cluster/prod", "aws", "eu-west-1", "111122223333",
      "prod", "prod" },
    { hc_arn_cluster, "arn:aws-us-gov:ecs:us-gov-west-1:1:cluster/p",
      "aws-us-gov", "us-gov-west-1", "1", "p", "p" },
    { hc_arn_service, "web", "", "", "", "", "web" },
    { hc_arn_service, AT "service/prod/web", "aws", "eu-west-1",
      "111122223333", "prod", "web" },
    { hc_arn_service, AT "service/web", "aws", "eu-west-1", "111122223333",
      "", "web" },
    { hc_arn_task, AT "task/prod/0af", "aws", "eu-west-1", "111122223333",
      "prod", "0af" },
    { hc_arn_instance, AT "container-instance/prod/0af", "aws", "eu-west-1",
      "111122223333", "prod", "0af" },
    { hc_arn_instance,
      AT "container-instance/f9c1ed4e-5ad5-4aeb-9d42-7ad3bb5a4f10", "aws",
      "eu-west-1", "111122223333", "",
      "f9c1ed4e-5ad5-4aeb-9d42-7ad3bb5a4f10" },
};

TEST(arn, shapes_of_good_ones)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        size_t n = strlen(good[i].text);
        struct hc_str text = hc_str_n(t_guard(good[i].text, n), n);
        struct hc_arn a;

        CHECK_INT(good[i].get(&a, text, NULL), 0);
        CHECK_STR(a.text, good[i].text);
        CHECK_STR(a.partition, good[i].partition);
        CHECK_STR(a.region, good[i].region);
        CHECK_STR(a.account, good[i].account);
        CHECK_STR(a.cluster, good[i].cluster);
        CHECK_STR(a.name, good[i].name);
        CHECK(hc_arn_is_full(&a) == (good[i].partition[0] != '\0'));
    }
}

static const struct { getter get; const char *text, *says; } bad[] = {
    { hc_arn_cluster, "", "1 to 255" },
    { hc_arn_cluster, X255 "b", "1 to 255" },
    { hc_arn_cluster, "a b", "1 to 255" },
    { hc_arn_cluster, "a/b", "1 to 255" },
    { hc_arn_cluster, "pr\xC3\xB6" "d", "1 to 255" },
    { hc_arn_cluster, "arn:", "arn:PARTITION" },
    { hc_arn_cluster, "arn:aws", "another service" },
    { hc_arn_cluster, "arn:a s:ecs:r:1:cluster/p", "arn:PARTITION" },
    { hc_arn_cluster, "arn:aws:sqs:eu-west-1:1:cluster/p",
      "another service" },
    { hc_arn_cluster, "arn:aws:ecs::1:cluster/p", "no region" },
    { hc_arn_cluster, "arn:aws:ecs:eu-west-1::cluster/p", "no account" },
    { hc_arn_cluster, AT, "something else" },
    { hc_arn_cluster, AT "cluster", "1 to 255" },
    { hc_arn_cluster, AT "cluster/", "1 to 255" },
    { hc_arn_cluster, AT "cluster/a/b", "one name" },
    { hc_arn_cluster, AT "service/a", "something else" },
    { hc_arn_cluster, AT "clusters/a", "something else" },
    { hc_arn_cluster, AT "cluster/a:b", "1 to 255" },
    { hc_arn_service, AT "service/a/b/c", "1 to 255" },
    { hc_arn_service, AT "service//b", "cluster in it" },
    { hc_arn_service, AT "service/a/", "1 to 255" },
    { hc_arn_service, AT "cluster/a", "something else" },
    { hc_arn_service, "prod/web", "1 to 255" },
    { hc_arn_instance, "0af", "no ARN" },
    { hc_arn_task, "0af", "no ARN" },
    { hc_arn_task, AT "container-instance/prod/0af", "something else" },
    { hc_arn_instance, AT "service/prod/0af", "something else" },
};

TEST(arn, what_is_none_is_refused_with_its_reason)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        size_t n = strlen(bad[i].text);
        struct headcount_error e = { 0 };
        struct hc_arn a;

        CHECK_INT(bad[i].get(&a, hc_str_n(t_guard(bad[i].text, n), n), &e),
                  HEADCOUNT_ESYNTAX);
        CHECK(strstr(e.what, bad[i].says) != NULL);
        CHECK_INT(bad[i].get(&a, hc_str(bad[i].text), NULL), HEADCOUNT_ESYNTAX);
    }
}

TEST(arn, every_beginning_of_one_is_safe)
{
    static const char text[] = AT "service/prod/web";

    for (size_t n = 0; n < sizeof(text); n++) {
        struct hc_str s = hc_str_n(t_guard(text, n), n);
        struct hc_arn a;

        CHECK_INT(hc_arn_cluster(&a, s, NULL) == 0, n > 0 && n < 4);
        hc_arn_service(&a, s, NULL);
        hc_arn_instance(&a, s, NULL);
    }
}

TEST(arn, a_long_one_is_refused_and_shown_short)
{
    static char text[3000];
    struct headcount_error e = { 0 };
    struct hc_arn a;

    memset(text, 'a', sizeof(text));
    memcpy(text, AT, sizeof(AT) - 1);
    CHECK_INT(hc_arn_cluster(&a, hc_str_n(text, 2049), &e), HEADCOUNT_ESYNTAX);
    CHECK(strstr(e.what, "too long") != NULL);
    CHECK(strlen(e.what) < 300);
    CHECK_INT(hc_arn_cluster(&a, hc_str_n("a\0b", 3), NULL), HEADCOUNT_ESYNTAX);
}

TEST(arn, places_differ_only_where_both_are_known)
{
    static const struct { const char *cluster, *service; bool same; } rows[] = {
        { "prod", "web", true },
        { AT "cluster/prod", "web", true },
        { "prod", AT "service/prod/web", true },
        { "prod", AT "service/web", true },
        { AT "cluster/prod", AT "service/prod/web", true },
        { AT "cluster/prod", AT "service/web", true },
        { "prod", AT "service/stage/web", false },
        { AT "cluster/prod", AT "service/stage/web", false },
        { AT "cluster/prod", "arn:aws:ecs:eu-west-2:111122223333:service/web",
          false },
        { AT "cluster/prod", "arn:aws:ecs:eu-west-1:111122223334:service/web",
          false },
        { AT "cluster/prod",
          "arn:aws-cn:ecs:eu-west-1:111122223333:service/web", false },
        { AT "cluster/prod",
          "arn:aws:ecs:eu-west-1:999988887777:service/prod/web", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_arn cluster, service;

        CHECK_INT(hc_arn_cluster(&cluster, hc_str(rows[i].cluster), NULL), 0);
        CHECK_INT(hc_arn_service(&service, hc_str(rows[i].service), NULL), 0);
        CHECK_INT(hc_arn_same_place(&cluster, &service), rows[i].same);
        CHECK_INT(hc_arn_same_place(&service, &cluster), rows[i].same);
    }
}
