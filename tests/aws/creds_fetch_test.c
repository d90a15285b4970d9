/* tests/aws/creds_fetch_test.c - one document of this host, by a few tries. */
#include "t.h"

#include <string.h>

#include "aws/creds_fetch.h"
#include "peers/aws_peer.h"

static struct aws_world w;

static struct {
    struct hc_job job;
    struct hc_creds_fetch fetch;
    enum hc_creds_fetch_answer answer;
    bool ended;
} me;

static void run(struct hc_job *job, int64_t now)
{
    (void)job;
    if (me.ended || me.fetch.config.net == NULL)
        return;
    me.answer = hc_creds_fetch_step(&me.fetch, now);
    me.ended = me.answer != CREDS_FETCH_WAIT;
}

static struct hc_creds_fetch_config plain(void)
{
    return (struct hc_creds_fetch_config){
        .net = &w.world.net, .job = &me.job,
        .origin = net_world_origin(&w.world), .method = HC_STR("GET"),
        .target = HC_STR("/a?b=c"), .tries = 3,
        .connect_timeout = HC_SECOND, .timeout = 2 * HC_SECOND,
        .pause = 5 * HC_SECOND,
    };
}

static void start(const char *const *answers)
{
    memset(&me, 0, sizeof me);
    aws_world_open(&w, NULL, answers);
    hc_job_init(&me.job, &w.world.net.jobs, run);
}

static void fetch(const struct hc_creds_fetch_config *config)
{
    hc_creds_fetch_start(&me.fetch, config, w.world.now);
    aws_world_until(&w, &me.ended);
}

static void end(void)
{
    hc_creds_fetch_fini(&me.fetch);
    hc_creds_fetch_fini(&me.fetch);
    hc_job_fini(&me.job);
    aws_world_close(&w);
}

/* The only DNS server is one where nobody listens. */
static void start_without_dns(struct hc_creds_fetch_config *config)
{
    struct hc_dns_files *files = &w.world.net.resolver.files;

    start(NULL);
    files->own_server = true;
    files->conf.servers_n = 1;
    CHECK(hc_dns_server_get(&files->conf.servers[0], HC_STR("127.0.0.1:1")));
    *config = plain();
    config->pause = HC_SECOND;
}

TEST(creds_fetch, each_try_asks_the_dns_servers_again)
{
    struct hc_creds_fetch_config config;

    start_without_dns(&config);
    hc_str_copy(config.origin.host, sizeof config.origin.host,
                HC_STR("nobody.test"));
    fetch(&config);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK_INT(me.fetch.error.code, HEADCOUNT_EDNSFAIL);
    CHECK_INT(w.world.net.stats.dns_lookups, 3);
    end();
}

TEST(creds_fetch, each_try_asks_for_the_proxy_again)
{
    static struct hc_proxy proxy = { .name = "http://nobody.test" };
    struct hc_creds_fetch_config config;

    start_without_dns(&config);
    config.proxy = &proxy;
    proxy.origin = (struct hc_origin){ .host = "nobody.test", .port = 3128 };
    fetch(&config);
    CHECK_INT(me.fetch.error.code, HEADCOUNT_EDNSFAIL);
    CHECK_INT(w.world.net.stats.dns_lookups, 3);
    end();
}

