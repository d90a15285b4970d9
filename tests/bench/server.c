/* bench/server.c - a stand-in for ECS on loopback: TLS by BearSSL or plain,
 * one thread, answers made once.
 *
 *   server [CHAIN.pem KEY.pem [FILE]]
 *
 * Prints its port; on SIGTERM prints what it counted:
 *   CONNECTIONS HANDSHAKES REQUESTS WRITES
 * and writes into FILE, for each TLS connection, the cipher suite that both
 * sides chose and the last request:
 *   SUITE BYTES\n REQUEST \n
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bearssl.h>

#include "bench.h"

#define CONNS 32
#define IN 65536

struct conn {
    int fd;
    br_ssl_server_context tls;
    unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
    bool open;                       /* the handshake is over */
    char in[IN];
    size_t in_n;
    size_t number;                   /* of the connection, from 0 */
};

/* The last request of each of the first connections. */
static struct { unsigned suite; char text[4096]; size_t n; } lasts[CONNS];

static struct conn conns[CONNS];
static struct { long connections, handshakes, requests, writes; } count;
static volatile sig_atomic_t stop;
static bool secure;

static unsigned char der[32768];
static size_t der_n;
static br_x509_certificate chain[8];
static size_t chain_n;
static br_skey_decoder_context key;
static br_ssl_session_cache_lru cache;
static unsigned char cache_store[65536];

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

/* ---- certificates ---- */

static void push_der(void *ud, const void *p, size_t n)
{
    (void)ud;
    if (n > sizeof der - der_n)
        bench_fail("the chain is too long");
    memcpy(der + der_n, p, n);
    der_n += n;
}

static void push_key(void *ud, const void *p, size_t n)
{
    br_skey_decoder_push(ud, p, n);
}

static void load(const char *path, bool is_key)
{
    static char text[65536];
    FILE *f = fopen(path, "rb");
    br_pem_decoder_context pem;
    size_t start = 0;

    if (f == NULL)
        bench_fail(path);
    size_t n = fread(text, 1, sizeof text, f);

    fclose(f);
    br_pem_decoder_init(&pem);
    for (size_t at = 0; at < n;) {
        at += br_pem_decoder_push(&pem, text + at, n - at);
        int event = br_pem_decoder_event(&pem);

        if (event == BR_PEM_BEGIN_OBJ) {
            start = der_n;
            if (is_key)
                br_pem_decoder_setdest(&pem, push_key, &key);
            else
                br_pem_decoder_setdest(&pem, push_der, NULL);
        } else if (event == BR_PEM_END_OBJ && !is_key) {
            chain[chain_n].data = der + start;
            chain[chain_n++].data_len = der_n - start;
        }
    }
}

static void start_tls(struct conn *c)
{
    if (br_skey_decoder_key_type(&key) == BR_KEYTYPE_RSA)
        br_ssl_server_init_full_rsa(&c->tls, chain, chain_n,
                                    br_skey_decoder_get_rsa(&key));
    else
        br_ssl_server_init_full_ec(&c->tls, chain, chain_n, BR_KEYTYPE_EC,
                                   br_skey_decoder_get_ec(&key));
    br_ssl_engine_set_buffer(&c->tls.eng, c->buffer, sizeof c->buffer, 1);
    br_ssl_server_set_cache(&c->tls, &cache.vtable);
    if (br_ssl_server_reset(&c->tls) != 1)
        bench_fail("the TLS engine does not start");
}

/* ---- answers ---- */

#define ARN "arn:aws:ecs:us-east-1:123456789012:"
#define HEAD "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 5a1f7c2e-0b7d-4f59-"    \
    "9d3a-2f6f1c1e8b44\r\nContent-Type: application/x-amz-json-1.1\r\n"    \
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nAge: 1\r\n"
#define EVENT "{\"id\":\"5a1f7c2e-0b7d-4f59-9d3a-2f6f1c1e0001\","           \
    "\"createdAt\":1760000000.125,\"message\":\"(service web) has reached a " \
    "steady state.\"}"
