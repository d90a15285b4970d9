/* tests/op/op_doctor_cluster_test.c - which clusters are looked at, and their
 * reads. */
#include "op/doctor_look.h"

#define GONE                                                                \
    aws_answer(200, "", "{\"clusters\":[],\"failures\":[{\"reason\":"       \
               "\"MISSING\"}]}")

TEST(op_doctor_cluster, a_cluster_that_is_not_there_is_an_error)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, GONE, NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("cluster", HEADCOUNT_ERROR, "there is none of this name");
    CHECK_INT(scene.script.requests, 3);
    look_end();
}

TEST(op_doctor_cluster, the_next_cluster_follows_one_that_is_not_there)
{
    static const char *const names[] = { "gone", "no name", "prod" };
    const char *const answers[] = { LOOK_GET, LOOK_WHO, GONE, LOOK_CLUSTER,
                                    LOOK_REST, NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.clusters = names;
    doctor.clusters_n = 3;
    look(doctor);
    CHECK_Z(look_nth("cluster", 0)->what, "cluster gone");
    CHECK_INT(look_nth("cluster", 1)->level, HEADCOUNT_ERROR);
    CHECK(strstr(look_nth("cluster", 1)->text, "no name") != NULL);
    look_has("hosts", HEADCOUNT_FINE, "3 hosts");
    look_end();
}

TEST(op_doctor_cluster, without_a_name_the_clusters_are_listed)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO,
        aws_answer(200, "", "{\"clusterArns\":[\"" CLUSTER_ARN "\"],"
                   "\"nextToken\":\"more\"}"),
        LOOK_CLUSTER, LOOK_REST, NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.clusters_n = 0;
    look(doctor);
    look_has("clusters", HEADCOUNT_FINE,
             "1 or more in eu-west-1, of which 1 are looked at");
    look_has("hosts", HEADCOUNT_FINE, "3 hosts");
    look_end();
}

/* Pages of services, then of hosts; each page of hosts is described. */
TEST(op_doctor_cluster, lists_are_read_page_by_page)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
        aws_answer(200, "", "{\"serviceArns\":[],\"nextToken\":\"n1\"}"),
        LOOK_NAMES, aws_answer(200, "", SERVICE("3")),
        aws_answer(200, "", "{\"containerInstanceArns\":[" HOST("a") "],"
                   "\"nextToken\":\"n2\"}"),
        aws_answer(200, "", "{\"containerInstances\":["
                   LOOK_HOST("a", "ACTIVE", "true") "],\"failures\":[]}"),
        aws_answer(200, "", "{\"containerInstanceArns\":[" HOST("b") "]}"),
        aws_answer(200, "", "{\"containerInstances\":["
                   LOOK_HOST("b", "ACTIVE", "true") "],\"failures\":[]}"),
        LOOK_DEFINITION, LOOK_TARGETS, LOOK_TAGGED, LOOK_MAY("allowed"), NULL
    };

    look_open(false, answers);
    look(look_of_prod());
    look_has("hosts", HEADCOUNT_FINE, "2 hosts: 2 ACTIVE, 0 DRAINING");
    CHECK(strstr(scene.script.request[4], "\"nextToken\":\"n1\"") != NULL);
    CHECK(strstr(scene.script.request[8], "\"nextToken\":\"n2\"") != NULL);
    CHECK(strstr(scene.script.request[6], "\"status\"") == NULL);
    for (size_t i = 0; look_nth("call", i) != NULL; i++)
        CHECK_INT(look_nth("call", i)->level, HEADCOUNT_FINE);
    CHECK(look_nth("call", 8) == NULL);              /* one an operation */
    look_end();
}
