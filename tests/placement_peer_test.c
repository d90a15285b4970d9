/* tests/placement_peer_test.c - answers about hosts and tasks that are wrong or
 * contradict each other: none of them makes a count rise to a host that takes
 * no task, or lowers it, and none is worked on without an end. */
#include "t.h"

#include <stdio.h>

#include "reconcile/placed_rows.h"

#define TWO_PROVIDERS ",\"capacityProviderStrategy\":["                      \
    "{\"capacityProvider\":\"asg\",\"weight\":1},"                           \
    "{\"capacityProvider\":\"two\",\"weight\":1}]"
#define TWO_MANAGED { .operation = "DescribeCapacityProviders", .answer =    \
    "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroupProvider\":" \
    "{\"managedScaling\":{\"status\":\"ENABLED\"}}},{\"name\":\"two\"}]}" }
/* A host of this provider, and nothing else about it. */
#define BARE(id, provider) "{\"containerInstanceArn\":" SCRIPT_HOST(id)      \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"" provider "\"}"

/* ECS takes a filter by task group, and refuses the one by time. */
TEST(placement_peer, a_refused_list_of_younger_hosts_follows_from_the_tasks)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        DEFINITION, { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
            .code = "InvalidParameterException", .body = SCRIPT_LIST("ACTIVE",
            SCRIPT_FILTER("(task:group == service:web) and (registeredAt > "
                          "1970-01-01T00:16:40+00:00)")) },
        TASKS(TASK("1") "," TASK("2")),
        DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")), WRITE };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A host that does not tell when it came may be one that ECS passed over. */
TEST(placement_peer, a_host_without_a_time_may_be_passed_over)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "null", "")),
        DEFINITION, YOUNGER(B) };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "passed_over");
    script_end();
}

/* A list of hosts that lack the task and that leaves hosts out: more hosts than
 * tasks would run it.  With several providers, too, no count rises by that. */
TEST(placement_peer, more_hosts_than_tasks_are_no_room)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, TWO_PROVIDERS CHANGED), LIST(A "," B "," C "," D, ""),
        DESCRIBE(BARE("a", "asg") "," BARE("b", "two") "," BARE("c", "asg")
                 "," BARE("d", "asg")), TWO_MANAGED, LACKING("") };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    script_end();
}

/* Host c is the machine of host a, registered twice: the count has it once, and
 * so has the room.  Host b has no room. */
TEST(placement_peer, a_machine_that_registered_twice_is_one_host)
{
    static const char described[] = ",\"status\":\"ACTIVE\","
        "\"capacityProviderName\":\"asg\",\"ec2InstanceId\":\"i-1\"}";
    char all[2000], c[1000];
    struct script_row calls[] = {
        SERVICE(1, 1, STRATEGY CHANGED), LIST(A "," B "," C, ""),
        { .operation = DETAILS, .answer = all }, MANAGED("ENABLED"),
        LACKING(B "," C), { .operation = DETAILS, .answer = c }, DEFINITION };

    snprintf(all, sizeof(all), "{\"containerInstances\":["
             "{\"containerInstanceArn\":%s%s,%s,{\"containerInstanceArn\":"
             "%s%s]}", A, described, BARE("b", "asg"), C, described);
    snprintf(c, sizeof(c), "{\"containerInstances\":[%s,{\"ec2InstanceId\":"
             "\"i-1\",%s]}", ROOM("b", "1001", "\"8125\""),
             &ROOM("c", "1001", "")[1]);
    script_wishes(SCRIPT_ROWS(calls), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    script_end();
}
