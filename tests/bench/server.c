/* bench/server.c - a stand-in for ECS on loopback: TLS by BearSSL or plain,
 * one thread, answers made once.
 *
 *   server [-a BYTES] [-c] [-n] [-i MS] [-p PORT] [CHAIN.pem KEY.pem [FILE]]
 *
 *   -a  the body of DescribeServices is at least so long
 *   -c  closes each connection after one answer
 *   -n  resumes no TLS session
 *   -i  closes a connection so long after its last answer
 *   -p  listens there
 *
 * It has one cipher suite for each kind of key, AES-128-GCM.  Prints its port;
 * on SIGTERM prints what it counted:
 *   CONNECTIONS HANDSHAKES REQUESTS WRITES
 * and writes into FILE, for each TLS connection, the cipher suite that both
 * sides chose, how long the last answer was, and the last request:
 *   SUITE ANSWER BYTES\n REQUEST \n
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
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
    double answered;                 /* when it was, last; 0: not yet */
};

/* The last request of each of the first connections. */
static struct {
    unsigned suite;
    size_t answer;
    char text[4096];
    size_t n;
} lasts[CONNS];

static struct conn conns[CONNS];
static struct { long connections, handshakes, requests, writes; } count;
static volatile sig_atomic_t stop;
static bool secure;
static struct {
    size_t answer;
    bool closes, forgets;
    double idle_us;
    uint16_t port;                   /* 0: any */
} set;

static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};

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
    br_ssl_engine_set_suites(&c->tls.eng, suites,
                             sizeof suites / sizeof *suites);
    br_ssl_engine_set_buffer(&c->tls.eng, c->buffer, sizeof c->buffer, 1);
    if (!set.forgets)
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
    "\"events\":[@],\"createdAt\":"             \
    "1759913600.125,\"placementConstraints\":[],\"placementStrategy\":"     \
    "[{\"type\":\"spread\",\"field\":\"attribute:ecs.availability-zone\"}]," \
    "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":"          \
    "{\"type\":\"ECS\"},\"createdBy\":\"arn:aws:iam::123456789012:role/"    \
    "deploy\",\"enableECSManagedTags\":false,\"propagateTags\":\"NONE\","   \
    "\"enableExecuteCommand\":false}"
#define HOST(id) "\"" ARN "container-instance/prod/" id "\""

#define HOSTS "{\"containerInstanceArns\":[" HOST("a") "," HOST("b") ","  \
    HOST("c") "]}"

/* Of each operation: its body, with EVENTs in the place of "@". */
static struct { const char *operation, *body; char *text; size_t n; }
answers[] = {
    { ".DescribeServices\r",
      "{\"services\":[" WEB("1") "],\"failures\":[]}", NULL, 0 },
    { ".ListContainerInstances\r", HOSTS, NULL, 0 },
    { ".UpdateService\r", "{\"service\":" WEB("3") "}", NULL, 0 },
};

/* The body of DescribeServices grows by events, as a real one does. */
static void make_answer(size_t i, size_t least)
{
    const char *body = answers[i].body, *at = strchr(body, '@');
    size_t front = at != NULL ? (size_t)(at - body) : strlen(body);
    size_t n = at != NULL ? strlen(body) - 1 : front, events = 3, room;

    if (i == 0 && least > n)
        events = (least - n) / sizeof EVENT;
    events = events < 3 ? 3 : events;
    if (at != NULL)
        n += events * sizeof EVENT - 1;
    room = n + 1024;
    char *p = answers[i].text = malloc(room);

    if (p == NULL)
        bench_fail("no memory");
    p += snprintf(p, room, HEAD "%sContent-Length: %zu\r\n\r\n",
                  set.closes ? "Connection: close\r\n" : "", n);
    memcpy(p, body, front);
    p += front;
    for (size_t k = 0; at != NULL && k < events; k++)
        p += sprintf(p, "%s" EVENT, k > 0 ? "," : "");
    strcpy(p, at != NULL ? at + 1 : "");
    answers[i].n = (size_t)(p - answers[i].text) + strlen(p);
}

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
    if (!secure) {
        send_all(c->fd, p, n);
        return;
    }
    while (n > 0) {
        size_t room;
        unsigned char *to = br_ssl_engine_sendapp_buf(&c->tls.eng, &room);

        if (to == NULL)
            bench_fail("no room for an answer");
        room = room < n ? room : n;
        memcpy(to, p, room);
        br_ssl_engine_sendapp_ack(&c->tls.eng, room);
        p += room;
        n -= room;
        br_ssl_engine_flush(&c->tls.eng, 0);
        flush_tls(c);
    }
}

/* The count that an UpdateService asks for, one digit, is what all answers say
 * from then on. */
