/* net/conn - bytes through a socket pair. */
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "peers/tls_server.h"
#include "t.h"

struct ends {
    struct hc_system sys;
    struct hc_jobs jobs;
    struct hc_conn *conn;
    int other;
};

static void ends_open_as(struct ends *t, int type)
{
    struct hc_watch watch;
    int fd[2];

    CHECK(socketpair(AF_UNIX, type, 0, fd) == 0);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    hc_system_real(&t->sys);
    t->sys.alloc = *t_alloc();
    hc_jobs_init(&t->jobs);
    hc_watch_open(&t->jobs, &watch, fd[0], NULL);
    t->conn = hc_conn_new(&t->sys, &watch);
    CHECK(t->conn != NULL);
    t->conn->origin = (struct hc_origin){ .host = "a.test", .port = 80 };
    t->other = fd[1];
}

static void ends_open(struct ends *t)
{
    ends_open_as(t, SOCK_STREAM);
}

static void ends_close(struct ends *t)
{
    hc_conn_free(t->conn);
    close(t->other);
    CHECK_INT(t->jobs.watches_n, 0);
}

TEST(conn, receives_only_what_the_poll_told_of)
{
    struct ends t;
    struct hc_str in;

    ends_open(&t);
    CHECK(write(t.other, "hello", 5) == 5);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_WAIT);
    t.conn->watch.got = HC_WATCH_READ;
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_BYTES);
    CHECK_STR(in, "hello");
    CHECK_INT(t.conn->watch.got, 0);
    hc_conn_used(t.conn, 2);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_BYTES);
    CHECK_STR(in, "llo");
    CHECK(!hc_conn_is_quiet(t.conn));
    hc_conn_used(t.conn, 3);
    CHECK(hc_conn_is_quiet(t.conn));
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_WAIT);
    ends_close(&t);
}

TEST(conn, the_end_stays_the_end)
{
    struct ends t;
    struct hc_str in;

    ends_open(&t);
    shutdown(t.other, SHUT_WR);
    t.conn->watch.got = HC_WATCH_READ;
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_EOF);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_EOF);
    CHECK(!hc_conn_is_quiet(t.conn));
    ends_close(&t);
}

TEST(conn, a_full_socket_waits_for_both)
{
    static char big[4 << 20];
    struct ends t;
    struct hc_str out = hc_str_n(big, sizeof big);

    ends_open(&t);
    CHECK_INT(hc_conn_send(t.conn, &out, NULL), 0);
    CHECK(out.n > 0 && out.n < sizeof big);
    CHECK_INT(t.conn->watch.want, HC_WATCH_READ | HC_WATCH_WRITE);
    for (int i = 0; i < 1000 && out.n > 0; i++) {
        static char sink[1 << 20];

        CHECK(read(t.other, sink, sizeof sink) > 0);
        CHECK(hc_conn_send(t.conn, &out, NULL) >= 0);
    }
    CHECK_INT(out.n, 0);
    CHECK_INT(t.conn->watch.want, HC_WATCH_READ);
    ends_close(&t);
}

TEST(conn, a_broken_pipe_is_a_closed_connection)
{
    struct ends t;
    struct hc_str out = HC_STR("hello");
    struct headcount_error e = { 0 };

    ends_open(&t);
    close(t.other);
    CHECK_INT(hc_conn_send(t.conn, &out, &e), HEADCOUNT_ECLOSED);
    CHECK_INT(e.sys, EPIPE);
    CHECK(strstr(e.what, "a.test:80") != NULL);
    t.other = dup(0);
    ends_close(&t);
}

TEST(conn, what_the_peer_said_before_it_broke_off_is_read)
{
    struct ends t;
    struct hc_str out = HC_STR("hello"), in;

    ends_open(&t);
    CHECK(write(t.other, "refused", 7) == 7);
    close(t.other);
    CHECK_INT(hc_conn_send(t.conn, &out, NULL), HEADCOUNT_ECLOSED);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_BYTES);
    CHECK_STR(in, "refused");
    t.other = dup(0);
    ends_close(&t);
}