/* What the answer's date says of its clock, and whether that is believed. */
TEST(creds_fetch, the_time_is_theirs_where_ours_is_far_off)
{
    static const struct { const char *headers; int64_t known, skew; } rows[] = {
        { "", 0, 0 }, { "Date: Thu, 01 Jan 2026 00:03:59 GMT\r\n", 0, 0 },
        { "Date: Thu, 01 Jan 2026 00:10:00 GMT\r\n", 0, 600 },
        { "Date: Wed, 31 Dec 2025 22:00:00 GMT\r\n", 0, -7200 },
        { "Date: Wed, 31 Dec 2025 22:00:00 GMT\r\n", 60, 60 },
        { "Date: Wed, 31 Dec 2025 22:00:00 GMT\r\nAge: 1\r\n", 0, 0 },
        { "Date: some day\r\n", 0, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = { aws_answer(200, rows[i].headers, "{}"),
                                        NULL };
        struct hc_creds_fetch_config c;
        int64_t skew = rows[i].known * HC_SECOND;
        const int64_t wall = (int64_t)1767225600 * HC_SECOND;

        start(answers);
        w.world.wall = wall;
        c = plain();
        fetch(&c);
        CHECK_INT(hc_creds_fetch_wall(&me.fetch, &skew),
                  wall + rows[i].skew * HC_SECOND);
        CHECK_INT(skew, rows[i].skew * HC_SECOND);
        if (rows[i].known == 0)
            CHECK_INT(hc_creds_fetch_wall(&me.fetch, NULL),
                      wall + rows[i].skew * HC_SECOND);
        end();
    }
}

static void get(const char *const *answers)
{
    start(answers);
    const struct hc_creds_fetch_config config = plain();

    fetch(&config);
}

TEST(creds_fetch, brings_any_answer_that_is_not_tried_again)
{
    static const char line[] =
        "GET /a?b=c HTTP/1.1\r\nHost: ecs.test.internal:";
    const char *const answers[] = { aws_answer(404, "", "none"), NULL };

    get(answers);
    CHECK_INT(me.answer, CREDS_FETCH_DONE);
    CHECK_INT(me.fetch.status, 404);
    CHECK_STR(hc_buf_view(&me.fetch.body), "none");
    CHECK(me.fetch.body.secret);
    CHECK_INT(w.script.requests, 1);
    CHECK(strncmp(w.script.request[0], line, sizeof line - 1) == 0);
    CHECK_Z(aws_world_header(&w, 0, "Authorization"), "");
    end();
}

TEST(creds_fetch, a_body_goes_with_post)
{
    const char *const answers[] = { aws_answer(200, "", "token"), NULL };

    start(answers);
    struct hc_creds_fetch_config c = plain();

    c.method = HC_STR("POST");
    c.type = HC_STR("application/json");
    c.body = HC_STR("{\"a\":1}");
    fetch(&c);
    CHECK_INT(me.answer, CREDS_FETCH_DONE);
    CHECK_Z(aws_world_header(&w, 0, "Content-Type"), "application/json");
    CHECK_Z(aws_world_header(&w, 0, "Content-Length"), "7");
    CHECK(strstr(w.script.request[0], "\r\n\r\n{\"a\":1}") != NULL);
    end();
}

TEST(creds_fetch, a_header_goes_with_it_and_no_body_with_put)
{
    const char *const answers[] = { aws_answer(200, "", "token"), NULL };

    start(answers);
    struct hc_creds_fetch_config config = plain();

    config.method = HC_STR("PUT");
    config.header = HC_STR("X-Token");
    config.value = HC_STR("a b");
    fetch(&config);
    CHECK_INT(me.fetch.status, 200);
    CHECK_Z(aws_world_header(&w, 0, "X-Token"), "a b");
    CHECK_Z(aws_world_header(&w, 0, "Content-Length"), "0");
    end();
}

TEST(creds_fetch, a_header_that_cannot_stand_there_is_not_sent)
{
    start(NULL);
    struct hc_creds_fetch_config config = plain();

    config.header = HC_STR("X-Token");
    config.value = HC_STR("hush\r\nevil: yes");
    fetch(&config);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK(strstr(me.fetch.error.what, "X-Token") != NULL);
    CHECK(strstr(me.fetch.error.what, "hush") == NULL);
    CHECK_INT(w.script.requests, 0);
    end();
}

TEST(creds_fetch, what_passes_is_tried_again_after_a_pause)
{
    const char *const answers[] = { aws_answer(500, "", "ill"),
                                    aws_answer(429, "", "busy"),
                                    aws_answer(200, "", "well"), NULL };
    int64_t before;

    start(answers);
    before = w.world.now;
    const struct hc_creds_fetch_config config = plain();

    fetch(&config);
    CHECK_INT(me.fetch.status, 200);
    CHECK_STR(hc_buf_view(&me.fetch.body), "well");
    CHECK_INT(me.fetch.tried, 3);
    CHECK(w.world.now - before >= 10 * HC_SECOND);
    end();
}

TEST(creds_fetch, the_last_answer_counts_when_there_is_no_more_try)
{
    const char *const answers[] = { AWS_PEER_CLOSE, aws_answer(500, "", ""),
                                    aws_answer(503, "", ""), NULL };

    get(answers);
    CHECK_INT(me.answer, CREDS_FETCH_DONE);
    CHECK_INT(me.fetch.status, 503);
    CHECK_INT(w.script.requests, 3);
    end();
}

TEST(creds_fetch, nobody_is_waited_for_longer_than_was_said)
{
    const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                    AWS_PEER_SILENT, NULL };
    int64_t before;

    start(answers);
    before = w.world.now;
    const struct hc_creds_fetch_config config = plain();

    fetch(&config);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK_INT(me.fetch.tried, 3);
    CHECK_INT(w.world.now - before, (3 * 2 + 2 * 5) * HC_SECOND);
    end();
}

