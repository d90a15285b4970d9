/* tests/op/op_doctor_queue_test.c - the queue, its redrive policy, its dead
 * letters. */
#include "op/doctor_look.h"

#include <stdio.h>

#define URL "https://sqs.eu-west-1.amazonaws.com/123456789012/events"
#define QUEUE(policy)                                                       \
    aws_answer(200, "", "{\"Attributes\":{\"ApproximateNumberOfMessages\":" \
               "\"4\",\"ApproximateNumberOfMessagesNotVisible\":\"2\""      \
               policy "}}")
#define POLICY                                                              \
    ",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"arn:aws:sqs:"    \
    "eu-west-1:999999999999:dead\\\",\\\"maxReceiveCount\\\":5}\""

static void look_at(const char *queue, const char *dead)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO,
        aws_answer(200, "", "{\"clusters\":[],\"failures\":[]}"), queue, dead,
        NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.queue = URL;
    look(doctor);
}

TEST(op_doctor_queue, dead_letters_are_counted)
{
    look_at(QUEUE(POLICY), QUEUE(""));
    look_has("queue", HEADCOUNT_FINE, "4 messages wait, 2 are in flight");
    look_has("dead_letters", HEADCOUNT_WARNING, "4 messages wait in https://"
             "sqs.eu-west-1.amazonaws.com/999999999999/dead");
    CHECK(look_nth("redrive", 0) == NULL);
    look_end();
}

TEST(op_doctor_queue, a_queue_without_a_redrive_policy_is_a_warning)
{
    static const char *const policies[] = { NULL, "x", "{}",
                                            "{\\\"deadLetterTargetArn\\\":1}" };

    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        char text[200] = "";

        if (policies[i] != NULL)
            snprintf(text, sizeof text, "{\"Attributes\":{"
                     "\"RedrivePolicy\":\"%s\"}}", policies[i]);
        look_at(policies[i] != NULL ? aws_answer(200, "", text) : QUEUE(""),
                NULL);
        look_has("redrive", HEADCOUNT_WARNING, "it has no redrive policy");
        look_end();
    }
}

TEST(op_doctor_queue, a_queue_that_is_not_there_is_an_error)
{
    look_at(aws_answer(400, "", "{\"__type\":\"com.amazonaws.sqs#"
                       "QueueDoesNotExist\",\"message\":\"gone\"}"), NULL);
    CHECK_Z(look_nth("call", 1)->what, "GetQueueAttributes");
    CHECK_INT(look_nth("call", 1)->level, HEADCOUNT_ERROR);
    look_end();
}

/* The worker itself does not read attributes. */
TEST(op_doctor_queue, attributes_that_are_denied_are_a_warning)
{
    look_at(aws_answer(400, "", "{\"__type\":\"com.amazonaws.sqs#"
                       "AccessDenied\",\"message\":\"no\"}"), NULL);
    CHECK(look_nth("denied", 0) != NULL);
    CHECK_INT(look_nth("denied", 0)->level, HEADCOUNT_WARNING);
    look_end();
}