TEST(conn, an_end_that_another_attempt_may_not_meet_is_no_error_of_ours)
{
    static const struct {
        int err, code;
    } rows[] = {
        { ETIMEDOUT, HEADCOUNT_ETIMEDOUT },
        { EHOSTUNREACH, HEADCOUNT_ETIMEDOUT },
        { ENETUNREACH, HEADCOUNT_ETIMEDOUT },
        { ECONNRESET, HEADCOUNT_ECLOSED },
        { ECONNABORTED, HEADCOUNT_ECLOSED },
        { EPIPE, HEADCOUNT_ECLOSED },
        { EPROTO, HEADCOUNT_ETLS },
        { EFAULT, HEADCOUNT_EIO },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(hc_conn_code(-rows[i].err), rows[i].code);
}

TEST(conn, a_peer_that_always_has_more_lets_others_run)
{
    static const char flood[65536];
    struct hc_str in = { NULL, 0 };
    struct ends t;
    size_t n = 0;

    ends_open(&t);
    t.conn->watch.got = HC_WATCH_READ;
    do {
        while (write(t.other, flood, sizeof flood) > 0)
            continue;
        hc_conn_used(t.conn, in.n);
        n += in.n;
    } while (n < (4 << 20) && hc_conn_recv(t.conn, &in, NULL) == CONN_BYTES);
    CHECK(n < (1 << 20));
    CHECK_INT(t.conn->watch.got, 0);         /* the next poll tells of more */
    ends_close(&t);
}

static int ends_by_reset(const struct ends *t)
{
    struct linger linger = { .l_onoff = -1 };
    socklen_t n = sizeof linger;

    CHECK(getsockopt(t->conn->watch.fd, SOL_SOCKET, SO_LINGER, &linger, &n) ==
          0);
    return linger.l_onoff;
}

/* The option would be the parent's as well: the socket is one. */
TEST(conn, a_child_by_fork_does_not_reset_its_parents_connection)
{
    struct ends t;

    ends_open(&t);
    t.conn->pid++;                       /* another process opened it */
    hc_conn_give_up(t.conn);
    CHECK_INT(ends_by_reset(&t), 0);
    t.conn->pid--;
    hc_conn_give_up(t.conn);
    CHECK_INT(ends_by_reset(&t), 1);
    ends_close(&t);
}

/* ---- TLS: a packet for each call of send ---- */

static struct tls_server the_server;

/* All that the client sent goes to the server: how many packets. */
static int take_packets(struct ends *t)
{
    br_ssl_engine_context *eng = &the_server.ssl.eng;
    unsigned char packet[2048];
    int packets = 0;
    ssize_t n;

    for (; (n = read(t->other, packet, sizeof packet)) > 0; packets++)
        for (size_t at = 0, room; at < (size_t)n; at += room) {
            unsigned char *to = br_ssl_engine_recvrec_buf(eng, &room);

            CHECK(to != NULL);
            room = room < (size_t)n - at ? room : (size_t)n - at;
            memcpy(to, packet + at, room);
            br_ssl_engine_recvrec_ack(eng, room);
        }
    return packets;
}

/* And back, in packets that one call of recv takes whole. */
static void give_packets(struct ends *t)
{
    br_ssl_engine_context *eng = &the_server.ssl.eng;
    size_t n;
    const unsigned char *p;

    while ((p = br_ssl_engine_sendrec_buf(eng, &n)) != NULL) {
        n = n < HC_CONN_IN ? n : HC_CONN_IN;
        CHECK(write(t->other, p, n) == (ssize_t)n);
        br_ssl_engine_sendrec_ack(eng, n);
        t->conn->watch.got = HC_WATCH_READ;
        CHECK(hc_conn_handshake(t->conn, NULL) >= 0);
    }
}

TEST(conn, a_full_handshake_sends_twice)
{
    struct ends t;
    struct hc_anchors anchors;
    struct headcount_error e = { 0 };
    size_t n;
    char path[256];

    snprintf(path, sizeof path, "%s/ca.pem", t_certs());
    char *pem = t_file(path, &n);

    tls_server_init(&the_server, "ec");
    CHECK_INT(hc_anchors_load_pem(&anchors, t_alloc(), hc_str_n(pem, n), &e),
              0);
    ends_open_as(&t, SOCK_SEQPACKET);
    const struct hc_tls_config tls = {
        .anchors = &anchors, .host = HC_STR("ecs.test.internal"),
        .wall = hc_wall(&t.sys), .alloc = t_alloc()
    };

    CHECK_INT(hc_conn_start_tls(t.conn, &tls, &e), 0);
    CHECK_INT(hc_conn_handshake(t.conn, &e), 0);
    CHECK_INT(take_packets(&t), 1);
    give_packets(&t);
    CHECK_INT(take_packets(&t), 1);
    give_packets(&t);
    CHECK_INT(hc_tls_state(&t.conn->engine), TLS_OPEN);
    CHECK_INT(take_packets(&t), 0);
    ends_close(&t);
    hc_anchors_fini(&anchors);
}

/* In a handshake that resumes a session the client's flight is the last. */
TEST(conn, a_full_socket_below_the_last_flight_waits_for_both)
{
    static char big[1024];
    struct ends t;
    struct hc_anchors anchors;
    struct hc_tls_session session;
    struct hc_tls_config tls = {
        .anchors = &anchors, .host = HC_STR("ecs.test.internal"),
        .alloc = t_alloc()
    };
    size_t n, full = 0;
    char path[256];

    snprintf(path, sizeof path, "%s/ca.pem", t_certs());
    char *pem = t_file(path, &n);

    tls_server_init(&the_server, "ec");
    CHECK_INT(hc_anchors_load_pem(&anchors, t_alloc(), hc_str_n(pem, n), NULL),
              0);
    for (int i = 0; i < 2; i++) {
        ends_open_as(&t, SOCK_SEQPACKET);
        tls.wall = hc_wall(&t.sys);
        tls.session = i > 0 ? &session : NULL;
        CHECK_INT(hc_conn_start_tls(t.conn, &tls, NULL), 0);
        CHECK_INT(hc_conn_handshake(t.conn, NULL), 0);
        CHECK_INT(take_packets(&t), 1);
        while (i > 0 && write(t.conn->watch.fd, big, sizeof big) > 0)
            full++;
        give_packets(&t);
        if (i > 0)
            break;
        CHECK_INT(take_packets(&t), 1);
        give_packets(&t);
        CHECK(hc_tls_session_get(&t.conn->engine, &session));
        ends_close(&t);
        tls_server_start(&the_server);
    }
    CHECK_INT(hc_conn_handshake(t.conn, NULL), 0);
    CHECK_INT(t.conn->watch.want, HC_WATCH_READ | HC_WATCH_WRITE);
    while (full-- > 0)
        CHECK(read(t.other, big, sizeof big) == (ssize_t)sizeof big);
    CHECK_INT(hc_conn_handshake(t.conn, NULL), 1);
    CHECK(hc_tls_was_resumed(&t.conn->engine));
    CHECK_INT(take_packets(&t), 1);
    ends_close(&t);
    hc_anchors_fini(&anchors);
}

/* ---- without a poll ---- */

TEST(conn, the_answer_on_a_kept_connection_is_awaited)
{
    struct ends t;
    struct hc_str in;

    ends_open(&t);
    CHECK(t.conn->watch.await != NULL);
    CHECK(write(t.other, "hello", 5) == 5);
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    t.conn->kept = true;
    CHECK_INT(hc_loop_wait(&t.jobs, t_alloc(), HC_SECOND), 1);
    CHECK_INT(hc_sock_peek(t.conn->watch.fd), HC_SOCK_AGAIN);
    CHECK_INT(t.conn->watch.got, HC_WATCH_READ);
    CHECK(!hc_conn_is_quiet(t.conn));
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_BYTES);
    CHECK_STR(in, "hello");
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    hc_conn_used(t.conn, 5);
    CHECK(hc_conn_is_quiet(t.conn));
    ends_close(&t);
}