#define WEB(desired)                                                        \
    "{\"serviceArn\":\"" ARN "service/prod/web\",\"serviceName\":\"web\","  \
    "\"clusterArn\":\"" ARN "cluster/prod\",\"loadBalancers\":"             \
    "[{\"targetGroupArn\":\"arn:aws:elasticloadbalancing:us-east-1:"        \
    "123456789012:targetgroup/web/943f017f100becff\",\"containerName\":"    \
    "\"app\",\"containerPort\":8080}],\"serviceRegistries\":[],"            \
    "\"status\":\"ACTIVE\",\"desiredCount\":" desired ",\"running"       \
    "Count\":1,"                                                            \
    "\"pendingCount\":0,\"launchType\":\"EC2\",\"taskDefinition\":\"" ARN   \
    "task-definition/web:42\",\"deploymentConfiguration\":"                 \
    "{\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":true},"    \
    "\"maximumPercent\":200,\"minimumHealthyPercent\":100},"                \
    "\"deployments\":[{\"id\":\"ecs-svc/0123456789012345678\",\"status\":"  \
    "\"PRIMARY\",\"taskDefinition\":\"" ARN "task-definition/web:42\","     \
    "\"desiredCount\":1,\"pendingCount\":0,\"runningCount\":1,"             \
    "\"failedTasks\":0,\"createdAt\":1760000000.125,\"updatedAt\":"         \
    "1760000093.625,\"launchType\":\"EC2\",\"rolloutState\":\"COMPLETED\"," \
    "\"rolloutStateReason\":\"ECS deployment ecs-svc/0123456789012345678 "  \
    "completed.\"}],\"roleArn\":\"arn:aws:iam::123456789012:role/"          \
    "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS\","            \
    "\"events\":[" EVENT "," EVENT "," EVENT "],\"createdAt\":"             \
    "1759913600.125,\"placementConstraints\":[],\"placementStrategy\":"     \
    "[{\"type\":\"spread\",\"field\":\"attribute:ecs.availability-zone\"}]," \
    "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":"          \
    "{\"type\":\"ECS\"},\"createdBy\":\"arn:aws:iam::123456789012:role/"    \
    "deploy\",\"enableECSManagedTags\":false,\"propagateTags\":\"NONE\","   \
    "\"enableExecuteCommand\":false}"
#define HOST(id) "\"" ARN "container-instance/prod/" id "\""

static const struct { const char *operation, *body; } answers[] = {
    { ".DescribeServices\r", "{\"services\":[" WEB("1") "],\"failures\":[]}" },
    { ".ListContainerInstances\r",
      "{\"containerInstanceArns\":[" HOST("a") "," HOST("b") "," HOST("c")
      "]}" },
    { ".UpdateService\r", "{\"service\":" WEB("3") "}" },
};

static void send_all(int fd, const void *p, size_t n)
{
    const char *at = p;

    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

static void flush_tls(struct conn *c)
{
    size_t n;
    unsigned char *p;

    while ((p = br_ssl_engine_sendrec_buf(&c->tls.eng, &n)) != NULL) {
        send_all(c->fd, p, n);
        br_ssl_engine_sendrec_ack(&c->tls.eng, n);
    }
}

static void say(struct conn *c, const char *p, size_t n)
{
    size_t room;

    if (!secure) {
        send_all(c->fd, p, n);
        return;
    }
    unsigned char *to = br_ssl_engine_sendapp_buf(&c->tls.eng, &room);

    if (to == NULL || room < n)
        bench_fail("no room for an answer");
    memcpy(to, p, n);
    br_ssl_engine_sendapp_ack(&c->tls.eng, n);
    br_ssl_engine_flush(&c->tls.eng, 0);
    flush_tls(c);
}

static void answer(struct conn *c)
{
    static char text[8192];

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (strstr(c->in, answers[i].operation) == NULL)
            continue;
        int n = snprintf(text, sizeof text, HEAD "Content-Length: %zu\r\n\r\n"
                         "%s", strlen(answers[i].body), answers[i].body);

        count.requests++;
        count.writes += i == 2;
        say(c, text, (size_t)n);
        return;
    }
    bench_fail("an operation that is not known here");
}

/* One request at a time is all that our clients send. */
static void take(struct conn *c)
{
    c->in[c->in_n] = '\0';
    char *end = strstr(c->in, "\r\n\r\n");
    char *length = strstr(c->in, "Content-Length: ");

    if (end == NULL || length == NULL)
        return;
    if (c->in_n < (size_t)(end + 4 - c->in) + strtoul(length + 16, NULL, 10))
        return;
    if (secure && c->number < CONNS && c->in_n <= sizeof lasts->text) {
        br_ssl_session_parameters p;

        br_ssl_engine_get_session_parameters(&c->tls.eng, &p);
        lasts[c->number].suite = p.cipher_suite;
        lasts[c->number].n = c->in_n;
        memcpy(lasts[c->number].text, c->in, c->in_n);
    }
    answer(c);
    c->in_n = 0;
}

/* ---- connections ---- */

static void store(struct conn *c, const void *p, size_t n)
{
    if (n > IN - 1 - c->in_n)
        bench_fail("a request that is too long");
    memcpy(c->in + c->in_n, p, n);
    c->in_n += n;
}

static void feed_tls(struct conn *c, const unsigned char *raw, size_t n)
{
    br_ssl_engine_context *eng = &c->tls.eng;

    while (n > 0) {
        size_t room, got;
        unsigned char *in = br_ssl_engine_recvrec_buf(eng, &room);

        if (in == NULL)
            return;
        room = room < n ? room : n;
        memcpy(in, raw, room);
        br_ssl_engine_recvrec_ack(eng, room);
        raw += room;
        n -= room;
        unsigned char *plain = br_ssl_engine_recvapp_buf(eng, &got);

        if (plain != NULL) {
            store(c, plain, got);
            br_ssl_engine_recvapp_ack(eng, got);
        }
        flush_tls(c);
        if (!c->open && (br_ssl_engine_current_state(eng) &
                         BR_SSL_SENDAPP) != 0) {
            c->open = true;
            count.handshakes++;
        }
    }
}

static void hang_up(struct conn *c)
{
    close(c->fd);
    c->fd = -1;
}

static void hear(struct conn *c)
{
    unsigned char raw[16384];
    ssize_t n = recv(c->fd, raw, sizeof raw, 0);

    if (n <= 0) {
        hang_up(c);
        return;
    }
    if (secure)
        feed_tls(c, raw, (size_t)n);
    else
        store(c, raw, (size_t)n);
    take(c);
}

static void welcome(int listener)
{
    int fd = accept(listener, NULL, NULL), one = 1;
    struct conn *c = conns;

    while (c < conns + CONNS && c->fd >= 0)
        c++;
    if (c == conns + CONNS)
        bench_fail("too many connections");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    c->open = false;
    c->in_n = 0;
    c->number = (size_t)count.connections++;
    if (secure)
        start_tls(c);
}

static int open_port(void)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&name, n) < 0 ||
        listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &n) < 0)
        bench_fail("no port");
    printf("%u\n", (unsigned)ntohs(name.sin_port));
    fflush(stdout);
    return fd;
}

