/* tests/aws/service_set_test.c - the services that calls of a handle go to. */
#include "aws/service_set.h"

#include <string.h>

#include "t.h"

static struct hc_service_set services;
static struct headcount_error error;

static const struct hc_service *find(const char *name)
{
    return hc_service_set_find(&services, hc_str(name), NULL);
}

static const struct hc_service *narrow(const struct hc_service *service,
                                       const char *operation)
{
    hc_error_reset(&error);
    return hc_service_set_narrow(&services, service, hc_str(operation),
                                 &error);
}

TEST(service_set, one_is_the_same_by_all_of_its_names)
{
    hc_service_set_init(&services, t_alloc());
    const struct hc_service *ecs = find("ecs"), *deploy = find("deploy");

    CHECK(ecs == hc_service_set_own(&services, HC_SERVICE_ECS));
    CHECK(ecs == find("ECS") && ecs == find("ecs"));
    CHECK(deploy != NULL && deploy != ecs);
    CHECK(deploy == find("codedeploy") && deploy == find("CodeDeploy"));
    CHECK(find("") == NULL && find("sts") == NULL && find("sso") == NULL);
    CHECK_INT(services.kept_n, 1);
    hc_service_set_fini(&services);
}

TEST(service_set, an_operation_that_goes_another_way_has_a_service_of_its_own)
{
    hc_service_set_init(&services, t_alloc());
    const struct hc_service *states = find("stepfunctions");
    const struct hc_service *ecs = find("ecs"), *sync;

    CHECK(states != NULL && ecs != NULL);
    CHECK(narrow(ecs, "ListClusters") == ecs);
    CHECK(narrow(states, "StartExecution") == states);
    sync = narrow(states, "StartSyncExecution");
    CHECK(sync != NULL && sync != states);
    CHECK_STR(sync->row.before, "sync-");
    CHECK_Z(sync->id, "stepfunctions");
    CHECK(narrow(states, "TestState") == sync);
    CHECK(find("sfn") == states);
    hc_service_set_fini(&services);
}

TEST(service_set, one_that_is_described_is_kept_with_its_texts)
{
    char name[] = "mine", target[] = "T";
    struct hc_service_given given = { .name = hc_str(name),
                                      .target_prefix = hc_str(target) };

    hc_service_set_init(&services, t_alloc());
    const struct hc_service *one =
        hc_service_set_describe(&services, &given, NULL);

    CHECK(one != NULL);
    if (one == NULL)
        return;
    memset(name, 'x', 4);
    memset(target, 'x', 1);
    CHECK_STR(one->row.cli, "mine");
    CHECK_STR(one->row.id, "mine");
    CHECK_STR(one->row.host, "mine");
    CHECK_STR(one->row.signing, "mine");
    CHECK_STR(one->row.target, "T");
    given.name = HC_STR("mine");
    given.target_prefix = HC_STR("T");
    CHECK(hc_service_set_describe(&services, &given, NULL) == one);
    given.json_version = HC_STR("1.1");
    CHECK(hc_service_set_describe(&services, &given, NULL) != one);
    given.json_version = HC_STR("1.0");
    given.signing_name = HC_STR("other");
    CHECK(hc_service_set_describe(&services, &given, NULL) != one);
    given.signing_name = HC_STR("");
    given.endpoint_prefix = HC_STR("other");
    CHECK(hc_service_set_describe(&services, &given, NULL) != one);
    given.endpoint_prefix = HC_STR("mine");
    given.target_prefix = HC_STR("U");
    CHECK(hc_service_set_describe(&services, &given, NULL) != one);
    CHECK_INT(services.kept_n, 5);
    given.target_prefix = HC_STR("");
    CHECK(hc_service_set_describe(&services, &given, &error) == NULL);
    CHECK_INT(error.code, HEADCOUNT_EARG);
    hc_service_set_fini(&services);
}

TEST(service_set, our_own_are_filled_when_they_are_needed)
{
    hc_service_set_init(&services, t_alloc());
    for (int i = 0; i < HC_SERVICE_COUNT; i++) {
        const struct hc_service *own;

        CHECK_Z(services.own[i].id, "");
        own = hc_service_set_own(&services, (enum hc_service_id)i);
        CHECK_INT(own->index, i);
        CHECK(own->id[0] != '\0');
    }
    CHECK_INT(services.kept_n, 0);
    hc_service_set_fini(&services);
}

TEST(service_set, all_are_kept_and_no_more_than_so_many)
{
    struct hc_str rest = hc_catalog_all();
    struct hc_catalog_row row;

    hc_service_set_init(&services, t_alloc());
    while (hc_catalog_next(&row, &rest))
        CHECK(hc_service_set_find(&services, row.cli, NULL) != NULL);
    CHECK_INT(services.kept_n, 152 - HC_SERVICE_STS);
    services.kept_n = HC_SERVICE_SET_MAX;
    CHECK(hc_service_set_find(&services, HC_STR("logs"), NULL) != NULL);
    CHECK(narrow(find("logs"), "StartLiveTail") == NULL);
    CHECK_INT(error.code, HEADCOUNT_ELIMIT);
    CHECK(strstr(error.what, "256 services") != NULL);
    hc_service_set_fini(&services);
}

TEST(service_set, memory_may_end_anywhere)
{
    struct headcount_error e = { 0 };

    hc_service_set_init(&services, t_alloc());
    t_alloc_state()->fail_at = t_alloc_state()->count + 1;
    CHECK(hc_service_set_find(&services, HC_STR("logs"), &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ENOMEM);
    t_alloc_state()->fail_at = 0;
    hc_service_set_fini(&services);
}