TEST(creds_fetch, after_a_silent_kept_connection_a_try_has_a_new_one)
{
    const char *const answers[] = { AWS_PEER_SILENT,
                                    aws_answer(200, "", "{}"), NULL };

    start(answers);
    const struct hc_origin origin = net_world_origin(&w.world);

    net_world_keep(&w.world, &origin, 3);
    const struct hc_creds_fetch_config config = plain();

    hc_creds_fetch_start(&me.fetch, &config, w.world.now);
    for (int i = 0; i < 5000 && w.script.requests == 0; i++)
        aws_world_round(&w);
    net_world_pass(&w.world, 2 * HC_SECOND);
    net_world_keep(&w.world, &origin, 1);     /* another fetch's, new */
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.answer, CREDS_FETCH_DONE);
    CHECK_INT(w.world.peer.n, 5);
    CHECK_INT(w.world.net.stats.connections_purged, 2);
    end();
}

/* All connections are in use: that says nothing about the service. */
TEST(creds_fetch, the_line_for_a_connection_is_not_counted_as_its_silence)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    struct hc_pool_waiter busy;

    start(answers);
    w.world.net.config.per_host = 1;
    const struct hc_origin origin = net_world_origin(&w.world);
    const struct hc_pool_ask ask = { .origin = &origin, .job = &me.job };

    hc_pool_ask(&w.world.net.pool, &busy, &ask, w.world.now);
    for (int i = 0; i < 5000 && busy.conn == NULL; i++)
        aws_world_round(&w);
    CHECK(busy.conn != NULL);
    const struct hc_creds_fetch_config config = plain();

    hc_creds_fetch_start(&me.fetch, &config, w.world.now);
    hc_job_wake(&me.job);
    for (int i = 0; i < 9; i++)
        net_world_pass(&w.world, HC_SECOND);
    CHECK(!me.ended);
    CHECK_INT(me.fetch.tried, 1);
    hc_pool_give(&w.world.net.pool, &busy, true, w.world.now);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.answer, CREDS_FETCH_DONE);
    CHECK_INT(me.fetch.tried, 1);
    end();
}

TEST(creds_fetch, a_port_that_refuses_is_tried_as_often)
{
    start(NULL);
    net_peer_refuse(&w.world.peer);
    const struct hc_creds_fetch_config config = plain();

    fetch(&config);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK_INT(me.fetch.error.code, HEADCOUNT_ECONNECT);
    CHECK_INT(me.fetch.tried, 3);
    end();
}

TEST(creds_fetch, an_answer_without_an_end_is_not_read)
{
    const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n", NULL };

    get(answers);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK_INT(me.fetch.error.code, HEADCOUNT_ELIMIT);
    CHECK_INT(w.script.requests, 1);
    end();
}

/* What comes without a head may be the credentials themselves. */
TEST(creds_fetch, an_answer_that_is_no_http_is_not_shown)
{
    const char *const answers[] = {
        "{\"SecretAccessKey\":\"hush\"}\r\n\r\n", "hush\r\n\r\n",
        "{\"Token\":\"hush\"}\r\n\r\n", NULL };

    get(answers);
    CHECK_INT(me.answer, CREDS_FETCH_FAILED);
    CHECK_INT(me.fetch.error.code, HEADCOUNT_EPROTOCOL);
    CHECK(strstr(me.fetch.error.what, "no HTTP/1.1") != NULL);
    CHECK(strstr(me.fetch.error.what, "hush") == NULL);
    end();
}

TEST(creds_fetch, what_ends_half_way_leaves_nothing)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };

    start(answers);
    const struct hc_creds_fetch_config config = plain();

    hc_creds_fetch_start(&me.fetch, &config, w.world.now);
    for (int i = 0; i < 50; i++)
        aws_world_round(&w);
    CHECK(!me.ended);
    CHECK_INT(w.script.requests, 1);
    end();
}

static int get_one(void)
{
    const char *const answers[] = { aws_answer(200, "", "well"), NULL };

    memset(&me, 0, sizeof me);
    memset(&w, 0, sizeof w);
    w.script.answers = answers;
    net_world_open(&w.world, NULL, NULL);
    hc_job_init(&me.job, &w.world.net.jobs, run);
    struct hc_creds_fetch_config config = plain();

    config.header = HC_STR("X-Token");
    config.value = HC_STR("token");
    fetch(&config);
    int err = me.answer == CREDS_FETCH_DONE ? 0 : me.fetch.error.code;

    end();
    return err;
}

TEST(creds_fetch, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_one);
}
