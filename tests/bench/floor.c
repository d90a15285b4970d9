/* bench/floor.c - the least a client can do: a request that was made before is
 * written and an answer of known length read, on one kept connection.
 *
 *   floor PORT CALLS [CA.pem [sign] [MODE]]
 *
 * With a CA it speaks TLS by BearSSL, with the cipher suites that headcount
 * offers; with `sign` it also does what SigV4 cannot do without: hashes a
 * canonical request of the same bytes, puts the string to sign through HMAC
 * with a key derived once, and writes the signature into the request.  Nothing
 * is parsed or checked but the chain.  same_work.py compares its requests with
 * headcount's.
 *
 *   times    prints a second line, "P50 P90 P99" of a call
 *   pace=MS  likewise, and so long a pause is before each call
 *   full     a new connection with a full handshake for each call
 *   resumed  a new connection for each call, which resumes the session
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bearssl.h>

#include "bench.h"

#define DATE "20251009T085320Z"
#define SCOPE "20251009/" BENCH_REGION "/ecs/aws4_request"
#define ID "5a1f7c2e-0b7d-4f59-9d3a-2f6f1c1e8b44"
#define SIGNED "amz-sdk-invocation-id;amz-sdk-request;content-type;host;"   \
    "x-amz-date;x-amz-security-token;x-amz-target"

static int fd = -1;
static bool secure, sign_it, resumes, anew;
static char request[4096], canonical[4096], answer[1 << 24];
static size_t request_n, canonical_n, answer_n;
static char *signature;
static br_hmac_key_context hmac_key;

/* ---- TLS ---- */

static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};

static br_ssl_client_context tls;
static br_x509_minimal_context x509;
static br_sslio_context io;
static unsigned char buffer[BR_SSL_BUFSIZE_BIDI], raw[32768];
static size_t raw_at, raw_n;
static unsigned char der[4][4096], dn[4][1024];
static size_t der_n[4], dn_n[4];
static br_x509_decoder_context decoder[4];
static br_x509_trust_anchor anchors[4];
static size_t anchors_n;

static void push_der(void *ud, const void *p, size_t n)
{
    size_t i = *(size_t *)ud;

    if (n > sizeof der[i] - der_n[i])
        bench_fail("a certificate that is too long");
    memcpy(der[i] + der_n[i], p, n);
    der_n[i] += n;
}

static void push_dn(void *ud, const void *p, size_t n)
{
    size_t i = *(size_t *)ud;

    if (n > sizeof dn[i] - dn_n[i])
        bench_fail("a name that is too long");
    memcpy(dn[i] + dn_n[i], p, n);
    dn_n[i] += n;
}

static void add_anchor(size_t i)
{
    br_x509_decoder_init(&decoder[i], push_dn, &i);
    br_x509_decoder_push(&decoder[i], der[i], der_n[i]);
    br_x509_pkey *pkey = br_x509_decoder_get_pkey(&decoder[i]);

    if (pkey == NULL)
        bench_fail("a CA that cannot be read");
    anchors[i] = (br_x509_trust_anchor){
        .dn = { dn[i], dn_n[i] }, .flags = BR_X509_TA_CA, .pkey = *pkey };
}

static void load_ca(const char *path)
{
    static char text[32768];
    FILE *f = fopen(path, "rb");
    br_pem_decoder_context pem;

    if (f == NULL)
        bench_fail(path);
    size_t n = fread(text, 1, sizeof text, f);

    fclose(f);
    br_pem_decoder_init(&pem);
    for (size_t at = 0; at < n && anchors_n < 4;) {
        at += br_pem_decoder_push(&pem, text + at, n - at);
        int event = br_pem_decoder_event(&pem);

        if (event == BR_PEM_BEGIN_OBJ)
            br_pem_decoder_setdest(&pem, push_der, &anchors_n);
        else if (event == BR_PEM_END_OBJ)
            add_anchor(anchors_n++);
    }
}

static int raw_read(void *ud, unsigned char *p, size_t n)
{
    (void)ud;
    if (raw_at == raw_n) {
        ssize_t got = recv(fd, raw, sizeof raw, 0);

        if (got <= 0)
            return -1;
        raw_at = 0;
        raw_n = (size_t)got;
    }
    n = n < raw_n - raw_at ? n : raw_n - raw_at;
    memcpy(p, raw + raw_at, n);
    raw_at += n;
    return (int)n;
}

static int raw_write(void *ud, const unsigned char *p, size_t n)
{
    (void)ud;
    return (int)send(fd, p, n, MSG_NOSIGNAL);
}

/* ---- the connection ---- */

static void set_up_tls(void)
{
    br_ssl_client_init_full(&tls, &x509, anchors, anchors_n);
    br_ssl_engine_set_suites(&tls.eng, suites, sizeof suites / sizeof *suites);
    br_ssl_engine_set_buffer(&tls.eng, buffer, sizeof buffer, 1);
}

static void dial(unsigned long port)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;

    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
        bench_fail("no connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!secure)
        return;
    raw_at = raw_n = 0;
    br_ssl_client_reset(&tls, BENCH_HOST, resumes);
    br_sslio_init(&io, &tls.eng, raw_read, NULL, raw_write, NULL);
    if (br_sslio_flush(&io) < 0)
        bench_fail("the handshake failed");
}

/* ---- the signature ---- */

static void put_hex(char *to, const unsigned char *p)
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 32; i++) {
        to[2 * i] = digits[p[i] >> 4];
        to[2 * i + 1] = digits[p[i] & 15];
    }
}