static void set_count(const char *request)
{
    static const char member[] = "\"desiredCount\":";
    const char *asked = strstr(request, member);

    for (size_t i = 0; asked != NULL && i < sizeof answers / sizeof *answers;
         i++) {
        char *at = strstr(answers[i].text, member);

        if (at != NULL)
            at[sizeof member - 1] = asked[sizeof member - 1];
    }
}

/* How long its body is. */
static size_t answer(struct conn *c)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (strstr(c->in, answers[i].operation) == NULL)
            continue;
        count.requests++;
        if (i == 2) {
            count.writes++;
            set_count(c->in);
        }
        say(c, answers[i].text, answers[i].n);
        return answers[i].n -
               (size_t)(strstr(answers[i].text, "\r\n\r\n") + 4 -
                        answers[i].text);
    }
    bench_fail("an operation that is not known here");
    return 0;
}

static void hang_up(struct conn *c)
{
    if (secure && c->open) {
        br_ssl_engine_close(&c->tls.eng);
        flush_tls(c);
    }
    close(c->fd);
    c->fd = -1;
}

/* One request at a time is all that our clients send. */
static void take(struct conn *c)
{
    c->in[c->in_n] = '\0';
    char *end = strstr(c->in, "\r\n\r\n");
    char *length = strstr(c->in, "ontent-");

    /* Each peer has capitals of its own. */
    while (length != NULL && strncasecmp(length, "ontent-length: ", 15) != 0)
        length = strstr(length + 1, "ontent-");
    if (end == NULL || length == NULL)
        return;
    if (c->in_n < (size_t)(end + 4 - c->in) + strtoul(length + 15, NULL, 10))
        return;
    if (secure && c->number < CONNS && c->in_n <= sizeof lasts->text) {
        br_ssl_session_parameters p;

        br_ssl_engine_get_session_parameters(&c->tls.eng, &p);
        lasts[c->number].suite = p.cipher_suite;
        lasts[c->number].n = c->in_n;
        memcpy(lasts[c->number].text, c->in, c->in_n);
    }
    size_t n = answer(c);

    if (c->number < CONNS)
        lasts[c->number].answer = n;
    c->in_n = 0;
    if (set.idle_us > 0)
        c->answered = bench_wall();
    if (set.closes)
        hang_up(c);
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
    if (c->fd >= 0)
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
    c->answered = 0;
    c->number = (size_t)count.connections++;
    if (secure)
        start_tls(c);
}

static int open_port(void)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_port = htons(set.port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    /* One that listened there a moment ago has left its connections. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, n) < 0 ||
        listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &n) < 0)
        bench_fail("no port");
    printf("%u\n", (unsigned)ntohs(name.sin_port));
    fflush(stdout);
    return fd;
}

static void end_idle(void)
{
    double now = bench_wall();

    for (int i = 0; i < CONNS; i++)
        if (conns[i].fd >= 0 && conns[i].answered > 0 &&
            now - conns[i].answered >= set.idle_us)
            hang_up(&conns[i]);
}

static void serve(int listener)
{
    while (!stop) {
        struct pollfd fds[CONNS + 1] = {
            { .fd = listener, .events = POLLIN } };

        for (int i = 0; i < CONNS; i++)
            fds[i + 1] = (struct pollfd){ .fd = conns[i].fd,
                                          .events = POLLIN };
        if (poll(fds, CONNS + 1, set.idle_us > 0 ? 5 : -1) < 0 &&
            errno != EINTR)
            bench_fail("poll");
        for (int i = 0; i < CONNS && !stop; i++)
            if (fds[i + 1].revents != 0)
                hear(&conns[i]);
        if (!stop && (fds[0].revents & POLLIN) != 0)
            welcome(listener);
        if (set.idle_us > 0)
            end_idle();
    }
}

static void write_lasts(const char *path)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL)
        bench_fail(path);
    for (size_t i = 0; i < CONNS && lasts[i].n > 0; i++) {
        fprintf(f, "%04x %zu %zu\n", lasts[i].suite, lasts[i].answer,
                lasts[i].n);
        fwrite(lasts[i].text, 1, lasts[i].n, f);
        fputc('\n', f);
    }
    if (fclose(f) != 0)
        bench_fail(path);
}

int main(int argc, char **argv)
{
    struct sigaction act;

    for (int o; (o = getopt(argc, argv, "a:cni:p:")) != -1;) {
        if (o == '?')
            bench_fail("server [-a BYTES] [-c] [-n] [-i MS] [-p PORT] [CHAIN "
                       "KEY [FILE]]");
        set.closes |= o == 'c';
        set.forgets |= o == 'n';
        if (o == 'a')
            set.answer = strtoul(optarg, NULL, 10);
        if (o == 'i')
            set.idle_us = strtod(optarg, NULL) * 1e3;
        if (o == 'p')
            set.port = (uint16_t)strtoul(optarg, NULL, 10);
    }
    argc -= optind - 1;
    argv += optind - 1;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        make_answer(i, set.answer);
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
