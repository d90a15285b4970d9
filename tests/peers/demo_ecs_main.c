/* peers/demo_ecs_main.c - `demo_ecs FOLDER`: the ECS of the demo over TLS, and
 * the one DNS server that knows its name.
 *
 * FOLDER/ca.pem is the root of its certificate, and FOLDER/env tells a shell
 * where both listen.  It ends with SIGTERM, or with the process that started
 * it.  Its keys are known to everybody, which does no harm: only the demo
 * trusts the root.
 */
#include <arpa/inet.h>
#include <bearssl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peers/demo_ecs.h"
#include "peers/dns_peer.h"
#include "peers/x509_maker.h"

#define NAME "ecs.eu-west-1.amazonaws.com"
#define ROOT_KEY 1                       /* of x509_maker.h                  */
#define LEAF_KEY 2
#define GUESTS 8
#define REQUEST_MAX 65536
#define WAIT 5                           /* ms until an answer               */

struct guest {
    int fd;                              /* -1: the place is free            */
    br_ssl_server_context tls;
    unsigned char records[BR_SSL_BUFSIZE_BIDI];
    char request[REQUEST_MAX];
    size_t n;
    struct hc_buf answer;
    size_t sent;
    int64_t due;                         /* ms; the answer waits until then  */
};

struct server {
    struct demo_ecs ecs;
    unsigned requests;                   /* that were answered               */
    struct dns_peer dns;
    int listener;
    uint16_t port;
    unsigned char secret[32];
    struct hc_buf leaf;                  /* DER                              */
    br_ec_private_key key;
    br_x509_certificate chain;
    br_ssl_session_cache_lru cache;
    unsigned char cache_store[4096];
    struct guest guests[GUESTS];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "demo_ecs: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct hc_buf fresh(void)
{
    struct hc_buf b;

    hc_buf_init(&b, &hc_alloc_libc, (size_t)1 << 20);
    return b;
}

/* ---- the certificate ---- */

static void write_file(const char *folder, const char *name,
                       struct hc_str text)
{
    char path[4096], whole[4096];

    snprintf(path, sizeof path, "%s/%s.new", folder, name);
    snprintf(whole, sizeof whole, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");

    must(f != NULL, path);
    must(fwrite(text.p, 1, text.n, f) == text.n, path);
    must(fclose(f) == 0 && rename(path, whole) == 0, path);
}

static void make_certificates(struct server *s, const char *folder)
{
    struct hc_buf ca = fresh(), leaf = fresh(), root = fresh(), pem = fresh();
    struct x509_spec spec = { .subject = "demo root", .issuer = "demo root",
                              .key = ROOT_KEY, .signer = ROOT_KEY };

    x509_ext_ca(&ca);
    spec.extensions = hc_buf_view(&ca);
    x509_make(&root, &spec);
    x509_pem(&pem, hc_buf_view(&root));
    write_file(folder, "ca.pem", hc_buf_view(&pem));
    x509_ext_san(&leaf, X509_DNS, HC_STR(NAME));
    x509_ext_usage(&leaf, X509_SERVER_AUTH, 8);
    spec = (struct x509_spec){ .subject = NAME, .issuer = "demo root",
                               .key = LEAF_KEY, .signer = ROOT_KEY,
                               .extensions = hc_buf_view(&leaf) };
    s->leaf = fresh();
    x509_make(&s->leaf, &spec);
    must(hc_buf_error(&s->leaf) == 0 && hc_buf_error(&pem) == 0,
         "no certificate");
    s->chain = (br_x509_certificate){ (unsigned char *)s->leaf.p, s->leaf.n };
    memset(s->secret, LEAF_KEY, sizeof s->secret);
    s->key = (br_ec_private_key){ BR_EC_secp256r1, s->secret,
                                  sizeof s->secret };
    hc_buf_fini(&ca);
    hc_buf_fini(&leaf);
    hc_buf_fini(&root);
    hc_buf_fini(&pem);
}

/* ---- requests ---- */

/* The value of a header, up to the end of its line; "" if there is none. */
static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);

    while ((head = strstr(head, "\r\n")) != NULL && head[2] != '\r') {
        head += 2;
        if (strncasecmp(head, name, n) == 0 && head[n] == ':')
            return head + n + 1 + strspn(head + n + 1, " ");
    }
    return "";
}