static void sha256(const void *p, size_t n, unsigned char out[32])
{
    br_sha256_context c;

    br_sha256_init(&c);
    br_sha256_update(&c, p, n);
    br_sha256_out(&c, out);
}

static void sign(void)
{
    static const char before[] = "AWS4-HMAC-SHA256\n" DATE "\n" SCOPE "\n";
    char text[sizeof before + 64];
    unsigned char hash[32];
    br_hmac_context hmac;

    sha256(BENCH_BODY, sizeof BENCH_BODY - 1, hash);
    put_hex(canonical + canonical_n - 64, hash);
    sha256(canonical, canonical_n, hash);
    memcpy(text, before, sizeof before - 1);
    put_hex(text + sizeof before - 1, hash);
    br_hmac_init(&hmac, &hmac_key, 0);
    br_hmac_update(&hmac, text, sizeof before - 1 + 64);
    br_hmac_out(&hmac, hash);
    put_hex(signature, hash);
}

static void make_request(unsigned long port)
{
    request_n = (size_t)snprintf(request, sizeof request,
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:%lu\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        "X-Amz-Target: " BENCH_TARGET "\r\nX-Amz-Date: " DATE "\r\n"
        "X-Amz-Security-Token: " BENCH_TOKEN "\r\n"
        "amz-sdk-invocation-id: " ID "\r\n"
        "amz-sdk-request: attempt=1; max=3\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=" BENCH_KEY_ID "/" SCOPE
        ", SignedHeaders=" SIGNED ", Signature=%064d\r\n"
        "User-Agent: floor\r\nAccept-Encoding: identity\r\n"
        "Content-Length: %zu\r\n\r\n%s", port, 0, sizeof BENCH_BODY - 1,
        BENCH_BODY);
    canonical_n = (size_t)snprintf(canonical, sizeof canonical,
        "POST\n/\n\namz-sdk-invocation-id:" ID "\n"
        "amz-sdk-request:attempt=1; max=3\n"
        "content-type:application/x-amz-json-1.1\nhost:127.0.0.1:%lu\n"
        "x-amz-date:" DATE "\nx-amz-security-token:" BENCH_TOKEN
        "\nx-amz-target:" BENCH_TARGET "\n\n" SIGNED "\n%064d",
        port, 0);
    signature = strstr(request, "Signature=") + 10;
    br_hmac_key_init(&hmac_key, &br_sha256_vtable,
                     "0123456789abcdef0123456789abcdef", 32);
}

/* ---- a call ---- */

static size_t hear(char *p, size_t n)
{
    long got = secure ? br_sslio_read(&io, p, n) : recv(fd, p, n, 0);

    if (got <= 0)
        bench_fail("the answer ended");
    return (size_t)got;
}

/* The server ended it, or will have by now. */
static bool is_over(void)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void call(unsigned long port)
{
    size_t got = 0;

    if (fd < 0 || (anew && is_over())) {
        if (fd >= 0)
            close(fd);
        dial(port);
    }

    if (sign_it)
        sign();
    if (secure) {
        if (br_sslio_write_all(&io, request, request_n) < 0 ||
            br_sslio_flush(&io) < 0)
            bench_fail("the request was not taken");
    } else if (send(fd, request, request_n, MSG_NOSIGNAL) < 0) {
        bench_fail("the request was not taken");
    }
    while (answer_n == 0 || got < answer_n) {
        got += hear(answer + got, sizeof answer - 1 - got);
        if (answer_n > 0)
            continue;
        answer[got] = '\0';
        char *end = strstr(answer, "\r\n\r\n");
        char *length = strstr(answer, "Content-Length: ");

        if (end != NULL && length != NULL)
            answer_n = (size_t)(end + 4 - answer) +
                       strtoul(length + 16, NULL, 10);
    }
    if (memcmp(answer, "HTTP/1.1 200", 12) != 0)
        bench_fail("not 200");
}

static void run(unsigned long port, long calls, long pause, bool timed)
{
    double *times = calloc((size_t)calls + 1, sizeof *times), from = 0;

    if (times == NULL)
        bench_fail("no memory");
    call(port);
    struct bench_time begun = bench_now();

    for (long i = 0; i < calls; i++) {
        if (pause > 0)
            bench_pause(pause);
        if (timed)
            from = bench_wall();
        if (anew && pause == 0) {
            close(fd);
            fd = -1;
        }
        call(port);
        if (timed)
            times[i] = bench_wall() - from;
    }
    bench_tell(begun, calls);
    if (timed)
        bench_tell_times(times, calls);
    free(times);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        bench_fail("floor PORT CALLS [CA.pem [sign] [MODE]]");
    unsigned long port = strtoul(argv[1], NULL, 10);
    long calls = strtol(argv[2], NULL, 10);

    long pause = 0;
    bool timed = false;

    secure = argc > 3;
    resumes = anew = false;
    for (int i = 4; i < argc; i++) {
        const char *word = argv[i];

        pause = strncmp(word, "pace=", 5) == 0 ? strtol(word + 5, NULL, 10)
                                               : pause;
        sign_it |= strcmp(word, "sign") == 0;
        timed |= strcmp(word, "times") == 0 || pause > 0;
        resumes |= strcmp(word, "resumed") == 0 || pause > 0;
        anew |= strcmp(word, "full") == 0 || resumes;
    }
    if (secure) {
        load_ca(argv[3]);
        set_up_tls();
    }
    make_request(port);
    run(port, calls, pause, timed);
    return 0;
}
