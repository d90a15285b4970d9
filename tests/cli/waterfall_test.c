/* tests/cli/waterfall_test.c - a fixed run, to the letter. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "waterfall.h"

/* As one run with two clusters may leave them: in the order of their ends. */
static const struct headcount_timing run[] = {
    { .operation = "ListClusters", .cluster = "", .region = "eu-west-1",
      .attempt = 1, .status = 200, .connection = 1, .start = 1000,
      .asked = 1000, .dns_start = 1000, .dns_end = 3000,
      .connect_start = 3000, .connect_end = 5000, .tls_start = 5000,
      .tls_end = 9000, .send_start = 9000, .send_end = 9000,
      .first_byte = 11000, .end = 11000 },
    { .operation = "DescribeServices", .cluster = "prod",
      .region = "us-east-1", .attempt = 2, .status = 200, .connection = 2,
      .resumed = true, .start = 15000, .asked = 15000, .waited = 2000,
      .dns_start = 17000, .dns_end = 17000, .connect_start = 17000,
      .connect_end = 17000, .tls_start = 17000, .tls_end = 18000,
      .send_start = 18000, .send_end = 18000, .first_byte = 20000,
      .end = 21000 },
    { .operation = "DescribeServices", .cluster = "prod",
      .region = "us-east-1", .attempt = 1, .start = 11000, .asked = 11000,
      .waited = 4000, .end = 15000 },
    { .operation = "ListContainerInstances", .cluster = "test",
      .region = "eu-west-1", .attempt = 1, .status = 200, .connection = 1,
      .reused = true, .idle = 500, .start = 11000, .asked = 11000,
      .send_start = 11000, .send_end = 11000, .first_byte = 13000,
      .end = 13000 },
};

static struct headcount_outcome outcome(size_t from, size_t n)
{
    return (struct headcount_outcome){
        .timings = run + from, .timings_n = n,
        .stats = { .api_calls = 3, .connections_opened = 2,
                   .connections_reused = 1, .dns_lookups = 1,
                   .tls_handshakes = 2, .elapsed_us = 21500 },
    };
}

static void check(const struct headcount_outcome *o, bool places,
                  size_t columns, const char *expected)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    CHECK(out != NULL);
    if (out == NULL)
        return;
    waterfall_put(out, o, places, columns);
    fclose(out);
    CHECK_Z(text, expected);
    free(text);
}

#define COUNTS \
    "3 calls, 2 connections, 1 reused, 1 lookup, 2 handshakes, 21.50 ms\n"

TEST(waterfall, two_clusters_in_a_pipe)
{
    const struct headcount_outcome o = outcome(0, 4);

    check(&o, false, 0,
    "ListClusters           eu-west-1      "
    "|ddddccccttttttttwwwwr                   |"
    "     10.00 ms 200 #1 new"
    " (ms: dns 2.00 connect 2.00 tls 4.00 send 0.00 wait 2.00 receive 0.00)\n"
    "DescribeServices       prod us-east-1 "
    "|                    .........           |"
    "      4.00 ms   0 #0 none (ms: line 4.00)\n"
    "ListContainerInstances test eu-west-1 "
    "|                    wwwwr               |"
    "      2.00 ms 200 #1 reused"
    " (ms: send 0.00 wait 2.00 receive 0.00, idle before 0.50)\n"
    "DescribeServices (2)   prod us-east-1 "
    "|                            ....ttwwwwrr|"
    "      6.00 ms 200 #2 resumed (ms: line 2.00 dns 0.00 connect 0.00"
    " tls 1.00 send 0.00 wait 2.00 receive 1.00)\n"
    ". line 6.00 ms  d dns 2.00 ms  c connect 2.00 ms  t tls 5.00 ms  "
    "w wait 6.00 ms  r receive 1.00 ms\n" COUNTS);
}

TEST(waterfall, on_a_terminal_no_row_is_wider_than_it)
{
    const struct headcount_outcome o = outcome(0, 4);

    check(&o, false, 80,
    "ListClusters           eu-west-1      "
    "|dcttwr    |     10.00 ms 200 #1 new\n"
    "DescribeServices       prod us-east-1 "
    "|     ...  |      4.00 ms   0 #0 none\n"
    "ListContainerInstances test eu-west-1 "
    "|     wr   |      2.00 ms 200 #1 reused\n"
    "DescribeServices (2)   prod us-east-1 "
    "|       .wr|      6.00 ms 200 #2 resumed\n"
    ". line 6.00 ms  d dns 2.00 ms  c connect 2.00 ms  t tls 5.00 ms\n"
    "w wait 6.00 ms  r receive 1.00 ms\n" COUNTS);
}

TEST(waterfall, a_narrow_terminal_keeps_the_ends_of_places)
{
    const struct headcount_outcome o = outcome(3, 1);

    check(&o, true, 68,
    "ListContainerIn~ ~-west-1 |wwwwwwwwww|      2.00 ms 200 #1 reused\n"
    "w wait 2.00 ms\n" COUNTS);
}

TEST(waterfall, one_cluster_is_not_named_unless_it_is_a_sweep)
{
    const struct headcount_outcome o = outcome(3, 1);

    check(&o, false, 100,
    "ListContainerInstances "
    "|wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww|"
    "      2.00 ms 200 #1 reused\nw wait 2.00 ms\n" COUNTS);
    check(&o, true, 0,
    "ListContainerInstances test eu-west-1 "
    "|wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww|"
    "      2.00 ms 200 #1 reused"
    " (ms: send 0.00 wait 2.00 receive 0.00, idle before 0.50)\n"
    "w wait 2.00 ms\n" COUNTS);
}

TEST(waterfall, without_an_attempt_the_counts_stand_alone)
{
    const struct headcount_outcome o = outcome(0, 0);

    check(&o, true, 0, COUNTS);
}
