/* peers/net_peer.c - see net_peer.h. */
#include "peers/net_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "net/loop.h"

/* ---- the server ---- */

void net_peer_open(struct net_peer *p, const char *certificate)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof name;

    p->certificate = certificate;
    p->conns = calloc(NET_PEER_CONNS, sizeof *p->conns);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(p->conns != NULL && p->listener >= 0);
    CHECK(bind(p->listener, (struct sockaddr *)&name, n) == 0);
    CHECK(listen(p->listener, 64) == 0);
    CHECK(getsockname(p->listener, (struct sockaddr *)&name, &n) == 0);
    p->port = ntohs(name.sin_port);
    br_ssl_session_cache_lru_init(&p->cache, p->cache_store,
                                  sizeof p->cache_store);
}

static void peer_drop(struct net_peer_conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void net_peer_close(struct net_peer *p)
{
    for (size_t i = 0; i < p->n; i++) {
        peer_drop(&p->conns[i]);
        free(p->conns[i].tls);
    }
    net_peer_refuse(p);
    free(p->conns);
}

void net_peer_refuse(struct net_peer *p)
{
    if (p->listener >= 0)
        close(p->listener);
    p->listener = -1;
}

static void peer_accept(struct net_peer *p)
{
    int fd;

    while (p->listener >= 0 && p->n < NET_PEER_CONNS &&
           (fd = accept(p->listener, NULL, NULL)) >= 0) {
        struct net_peer_conn *c = &p->conns[p->n++];

        fcntl(fd, F_SETFL, O_NONBLOCK);
        c->fd = fd;
        if (p->certificate == NULL)
            continue;
        c->tls = calloc(1, sizeof *c->tls);
        CHECK(c->tls != NULL);
        tls_server_init(c->tls, p->certificate);
        br_ssl_server_set_cache(&c->tls->ssl, &p->cache.vtable);
        tls_server_start(c->tls);
    }
}

static void peer_send(struct net_peer_conn *c, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (c->fd >= 0 && n > 0) {
        ssize_t sent = send(c->fd, at, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

static void peer_tls_flush(struct net_peer_conn *c)
{
    size_t n;
    unsigned char *p;

    while ((p = br_ssl_engine_sendrec_buf(&c->tls->ssl.eng, &n)) != NULL) {
        peer_send(c, p, n);
        br_ssl_engine_sendrec_ack(&c->tls->ssl.eng, n);
    }
}

static void peer_keep(struct net_peer_conn *c, const void *p, size_t n)
{
    if (n > NET_PEER_GOT - c->got_n)
        n = NET_PEER_GOT - c->got_n;
    memcpy(c->got + c->got_n, p, n);
    c->got_n += n;
}

static void peer_tls_feed(struct net_peer_conn *c, const unsigned char *raw,
                          size_t n)
{
    br_ssl_engine_context *eng = &c->tls->ssl.eng;

    while (n > 0) {
        size_t room, got;
        unsigned char *in = br_ssl_engine_recvrec_buf(eng, &room);

        if (in == NULL)
            break;
        room = room < n ? room : n;
        memcpy(in, raw, room);
        br_ssl_engine_recvrec_ack(eng, room);
        raw += room;
        n -= room;
        unsigned char *plain = br_ssl_engine_recvapp_buf(eng, &got);

        if (plain != NULL && got > 0) {
            peer_keep(c, plain, got);
            br_ssl_engine_recvapp_ack(eng, got);
        }
        peer_tls_flush(c);
    }
    c->clean = br_ssl_engine_current_state(eng) == BR_SSL_CLOSED &&
               br_ssl_engine_last_error(eng) == BR_ERR_OK;
}

static void peer_read(struct net_peer_conn *c)
{
    unsigned char raw[16384];

    while (c->fd >= 0 && !c->ended) {
        ssize_t n = recv(c->fd, raw, sizeof raw, 0);

        if (n < 0 && errno == EAGAIN)
            return;
        c->ended = n <= 0;
        if (c->ended)
            return;
        c->flights++;
        if (c->tls != NULL)
            peer_tls_feed(c, raw, (size_t)n);
        else
            peer_keep(c, raw, (size_t)n);
    }
}

void net_peer_pump(struct net_peer *p)
{
    peer_accept(p);
    for (size_t i = 0; i < p->n; i++) {
        peer_read(&p->conns[i]);
        if (p->conns[i].tls != NULL)
            peer_tls_flush(&p->conns[i]);
    }
}

void net_peer_say_n(struct net_peer *p, size_t conn, const void *bytes,
                    size_t n)
{
    struct net_peer_conn *c = &p->conns[conn];
    const unsigned char *at = bytes;

    CHECK(conn < p->n);
    if (c->tls == NULL) {
        peer_send(c, bytes, n);
        return;
    }
    while (n > 0) {
        size_t room;
        unsigned char *out = br_ssl_engine_sendapp_buf(&c->tls->ssl.eng, &room);

        CHECK(out != NULL);
        room = room < n ? room : n;
        memcpy(out, at, room);
        br_ssl_engine_sendapp_ack(&c->tls->ssl.eng, room);
        br_ssl_engine_flush(&c->tls->ssl.eng, 0);
        peer_tls_flush(c);
        at += room;
        n -= room;
    }
}

void net_peer_say(struct net_peer *p, size_t conn, const char *text)
{
    net_peer_say_n(p, conn, text, strlen(text));
}

void net_peer_hang_up(struct net_peer *p, size_t conn)
{
    peer_drop(&p->conns[conn]);
}

void net_peer_say_goodbye(struct net_peer *p, size_t conn)
{
    struct net_peer_conn *c = &p->conns[conn];

    br_ssl_engine_close(&c->tls->ssl.eng);
    peer_tls_flush(c);
    shutdown(c->fd, SHUT_WR);
}

void net_peer_reset(struct net_peer *p, size_t conn)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(p->conns[conn].fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_drop(&p->conns[conn]);
}

int net_peer_dead_socket(void)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof name;
    int soon = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    int first = socket(AF_INET, SOCK_STREAM, 0);
    int dead = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd p = { .fd = dead, .events = POLLIN };

    CHECK(bind(listener, (struct sockaddr *)&name, n) == 0);
    CHECK(listen(listener, 0) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&name, &n) == 0);
    CHECK(connect(first, (struct sockaddr *)&name, n) == 0);
    CHECK(setsockopt(dead, IPPROTO_TCP, TCP_USER_TIMEOUT, &soon,
                     sizeof soon) == 0);
    connect(dead, (struct sockaddr *)&name, n);
    CHECK_INT(poll(&p, 1, 20000), 1);
    close(first);
    close(listener);
    return dead;
}

/* ---- the world ---- */

static int64_t world_now(void *ud)
{
    return ((struct net_world *)ud)->now;
}

static int64_t world_wall(void *ud)
{
    return ((struct net_world *)ud)->wall;
}

static int world_random(void *ud, void *p, size_t n)
{
    static unsigned char turn;
    unsigned char *at = p;

    if (((struct net_world *)ud)->no_random)
        return HEADCOUNT_EIO;
    for (size_t i = 0; i < n; i++)
        at[i] = ++turn;
    return 0;
}

static const char *world_getenv(void *ud, const char *name)
{
    const struct net_world *w = ud;
    size_t n = strlen(name);

    for (const char *const *at = w->env; at != NULL && *at != NULL; at++)
        if (strncmp(*at, name, n) == 0 && (*at)[n] == '=')
            return *at + n + 1;
    return NULL;
}

static int world_read_file(void *ud, const char *path, struct hc_buf *out,
                           struct headcount_error *e)
{
    const struct net_world *w = ud;
    const char *text = NULL;

    for (const char *const *at = w->files; at != NULL && *at != NULL; at += 2)
        if (strcmp(at[0], path) == 0)
            text = at[1];
    if (text != NULL)
        ;                                /* it is one of the test's own      */
    else if (strcmp(path, "/etc/hosts") == 0)
        text = w->hosts;
    else if (strcmp(path, "/etc/resolv.conf") == 0)
        text = w->resolv_conf;
    else if (w->files == NULL)
        text = t_file(path, NULL);
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s cannot be opened",
                            path);
    hc_buf_text(out, text);
    return hc_buf_error(out);
}

static bool no_ipv6(void)
{
    return false;
}

static void world_trust(struct net_world *w)
{
    char path[256];
    struct headcount_error e = { 0 };
    size_t n;

    hc_fmt(path, sizeof path, "%s/ca.pem", t_certs());
    char *text = t_file(path, &n);

    if (hc_anchors_load_pem(&w->anchors, t_alloc(), hc_str_n(text, n), &e) < 0)
        fail_msg("%s", e.what);
}

void net_world_open(struct net_world *w, const struct hc_net_config *config,
                    const char *certificate)
{
    const struct hc_log quiet = { .level = HEADCOUNT_LOG_ERROR };
    const struct hc_net_config none = { .tcp_keepalive = true };
    struct headcount_error e = { 0 };

    w->now = 1000 * HC_SECOND;
    w->wall = (int64_t)time(NULL) * HC_SECOND;
    if (w->hosts == NULL)
        w->hosts = "127.0.0.1 ecs.test.internal\n";
    if (certificate != NULL)
        world_trust(w);
    w->sys = (struct hc_system){
        .alloc = *t_alloc(), .now = world_now, .wall = world_wall,
        .random = world_random, .getenv = world_getenv,
        .read_file = world_read_file, .ud = w,
    };
    net_peer_open(&w->peer, certificate);
    CHECK_INT(hc_net_init(&w->net, &w->sys, &quiet,
                          config != NULL ? config : &none, &e), 0);
    w->net.resolver.has_ipv6_route = no_ipv6;
}

void net_world_close(struct net_world *w)
{
    hc_net_fini(&w->net);
    net_peer_close(&w->peer);
    hc_anchors_fini(&w->anchors);
}

/* False: there was nothing for the client to do. */
static bool world_moves(struct net_world *w)
{
    struct hc_want wants[HC_LOOP_MAX];
    int64_t deadline;

    net_peer_pump(&w->peer);
    size_t n = hc_jobs_wants(&w->net.jobs, wants, HC_LOOP_MAX, &deadline);
    bool due = deadline <= w->now;
    int ready = hc_loop_poll(wants, n, due || t_is_doomed() ? 0 : HC_MS);

    hc_jobs_step(&w->net.jobs, w->now, wants, n);
    return due || ready > 0;
}

void net_world_round(struct net_world *w)
{
    world_moves(w);
}

void net_world_until(struct net_world *w, const bool *flag)
{
    for (int i = 0; i < 5000 && !*flag; i++)
        net_world_round(w);
    CHECK(*flag);
}

void net_world_settle(struct net_world *w)
{
    int quiet = 0;

    for (int i = 0; i < 200 && quiet < 3; i++)
        quiet = world_moves(w) ? 0 : quiet + 1;
}

void net_world_pass(struct net_world *w, int64_t us)
{
    w->now += us;
    w->wall += us;
    net_world_round(w);
}

struct hc_origin net_world_origin(const struct net_world *w)
{
    return (struct hc_origin){ .tls = w->peer.certificate != NULL,
                               .host = "ecs.test.internal",
                               .port = w->peer.port };
}

static void keep_run(struct hc_job *job, int64_t now)
{
    (void)job;
    (void)now;
}

void net_world_keep(struct net_world *w, const struct hc_origin *origin,
                    size_t n)
{
    struct hc_pool_waiter waiters[NET_PEER_CONNS];
    struct hc_job job;
    const struct hc_pool_ask ask = {
        .origin = origin, .job = &job, .fresh = true,
        .anchors = origin->tls ? &w->anchors : NULL,
    };

    memset(waiters, 0, sizeof waiters);
    CHECK(n <= NET_PEER_CONNS);
    hc_job_init(&job, &w->net.jobs, keep_run);
    for (size_t i = 0; i < n; i++)
        hc_pool_ask(&w->net.pool, &waiters[i], &ask, w->now);
    for (size_t i = 0; i < n; i++) {
        for (int rounds = 0; rounds < 5000 && waiters[i].conn == NULL; rounds++)
            net_world_round(w);
        CHECK(waiters[i].conn != NULL);
    }
    for (size_t i = 0; i < n; i++) {
        hc_pool_give(&w->net.pool, &waiters[i], true, w->now);
        hc_pool_waiter_drop(&w->net.pool, &waiters[i], w->now);
    }
    hc_job_fini(&job);
    net_world_settle(w);
}
