/* tests/fuzz/tls_record.c - records what a server sends to the client of
 * tls_fuzz.h, as an input of tls_fuzz.c:
 *
 *   openssl s_server -accept 4433 -cert leaf.pem -key leaf.key -www &
 *   build/tests/fuzz/tls_record 4433 >tests/fuzz/corpus/tls/NAME
 *
 * The leaf is for TLS_FUZZ_HOST under TLS_FUZZ_ROOT.  A client with another
 * hello needs new inputs: the old ones end in a wrong Finished then.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/tls_fuzz.h"
#include "wire/tls.h"

static int reach(const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void send_all(struct hc_tls *tls, int fd)
{
    const unsigned char *p;
    size_t n;

    while ((p = hc_tls_out(tls, &n)) != NULL) {
        ssize_t sent = write(fd, p, n);

        if (sent <= 0)
            return;
        hc_tls_out_ack(tls, (size_t)sent);
    }
}

static void record(struct hc_tls *tls, int fd)
{
    struct hc_str request = HC_STR(TLS_FUZZ_REQUEST);
    unsigned char bytes[4096];
    const unsigned char *p;
    ssize_t n;
    size_t room;

    putchar(0x7F);
    send_all(tls, fd);
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        struct hc_str in = hc_str_n(bytes, (size_t)n);

        fwrite(bytes, 1, (size_t)n, stdout);
        while (in.n > 0 && hc_tls_in_room(tls, &room) != NULL) {
            hc_tls_feed(tls, &in);
            while ((p = hc_tls_read(tls, &room)) != NULL)
                hc_tls_read_ack(tls, room);
        }
        if (hc_tls_state(tls) == TLS_OPEN && request.n > 0) {
            hc_tls_write(tls, &request);
            hc_tls_flush(tls);
        }
        send_all(tls, fd);
    }
}

int main(int argc, char **argv)
{
    static struct hc_tls tls;
    struct hc_anchors anchors;
    struct headcount_error e = { .code = 0 };

    if (argc != 2 ||
        hc_anchors_load_pem(&anchors, &hc_alloc_libc, HC_STR(TLS_FUZZ_ROOT),
                            &e) < 0)
        return 2;
    struct hc_tls_config c = { .anchors = &anchors,
                               .host = HC_STR(TLS_FUZZ_HOST),
                               .wall = TLS_FUZZ_NOW, .seed = TLS_FUZZ_SEED,
                               .alloc = &hc_alloc_libc };

    if (hc_tls_init(&tls, &c, &e) < 0)
        return 2;
    record(&tls, reach(argv[1]));
    hc_tls_error(&tls, &e);
    fprintf(stderr, "state %d %s\n", (int)hc_tls_state(&tls), e.what);
    hc_tls_fini(&tls);
    hc_anchors_fini(&anchors);
    return 0;
}