static void answer(struct server *s, struct guest *g, const char *body)
{
    const char *target = header(g->request, "x-amz-target");
    struct hc_buf json = fresh();
    char operation[64] = "";
    int status = 400;

    target += strcspn(target, ".\r");
    if (*target == '.')
        snprintf(operation, sizeof operation, "%.*s",
                 (int)strcspn(target + 1, "\r"), target + 1);
    if (strncmp(header(g->request, "authorization"), "AWS4-HMAC-SHA256 ",
                17) == 0)
        status = demo_ecs_answer(&s->ecs, operation, body, &json);
    else
        hc_buf_lit(&json, "{\"__type\":\"MissingAuthenticationToken\"}");
    hc_buf_fmt(&g->answer, "HTTP/1.1 %d %s\r\n"
               "x-amzn-RequestId: 5a1f7c2e-0b7d-4f59-9d3a-%012u\r\n"
               "Content-Type: application/x-amz-json-1.1\r\n"
               "Content-Length: %zu\r\n\r\n", status,
               status == 200 ? "OK" : "Bad Request", ++s->requests, json.n);
    hc_buf_str(&g->answer, hc_buf_view(&json));
    hc_buf_fini(&json);
    g->due = now_ms() + WAIT;
}

/* Answers the request when it is whole. */
static void look_at_request(struct server *s, struct guest *g)
{
    g->request[g->n] = '\0';
    char *end = strstr(g->request, "\r\n\r\n");

    if (end == NULL || g->answer.n > 0)
        return;
    size_t whole = (size_t)(end + 4 - g->request) +
                   strtoul(header(g->request, "content-length"), NULL, 10);

    if (g->n < whole)
        return;
    answer(s, g, end + 4);
    g->n = 0;                            /* nobody asks before the answer    */
}

/* ---- connections ---- */

static void part(struct guest *g)
{
    close(g->fd);
    hc_buf_fini(&g->answer);
    g->fd = -1;
}

static void greet(struct server *s)
{
    static const int on = 1;
    struct guest *g = s->guests;
    int fd = accept(s->listener, NULL, NULL);

    if (fd < 0)
        return;
    while (g < s->guests + GUESTS && g->fd >= 0)
        g++;
    if (g == s->guests + GUESTS) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    g->fd = fd;
    g->n = g->sent = 0;
    g->answer = fresh();
    br_ssl_server_init_full_ec(&g->tls, &s->chain, 1, BR_KEYTYPE_EC, &s->key);
    br_ssl_engine_set_buffer(&g->tls.eng, g->records, sizeof g->records, 1);
    br_ssl_server_set_cache(&g->tls, &s->cache.vtable);
    if (br_ssl_server_reset(&g->tls) != 1)
        part(g);
}

static ssize_t send_record(struct guest *g)
{
    size_t n;
    unsigned char *p = br_ssl_engine_sendrec_buf(&g->tls.eng, &n);
    ssize_t sent = send(g->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent > 0)
        br_ssl_engine_sendrec_ack(&g->tls.eng, (size_t)sent);
    return sent;
}

static ssize_t receive_record(struct guest *g)
{
    size_t n;
    unsigned char *p = br_ssl_engine_recvrec_buf(&g->tls.eng, &n);
    ssize_t got = recv(g->fd, p, n, MSG_DONTWAIT);

    if (got > 0)
        br_ssl_engine_recvrec_ack(&g->tls.eng, (size_t)got);
    return got;
}

static void take_bytes(struct server *s, struct guest *g)
{
    size_t n;
    unsigned char *p = br_ssl_engine_recvapp_buf(&g->tls.eng, &n);

    n = n < REQUEST_MAX - 1 - g->n ? n : REQUEST_MAX - 1 - g->n;
    memcpy(g->request + g->n, p, n);
    g->n += n;
    br_ssl_engine_recvapp_ack(&g->tls.eng, n);
    look_at_request(s, g);
}

static void give_bytes(struct guest *g)
{
    size_t n, left = g->answer.n - g->sent;
    unsigned char *p = br_ssl_engine_sendapp_buf(&g->tls.eng, &n);

    n = n < left ? n : left;
    memcpy(p, g->answer.p + g->sent, n);
    br_ssl_engine_sendapp_ack(&g->tls.eng, n);
    br_ssl_engine_flush(&g->tls.eng, 0);
    g->sent += n;
    if (n == left) {
        hc_buf_reset(&g->answer);
        g->sent = 0;
    }
}

