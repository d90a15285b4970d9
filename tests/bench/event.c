/* bench/event.c - one event that names many clusters: how much memory a handle
 * takes while it reconciles them.
 *
 *   event PORT CLUSTERS     clusters are c0000, c0001, ... at 127.0.0.1:PORT
 *
 * Prints the number of its calls.  The clock jumps over the waits that keep
 * calls within the rates that ECS allows.
 */
#include <poll.h>
#include <string.h>

#include "bench.h"
#include "headcount.h"

#define EACH 100                     /* clusters of one record, at most */
#define WANTS 16
#define QUIET 5                      /* ms without an answer */
#define JUMP 5000000                 /* us; what waits longer is a timeout */

static int64_t skipped;

static int64_t event_now(void *ud)
{
    (void)ud;
    return (int64_t)bench_now().wall + skipped;
}

static headcount *open_handle(const char *port)
{
    char url[64];
    headcount *h = NULL;
    struct headcount_error error;
    const struct headcount_system system = {
        .size = sizeof system, .now = event_now,
    };

    snprintf(url, sizeof url, "http://127.0.0.1:%s", port);
    const struct headcount_config config = {
        .size = sizeof config, .system = &system, .endpoint_url = url,
    };

    if (headcount_new(&h, &config, &error) != 0)
        bench_fail(error.what);
    return h;
}

/* An SQS batch, each message of which names up to EACH clusters. */
static char *write_event(long clusters)
{
    size_t room = (size_t)clusters * 16 + (size_t)clusters / EACH * 64 + 256;
    char *text = malloc(room);
    size_t n = 0;

    if (text == NULL)
        bench_fail("no memory");
    n += (size_t)snprintf(text, room, "{\"Records\":[");
    for (long i = 0; i < clusters; i++)
        n += (size_t)snprintf(
            text + n, room - n, "%s\\\"c%04ld\\\"%s",
            i == 0 ? "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\","
                     "\"body\":\"{\\\"clusters\\\":["
            : i % EACH == 0 ? ",{\"messageId\":\"2\",\"eventSource\":"
                              "\"aws:sqs\",\"body\":\"{\\\"clusters\\\":["
                            : ",",
            i, i % EACH == EACH - 1 || i + 1 == clusters ? "]}\"}" : "");
    snprintf(text + n, room - n, "]}");
    return text;
}

static void drive(headcount *h, headcount_op *op)
{
    while (headcount_op_state(op) == HEADCOUNT_RUNNING) {
        struct headcount_want wants[WANTS];
        struct pollfd fds[WANTS];
        int64_t deadline;
        size_t n = headcount_wants(h, wants, WANTS, &deadline);
        int64_t wait = deadline - event_now(NULL);

        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){ .fd = wants[i].fd,
                                      .events = wants[i].events };
        if (poll(fds, n, wait > 0 ? QUIET : 0) == 0 && wait > 0 && wait < JUMP)
            skipped += wait;
        for (size_t i = 0; i < n; i++)
            wants[i].events = fds[i].revents;
        headcount_step(h, wants, n);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        bench_fail("event PORT CLUSTERS");
    long clusters = strtol(argv[2], NULL, 10);
    headcount *h = open_handle(argv[1]);
    char *text = write_event(clusters);
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web" };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = text,
        .event_size = strlen(text), .wishes = &wish, .wishes_n = 1,
    };
    headcount_op *op;

    if (headcount_begin_reconcile(h, &op, &request, NULL) != 0)
        bench_fail("begin");
    drive(h, op);
    const struct headcount_outcome *o = headcount_outcome(op);

    if (o->code != 0 || o->clusters_n != (size_t)clusters ||
        o->summary[HEADCOUNT_UPDATED] != (size_t)clusters)
        bench_fail(o->code != 0 ? o->message : o->json);
    printf("%llu\n", (unsigned long long)o->stats.api_calls);
    headcount_op_free(op);
    headcount_free(h);
    free(text);
    return 0;
}
