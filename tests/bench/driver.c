/* bench/driver.c - the same call through headcount.h: begin, wait, end, on one
 * handle and one kept connection.
 *
 *   driver PORT CALLS CA.pem [MODE]     (or "" for plain HTTP)
 *
 *   search   the answer is searched once for its count
 *   json     it is read by headcount's JSON reader
 *   times    prints a second line, "P50 P90 P99" of a call
 *   pace=MS  likewise, and so long a pause is before each call
 *   new      the server closes connections: any number of them is well
 *
 * Prints "CPU WALL", microseconds a call, and with `search` and `json` what the
 * answer says.
 */
#include "bench.h"
#include "headcount.h"

enum mode { PLAIN, SEARCH, JSON, TIMES, NEW };

static headcount *open_handle(const char *port, const char *ca)
{
    char url[64];
    headcount *h = NULL;
    struct headcount_error error;
    const struct headcount_system system = { .size = sizeof system,
                                             BENCH_ALLOC };

    snprintf(url, sizeof url, "%s://127.0.0.1:%s",
             *ca != '\0' ? "https" : "http", port);
    const struct headcount_config config = {
        .size = sizeof config, .region = BENCH_REGION, .endpoint_url = url,
        .ca_bundle = *ca != '\0' ? ca : NULL, .system = &system,
    };

    if (headcount_new(&h, &config, &error) != 0)
        bench_fail(error.what);
    return h;
}

/* The members of the one service are at the third level. */
static void read_json(const struct headcount_outcome *o, struct bench_web *web)
{
    headcount_json *json;
    const char *text;
    size_t n;
    int event, depth = 0;
    enum { OTHER, NAME, DESIRED } key = OTHER;

    if (headcount_json_new(&json, o->body, o->body_size, NULL) != 0)
        bench_fail("headcount_json_new");
    while ((event = headcount_json_next(json, &text, &n, NULL)) > 0) {
        if (event == HEADCOUNT_JSON_STRING && key == NAME)
            snprintf(web->name, sizeof web->name, "%.*s", (int)n, text);
        else if (event == HEADCOUNT_JSON_NUMBER && key == DESIRED)
            web->desired = strtoll(text, NULL, 10);
        depth += (event == HEADCOUNT_JSON_OBJECT ||
                  event == HEADCOUNT_JSON_ARRAY) -
                 (event == HEADCOUNT_JSON_OBJECT_END ||
                  event == HEADCOUNT_JSON_ARRAY_END);
        key = event != HEADCOUNT_JSON_KEY || depth != 3 ? OTHER
            : n == 11 && memcmp(text, "serviceName", n) == 0 ? NAME
            : n == 12 && memcmp(text, "desiredCount", n) == 0 ? DESIRED
            : OTHER;
    }
    headcount_json_free(json);
    if (event < 0)
        bench_fail("the answer is no JSON");
}

static void call(headcount *h, enum mode mode, struct bench_web *web)
{
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "DescribeServices", .body = BENCH_BODY,
        .body_size = sizeof BENCH_BODY - 1,
    };
    headcount_op *op;

    if (headcount_begin_call(h, &op, &request, NULL) != 0)
        bench_fail("begin");
    headcount_wait(op, -1);
    const struct headcount_outcome *outcome = headcount_outcome(op);

    if (outcome == NULL || outcome->code != 0 || outcome->body_size < 1000)
        bench_fail(outcome != NULL ? outcome->message : "no outcome");
    if (mode == SEARCH)
        bench_search(outcome->body, outcome->body_size, web);
    else if (mode == JSON)
        read_json(outcome, web);
    headcount_op_free(op);
}

static void run(headcount *h, long calls, enum mode mode, long pause)
{
    double *times = mode == TIMES ? calloc((size_t)calls + 1, sizeof *times)
                                  : NULL;
    struct bench_web web = { "", 0 };
    struct bench_time begun;

    if (mode == TIMES && times == NULL)
        bench_fail("no memory");
    call(h, mode, &web);
    begun = bench_now();
    for (long i = 0; i < calls; i++) {
        double from = 0;

        if (pause > 0)
            bench_pause(pause);
        if (mode == TIMES)
            from = bench_wall();
        call(h, mode, &web);
        if (mode == TIMES)
            times[i] = bench_wall() - from;
    }
    bench_tell(begun, calls);
    if (mode == TIMES)
        bench_tell_times(times, calls);
    if (mode == SEARCH || mode == JSON)
        bench_tell_web(&web);
    free(times);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        bench_fail("driver PORT CALLS CA.pem [MODE]");
    const char *word = argc > 4 ? argv[4] : "";
    long pause = strncmp(word, "pace=", 5) == 0 ? strtol(word + 5, NULL, 10)
                                                : 0;
    enum mode mode = strcmp(word, "search") == 0 ? SEARCH
                   : strcmp(word, "json") == 0 ? JSON
                   : strcmp(word, "times") == 0 || pause > 0 ? TIMES
                   : strcmp(word, "new") == 0 ? NEW : PLAIN;

    setenv("AWS_ACCESS_KEY_ID", BENCH_KEY_ID, 1);
    setenv("AWS_SECRET_ACCESS_KEY", BENCH_SECRET, 1);
    setenv("AWS_SESSION_TOKEN", BENCH_TOKEN, 1);
    unsetenv("AWS_PROFILE");
    headcount *h = open_handle(argv[1], argv[3]);
    struct headcount_stats stats;

    run(h, strtol(argv[2], NULL, 10), mode, pause);
    headcount_stats(h, &stats);
    if (mode != NEW && pause == 0 && stats.connections_opened != 1)
        bench_fail("more than one connection");
    headcount_free(h);
    return 0;
}
