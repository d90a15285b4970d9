/* tests/cli/phases_test.c - spans of the times of one attempt. */
#include "t.h"

#include <string.h>

#include "phases.h"

static struct phase_span got[PHASES];

static void check(enum phase phase, int64_t from, int64_t to)
{
    CHECK_INT(got[phase].from, from);
    CHECK_INT(got[phase].to, to);
}

TEST(phases, each_phase_of_a_new_connection)
{
    const struct headcount_timing t = {
        .connection = 1, .start = 10, .asked = 10, .waited = 5,
        .dns_start = 15, .dns_end = 20, .connect_start = 20, .connect_end = 30,
        .tls_start = 33, .tls_end = 40, .send_start = 41, .send_end = 42,
        .first_byte = 50, .end = 55,
    };

    phases_get(got, &t);
    check(PHASE_LINE, 10, 15);
    check(PHASE_DNS, 15, 20);
    check(PHASE_CONNECT, 20, 33);            /* with the proxy's tunnel */
    check(PHASE_TLS, 33, 40);
    check(PHASE_SEND, 41, 42);
    check(PHASE_WAIT, 42, 50);
    check(PHASE_RECEIVE, 50, 55);
}

TEST(phases, a_kept_connection_has_no_dial)
{
    const struct headcount_timing t = {
        .connection = 1, .reused = true, .start = 10, .asked = 10,
        .send_start = 11, .send_end = 12, .first_byte = 20, .end = 20,
    };

    phases_get(got, &t);
    for (int i = PHASE_LINE; i < PHASE_SEND; i++)
        check((enum phase)i, 0, 0);
    check(PHASE_SEND, 11, 12);
    check(PHASE_RECEIVE, 20, 20);
}

TEST(phases, the_phase_that_failed_goes_on_to_the_end)
{
    struct headcount_timing t = { .start = 1, .asked = 1, .waited = 99,
                                  .end = 100 };

    phases_get(got, &t);
    check(PHASE_LINE, 1, 100);
    t = (struct headcount_timing){ .start = 1, .asked = 1, .dns_start = 2,
                                   .end = 100 };
    phases_get(got, &t);
    check(PHASE_DNS, 2, 100);
    check(PHASE_CONNECT, 0, 0);
    t.dns_end = t.connect_start = 9;
    phases_get(got, &t);
    check(PHASE_CONNECT, 9, 100);
    t.connect_end = 20;                      /* and then in the tunnel */
    phases_get(got, &t);
    check(PHASE_CONNECT, 9, 100);
    t.tls_start = 30;
    phases_get(got, &t);
    check(PHASE_CONNECT, 9, 30);
    check(PHASE_TLS, 30, 100);
    t.tls_end = 40;
    t.connection = 1;
    t.send_start = 41;
    phases_get(got, &t);
    check(PHASE_SEND, 41, 100);
    t.send_end = 42;
    phases_get(got, &t);
    check(PHASE_WAIT, 42, 100);
    check(PHASE_RECEIVE, 0, 0);
}

/* The server answered before it had read the request, and closed. */
TEST(phases, an_early_answer_ends_the_sending)
{
    const struct headcount_timing t = { .connection = 1, .send_start = 10,
                                        .first_byte = 15, .end = 20 };

    phases_get(got, &t);
    check(PHASE_SEND, 10, 15);
    check(PHASE_WAIT, 0, 0);
    check(PHASE_RECEIVE, 15, 20);
}

TEST(phases, each_has_a_name)
{
    CHECK_Z(phase_name(PHASE_LINE), "line");
    CHECK_Z(phase_name(PHASE_RECEIVE), "receive");
}