TEST(conn, what_does_not_come_soon_is_for_poll)
{
    struct ends t;
    struct hc_str in, out = HC_STR("a request");

    ends_open(&t);
    t.conn->kept = true;
    CHECK_INT(t.conn->watch.await(&t.conn->watch), -EAGAIN);
    CHECK(write(t.other, "hello", 5) == 5);
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_WAIT);
    CHECK_INT(hc_loop_wait(&t.jobs, t_alloc(), HC_SECOND), 1);
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_BYTES);
    hc_conn_used(t.conn, in.n);
    CHECK_INT(hc_conn_send(t.conn, &out, NULL), 1);
    CHECK(write(t.other, "again", 5) == 5);
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 1);
    ends_close(&t);
}

TEST(conn, an_end_that_is_awaited_is_one)
{
    struct ends t;
    struct hc_str in;

    ends_open(&t);
    t.conn->kept = true;
    close(t.other);
    t.other = -1;
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 1);
    t.conn->watch.got = HC_WATCH_READ;
    CHECK_INT(hc_conn_recv(t.conn, &in, NULL), CONN_EOF);
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    ends_close(&t);
}

/* While it is idle its bytes are nobody's answer. */
TEST(conn, an_idle_one_is_not_awaited)
{
    struct ends t;
    struct hc_link list;

    ends_open(&t);
    t.conn->kept = true;
    hc_list_init(&list);
    hc_list_put(&list, &t.conn->idle);
    CHECK(write(t.other, "x", 1) == 1);
    CHECK_INT(t.conn->watch.await(&t.conn->watch), 0);
    CHECK_INT(hc_sock_peek(t.conn->watch.fd), 1);
    hc_list_cut(&t.conn->idle);
    ends_close(&t);
}

TEST(conn, freeing_none_is_fine)
{
    hc_conn_free(NULL);
}

TEST(where, names_host_port_and_address)
{
    static const struct {
        const char *host;
        struct hc_addr addr;
        const char *want;
    } rows[] = {
        { "ecs.aws", { .family = 4, .ip = { 10, 1, 2, 3 } },
          "ecs.aws:443 (10.1.2.3)" },
        { "ecs.aws", { .family = 0 }, "ecs.aws:443" },
        { "10.1.2.3", { .family = 4, .ip = { 10, 1, 2, 3 } },
          "10.1.2.3:443" },
        { "::1", { .family = 6, .ip = { [15] = 1 } }, "[::1]:443" },
        { "ecs.aws", { .family = 6, .ip = { [15] = 1 } },
          "ecs.aws:443 (::1)" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_origin origin = { .tls = true, .port = 443 };
        char where[HC_CONN_WHERE];

        memcpy(origin.host, rows[i].host, strlen(rows[i].host) + 1);
        hc_conn_where(where, &origin, &rows[i].addr, NULL);
        CHECK_Z(where, rows[i].want);
    }
}