static void serve(int listener)
{
    while (!stop) {
        struct pollfd fds[CONNS + 1] = {
            { .fd = listener, .events = POLLIN } };

        for (int i = 0; i < CONNS; i++)
            fds[i + 1] = (struct pollfd){ .fd = conns[i].fd,
                                          .events = POLLIN };
        if (poll(fds, CONNS + 1, -1) < 0 && errno != EINTR)
            bench_fail("poll");
        for (int i = 0; i < CONNS && !stop; i++)
            if (fds[i + 1].revents != 0)
                hear(&conns[i]);
        if (!stop && (fds[0].revents & POLLIN) != 0)
            welcome(listener);
    }
}

static void write_lasts(const char *path)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL)
        bench_fail(path);
    for (size_t i = 0; i < CONNS && lasts[i].n > 0; i++) {
        fprintf(f, "%04x %zu\n", lasts[i].suite, lasts[i].n);
        fwrite(lasts[i].text, 1, lasts[i].n, f);
        fputc('\n', f);
    }
    if (fclose(f) != 0)
        bench_fail(path);
}

int main(int argc, char **argv)
{
    struct sigaction act;

    memset(&act, 0, sizeof act);
    act.sa_handler = on_term;
    sigaction(SIGTERM, &act, NULL);
    secure = argc >= 3;
    br_skey_decoder_init(&key);
    br_ssl_session_cache_lru_init(&cache, cache_store, sizeof cache_store);
    if (secure) {
        load(argv[1], false);
        load(argv[2], true);
    }
    for (int i = 0; i < CONNS; i++)
        conns[i].fd = -1;
    serve(open_port());
    if (argc == 4)
        write_lasts(argv[3]);
    printf("%ld %ld %ld %ld\n", count.connections, count.handshakes,
           count.requests, count.writes);
    return 0;
}