static bool is_due(const struct guest *g)
{
    return g->answer.n > 0 && g->due <= now_ms();
}

/* Does what can be done without waiting.  A request that is larger than the
 * room for it ends the connection. */
static void serve(struct server *s, struct guest *g)
{
    ssize_t moved = 1;

    while (moved > 0 && g->fd >= 0) {
        unsigned state = br_ssl_engine_current_state(&g->tls.eng);

        errno = EAGAIN;
        moved = -1;
        if (state & BR_SSL_CLOSED || g->n == REQUEST_MAX - 1) {
            part(g);
        } else if (state & BR_SSL_SENDREC) {
            moved = send_record(g);
        } else if (state & BR_SSL_RECVAPP) {
            take_bytes(s, g);
            moved = 1;
        } else if (state & BR_SSL_SENDAPP && is_due(g)) {
            give_bytes(g);
            moved = 1;
        } else if (state & BR_SSL_RECVREC) {
            moved = receive_record(g);
        }
        if (g->fd >= 0 && (moved == 0 || (moved < 0 && errno != EAGAIN)))
            part(g);
    }
}

static short events_of(const struct guest *g)
{
    unsigned state = br_ssl_engine_current_state(&g->tls.eng);

    return (short)((state & BR_SSL_SENDREC ? POLLOUT : 0) |
                   (state & BR_SSL_RECVREC ? POLLIN : 0));
}

/* Waits for something to do, at most a second: the parent may have gone. */
static void turn(struct server *s)
{
    struct pollfd fds[GUESTS + 3] = {
        { .fd = s->listener, .events = POLLIN },
        { .fd = s->dns.udp, .events = POLLIN },
        { .fd = s->dns.conn >= 0 ? s->dns.conn : s->dns.listener,
          .events = POLLIN }
    };
    int64_t now = now_ms(), wait = 1000;

    for (int i = 0; i < GUESTS; i++) {
        struct guest *g = &s->guests[i];

        fds[i + 3] = (struct pollfd){ .fd = g->fd };
        if (g->fd < 0)
            continue;
        fds[i + 3].events = events_of(g);
        if (g->answer.n > 0 && g->sent == 0 && g->due - now < wait)
            wait = g->due > now ? g->due - now : 0;
    }
    poll(fds, GUESTS + 3, (int)wait);
    dns_peer_serve(&s->dns);
    greet(s);
    for (int i = 0; i < GUESTS; i++)
        serve(s, &s->guests[i]);
}

/* ---- the servers ---- */

static bool answer_dns(struct dns_peer *peer, const struct dns_asked *asked,
                       struct dns_text *reply)
{
    bool known = strcasecmp(asked->name, NAME) == 0;

    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n,
                 known ? 0x8180 : 0x8183);
    if (known && asked->type == 1)
        dns_put_a(reply, NULL, 60, "127.0.0.1");
    else
        dns_put_soa(reply, NULL, 60, 60);
    return true;
}

static void open_listener(struct server *s)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    socklen_t n = sizeof name;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    must(s->listener >= 0, "socket");
    must(bind(s->listener, (struct sockaddr *)&name, n) == 0, "bind");
    must(listen(s->listener, GUESTS) == 0, "listen");
    must(getsockname(s->listener, (struct sockaddr *)&name, &n) == 0, "port");
    s->port = ntohs(name.sin_port);
}

int main(int argc, char **argv)
{
    static struct server s = { .ecs = { .desired = 1 } };
    pid_t parent = getppid();
    char env[256];

    if (argc != 2) {
        fputs("usage: demo_ecs FOLDER\n", stderr);
        return 2;
    }
    for (int i = 0; i < GUESTS; i++)
        s.guests[i].fd = -1;
    br_ssl_session_cache_lru_init(&s.cache, s.cache_store,
                                  sizeof s.cache_store);
    make_certificates(&s, argv[1]);
    s.dns.answer = answer_dns;
    dns_peer_open(&s.dns);
    open_listener(&s);
    snprintf(env, sizeof env, "AWS_ENDPOINT_URL=https://" NAME ":%u\n"
             "HEADCOUNT_DNS_SERVER=127.0.0.1:%u\n", s.port, s.dns.port);
    write_file(argv[1], "env", hc_str(env));
    while (getppid() == parent)
        turn(&s);
    return 0;
}
