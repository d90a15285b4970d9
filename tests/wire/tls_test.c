/* wire/tls - against BearSSL's server, in memory. */
#include "wire/tls.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "peers/tls_server.h"
#include "t.h"

#define HOST "ecs.test.internal"

/* The certificates are made when the tests run: these are of the real time. */
static int64_t wall(void)
{
    return (int64_t)time(NULL) * HC_SECOND;
}

/* ---- a connection: our client, the server, what lies between ---- */

struct pair {
    struct hc_tls tls;
    struct tls_server server;
    struct hc_anchors anchors;
    struct hc_buf to_client;     /* all that the server ever sent */
    struct headcount_error e;
    size_t chunk;                /* bytes a transfer, at most     */
};

static struct pair the_pair;     /* too large for a stack */

static void anchors_of(struct hc_anchors *a, const struct hc_alloc *alloc,
                       const char *file)
{
    char path[256];
    struct headcount_error e = { 0 };
    size_t n;

    hc_fmt(path, sizeof(path), "%s/%s", t_certs(), file);
    char *text = t_file(path, &n);

    if (hc_anchors_load_pem(a, alloc, hc_str_n(text, n), &e) < 0)
        fail_msg("%s", e.what);
}

static struct hc_tls_config config_of(struct pair *p, const char *host)
{
    struct hc_tls_config c = { .anchors = &p->anchors, .cpu = hc_cpu(),
                               .host = hc_str(host),
                               .wall = wall(),
                               .alloc = t_alloc() };

    memset(c.seed, 0x42, sizeof(c.seed));
    return c;
}

static struct pair *pair_with(const char *name, const struct hc_alloc *alloc)
{
    struct pair *p = &the_pair;

    memset(p, 0, sizeof(*p));
    p->chunk = SIZE_MAX;
    anchors_of(&p->anchors, alloc, "ca.pem");
    tls_server_init(&p->server, name);
    hc_buf_init(&p->to_client, alloc, (size_t)1 << 24);
    return p;
}

static struct pair *pair_new(const char *name)
{
    return pair_with(name, t_alloc());
}

static void pair_end(struct pair *p)
{
    hc_tls_fini(&p->tls);
    hc_anchors_fini(&p->anchors);
    hc_buf_fini(&p->to_client);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool move_to_server(struct pair *p)
{
    br_ssl_engine_context *eng = &p->server.ssl.eng;
    size_t n, room;
    const unsigned char *from = hc_tls_out(&p->tls, &n);
    unsigned char *to = br_ssl_engine_recvrec_buf(eng, &room);

    if (from == NULL || to == NULL)
        return false;
    n = least(least(n, room), p->chunk);
    memcpy(to, from, n);
    hc_tls_out_ack(&p->tls, n);
    br_ssl_engine_recvrec_ack(eng, n);
    return true;
}

static bool move_to_client(struct pair *p)
{
    br_ssl_engine_context *eng = &p->server.ssl.eng;
    size_t n, room;
    const unsigned char *from = br_ssl_engine_sendrec_buf(eng, &n);
    unsigned char *to = hc_tls_in_room(&p->tls, &room);

    if (from == NULL || to == NULL)
        return false;
    n = least(least(n, room), p->chunk);
    memcpy(to, from, n);
    hc_buf_put(&p->to_client, from, n);
    hc_tls_in_ack(&p->tls, n);
    br_ssl_engine_sendrec_ack(eng, n);
    return true;
}

static void pump(struct pair *p)
{
    bool moved;

    do {
        moved = move_to_server(p);
        moved = move_to_client(p) || moved;
    } while (moved);
}

static enum hc_tls_state shake(struct pair *p, const struct hc_tls_config *c)
{
    CHECK_INT(hc_tls_init(&p->tls, c, &p->e), 0);
    pump(p);
    return hc_tls_state(&p->tls);
}

static void check_opens(struct pair *p, const char *host)
{
    struct hc_tls_config c = config_of(p, host);

    if (shake(p, &c) != TLS_OPEN) {
        hc_tls_error(&p->tls, &p->e);
        fail_msg("not open: %s", p->e.what);
    }
}

/* The failure's code, and its sentence has `part` in it. */
static void check_says(const struct headcount_error *e, const char *part)
{
    if (strstr(e->what, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e->what, part);
}

static struct hc_str read_all(struct pair *p, char *out, size_t cap)
{
    size_t have = 0, n;
    const unsigned char *from;

    pump(p);
    while ((from = hc_tls_read(&p->tls, &n)) != NULL) {
        n = least(n, cap - have);
        memcpy(out + have, from, n);
        have += n;
        hc_tls_read_ack(&p->tls, n);
        pump(p);
    }
    return hc_str_n(out, have);
}

static void say(struct pair *p, const char *text)
{
    struct hc_str s = hc_str(text);

    hc_tls_write(&p->tls, &s);
    CHECK_INT(s.n, 0);
    hc_tls_flush(&p->tls);
}

static void check_echo(struct pair *p, const char *text)
{
    char got[64];

    say(p, text);
    pump(p);
    tls_server_echo(&p->server);
    CHECK_STR(read_all(p, got, sizeof(got)), text);
}

/* ---- good chains ---- */

TEST(tls, good_chains_open_and_carry_bytes)
{
    static const struct {
        const char *chain, *host;
    } good[] = {
        { "ec", HOST }, { "rsa", HOST }, { "rsa4096", HOST },
        { "wildcard", HOST }, { "ec", "localhost" }, { "ec", "127.0.0.1" },
        { "rsa", "::1" }
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct pair *p = pair_new(good[i].chain);

        check_opens(p, good[i].host);
        check_echo(p, "hello");
        CHECK(!hc_tls_was_resumed(&p->tls));
        CHECK_INT(hc_tls_error(&p->tls, &p->e), 0);
        pair_end(p);
    }
}

TEST(tls, handshake_and_bytes_are_the_same_byte_by_byte)
{
    static const size_t chunks[] = { 1, 2, 3, 5, 7, 100, 1000 };

    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct pair *p = pair_new("ec");

        p->chunk = chunks[i];
        check_opens(p, HOST);
        check_echo(p, "hello");
        pair_end(p);
    }
}

/* The client is a function of its seed and its input: so what one server sent
 * can be played again. */
static enum hc_tls_state replay(struct pair *p, struct hc_str bytes, size_t cut)
{
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_str parts[2] = { hc_str_n(bytes.p, cut),
                               hc_str_from(bytes, cut) };
    enum hc_tls_state state;
    size_t n;

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    for (int i = 0; i < 2; i++) {
        struct hc_str piece =
            hc_str_n(t_guard(parts[i].p, parts[i].n), parts[i].n);

        do {
            while (hc_tls_out(&p->tls, &n) != NULL)
                hc_tls_out_ack(&p->tls, n);
            n = piece.n;
            hc_tls_feed(&p->tls, &piece);
        } while (piece.n > 0 && piece.n < n);
    }
    state = hc_tls_state(&p->tls);
    hc_tls_fini(&p->tls);
    return state;
}

/* Leaves in p->to_client what the server says in one full handshake. */
static void record(struct pair *p)
{
    check_opens(p, HOST);
    hc_tls_fini(&p->tls);
}

TEST(tls, handshake_is_the_same_at_every_split)
{
    struct pair *p = pair_new("ec");

    record(p);
    struct hc_str all = hc_buf_view(&p->to_client);

    for (size_t cut = 0; cut <= all.n; cut += cut < 16 ? 1 : 11)
        CHECK_INT(replay(p, all, cut), TLS_OPEN);
    pair_end(p);
}

TEST(tls, no_changed_byte_of_a_handshake_goes_unseen)
{
    struct pair *p = pair_new("ec");

    record(p);
    struct hc_str all = hc_buf_view(&p->to_client);

    /* Byte 1 and 2 of a record's head: BearSSL looks at the version of the
     * first record only to learn it, and GCM covers it in the last. */
    for (size_t at = 3; at < all.n; at += 9) {
        p->to_client.p[at] ^= 0x10;
        CHECK(replay(p, all, all.n) != TLS_OPEN);
        p->to_client.p[at] ^= 0x10;
    }
    CHECK_INT(replay(p, all, all.n), TLS_OPEN);
    pair_end(p);
}

TEST(tls, handshake_cut_short_at_any_byte_does_not_open)
{
    struct pair *p = pair_new("ec");

    record(p);
    struct hc_str all = hc_buf_view(&p->to_client);

    CHECK(all.n > 0);
    for (size_t n = 0; n < all.n; n += 37)
        CHECK_INT(replay(p, hc_str_n(all.p, n), n), TLS_HANDSHAKE);
    CHECK_INT(replay(p, hc_str_n(all.p, all.n - 1), 0), TLS_HANDSHAKE);
    pair_end(p);
}

/* What the client lends to be sent, one lot at a time: the types of its records
 * as letters (h: handshake, c: ChangeCipherSpec), a dot after each lot. */
static void shake_by_lots(struct pair *p, struct hc_buf *lots)
{
    br_ssl_engine_context *eng = &p->server.ssl.eng;
    const unsigned char *out;
    size_t n, room;

    while ((out = hc_tls_out(&p->tls, &n)) != NULL) {
        for (size_t at = 0; at + 5 <= n;
             at += 5 + (size_t)(out[at + 3] << 8 | out[at + 4]))
            hc_buf_chr(lots, out[at] == 22 ? 'h' : out[at] == 20 ? 'c' : '?');
        hc_buf_chr(lots, '.');
        for (size_t at = 0; at < n; at += room) {
            unsigned char *to = br_ssl_engine_recvrec_buf(eng, &room);

            CHECK(to != NULL);
            room = least(room, n - at);
            memcpy(to, out + at, room);
            br_ssl_engine_recvrec_ack(eng, room);
        }
        hc_tls_out_ack(&p->tls, n);
        while (move_to_client(p))
            continue;
    }
}

TEST(tls, the_clients_last_flight_is_lent_at_once)
{
    static const char *const keys[] = { "ec", "rsa" };

    for (size_t i = 0; i < 2; i++) {
        struct pair *p = pair_new(keys[i]);
        struct hc_tls_config c = config_of(p, HOST);
        struct hc_tls_session s;
        struct hc_buf lots;

        hc_buf_init(&lots, t_alloc(), 100);
        CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
        shake_by_lots(p, &lots);
        CHECK_INT(hc_tls_state(&p->tls), TLS_OPEN);
        CHECK_STR(hc_buf_view(&lots), "h.hch.");
        check_echo(p, "hello");
        CHECK(hc_tls_session_get(&p->tls, &s));
        hc_tls_fini(&p->tls);

        hc_buf_reset(&lots);
        tls_server_start(&p->server);
        c.session = &s;
        CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
        shake_by_lots(p, &lots);
        CHECK(hc_tls_was_resumed(&p->tls));
        CHECK_STR(hc_buf_view(&lots), "h.ch.");
        check_echo(p, "hello");
        hc_buf_fini(&lots);
        pair_end(p);
    }
}

/* A resumed connection is open before its last bytes have left. */
TEST(tls, nothing_is_written_before_the_last_flight_is_out)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_tls_session s;
    size_t n, room;

    check_opens(p, HOST);
    CHECK(hc_tls_session_get(&p->tls, &s));
    hc_tls_fini(&p->tls);
    tls_server_start(&p->server);
    c.session = &s;
    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    while (move_to_server(p))
        continue;
    while (move_to_client(p))
        continue;
    CHECK(hc_tls_out(&p->tls, &n) != NULL);
    CHECK_INT(hc_tls_state(&p->tls), TLS_OPEN);
    for (; n > 0; hc_tls_out(&p->tls, &n)) {
        CHECK(hc_tls_write_room(&p->tls, &room) == NULL);
        p->chunk = 1;
        CHECK(move_to_server(p));
    }
    CHECK(hc_tls_write_room(&p->tls, &room) != NULL);
    check_echo(p, "hello");
    pair_end(p);
}

/* ---- the hello ---- */

static struct hc_str hello_of(struct pair *p, const struct hc_tls_config *c)
{
    size_t n;

    CHECK_INT(hc_tls_init(&p->tls, c, &p->e), 0);
    const unsigned char *hello = hc_tls_out(&p->tls, &n);
    struct hc_str copy = hc_str_n(t_guard(hello, n), n);

    hc_tls_fini(&p->tls);
    return copy;
}

static bool contains(struct hc_str all, const char *bytes, size_t n)
{
    for (size_t at = 0; at + n <= all.n; at++)
        if (memcmp(all.p + at, bytes, n) == 0)
            return true;
    return false;
}

TEST(tls, hello_is_a_function_of_the_seed)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_str first = hello_of(p, &c), again = hello_of(p, &c);

    CHECK(hc_str_eq(first, again));
    c.seed[31] ^= 1;
    CHECK(!hc_str_eq(first, hello_of(p, &c)));
    pair_end(p);
}

TEST(tls, hello_offers_our_profile_and_nothing_else)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_str h = hello_of(p, &c);

    /* One record, TLS 1.2, no session; suites; compression null. */
    CHECK_INT((unsigned char)h.p[0], 22);
    CHECK_INT((unsigned char)h.p[3] << 8 | (unsigned char)h.p[4], h.n - 5);
    CHECK_MEM(h.p + 9, 2, "\x03\x03");
    CHECK_INT(h.p[43], 0);
    CHECK_MEM(h.p + 44, 16,
              "\x00\x0C\xC0\x2B\xC0\x2F\xC0\x2C\xC0\x30\xCC\xA9\xCC\xA8"
              "\x01\x00");
    /* Groups X25519, P-256, P-384; hashes SHA-256, 384, 512 only. */
    CHECK(contains(h, "\x00\x0A\x00\x08\x00\x06", 6));
    CHECK(contains(h, "\x00\x17", 2) && contains(h, "\x00\x18", 2) &&
          contains(h, "\x00\x1D", 2));
    CHECK(contains(h, "\x00\x0D\x00\x0E\x00\x0C"
                      "\x04\x03\x05\x03\x06\x03\x04\x01\x05\x01\x06\x01",
                   18));
    CHECK(contains(h, HOST, strlen(HOST)));
    pair_end(p);
}

TEST(tls, an_ip_literal_is_not_sent_as_a_name)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, "127.0.0.1");

    CHECK(!contains(hello_of(p, &c), "127.0.0.1", 9));
    pair_end(p);
}

/* ---- records ---- */

TEST(tls, head_and_body_leave_as_one_whole_record)
{
    struct pair *p = pair_new("ec");
    char body[9000];
    size_t n;

    memset(body, 'b', sizeof(body));
    check_opens(p, HOST);
    struct hc_str head = HC_STR("POST / HTTP/1.1\r\n\r\n");
    struct hc_str rest = hc_str_n(body, sizeof(body));

    hc_tls_write(&p->tls, &head);
    hc_tls_write(&p->tls, &rest);
    CHECK(head.n == 0 && rest.n == 0);
    CHECK(hc_tls_out(&p->tls, &n) == NULL);
    hc_tls_flush(&p->tls);
    const unsigned char *out = hc_tls_out(&p->tls, &n);

    /* Nonce of 8, tag of 16 (RFC 5288, 3). */
    CHECK_INT(n, 5 + 8 + 19 + sizeof(body) + 16);
    CHECK_INT(out[0], 23);
    CHECK_INT(out[3] << 8 | out[4], n - 5);
    hc_tls_out_ack(&p->tls, n);
    CHECK(hc_tls_out(&p->tls, &n) == NULL);
    pair_end(p);
}

TEST(tls, a_full_record_goes_without_flush_and_blocks_writing)
{
    struct pair *p = pair_new("rsa");
    static char body[40000], got[40000];
    size_t n, have = 0;

    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (char)('a' + i % 23);
    check_opens(p, HOST);
    struct hc_str rest = hc_str_n(body, sizeof(body));

    hc_tls_write(&p->tls, &rest);
    CHECK_INT(rest.n, sizeof(body) - HC_TLS_RECORD);
    CHECK(hc_tls_write_room(&p->tls, &n) == NULL);
    CHECK(hc_tls_out(&p->tls, &n) != NULL);
    while (have < sizeof(body)) {
        hc_tls_write(&p->tls, &rest);
        hc_tls_flush(&p->tls);
        pump(p);
        tls_server_echo(&p->server);
        have += read_all(p, got + have, sizeof(got) - have).n;
    }
    CHECK_MEM(got, sizeof(body), body);
    pair_end(p);
}

TEST(tls, a_tampered_record_fails)
{
    struct pair *p = pair_new("ec");
    size_t n;

    check_opens(p, HOST);
    tls_server_say(&p->server, "hello");
    br_ssl_engine_sendrec_buf(&p->server.ssl.eng, &n);
    br_ssl_engine_sendrec_buf(&p->server.ssl.eng, &n)[n - 1] ^= 1;
    pump(p);
    CHECK_INT(hc_tls_state(&p->tls), TLS_FAILED);
    CHECK(hc_tls_read(&p->tls, &n) == NULL);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, HOST ": a record was forged or damaged");
    pair_end(p);
}

TEST(tls, renegotiation_is_refused)
{
    struct pair *p = pair_new("ec");

    check_opens(p, HOST);
    check_echo(p, "hello");
    br_ssl_engine_remove_flags(&p->server.ssl.eng, BR_OPT_NO_RENEGOTIATION);
    CHECK_INT(br_ssl_engine_renegotiate(&p->server.ssl.eng), 1);
    pump(p);
    CHECK_INT(hc_tls_state(&p->tls), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, "renegotiate");
    pair_end(p);
}

/* ---- ends ---- */

TEST(tls, close_notify_is_a_clean_end_after_all_bytes)
{
    struct pair *p = pair_new("ec");
    char got[64];
    size_t n;

    check_opens(p, HOST);
    tls_server_say(&p->server, "last words");
    br_ssl_engine_close(&p->server.ssl.eng);
    CHECK_STR(read_all(p, got, sizeof(got)), "last words");
    CHECK_INT(hc_tls_state(&p->tls), TLS_CLOSED);
    CHECK_INT(hc_tls_eof(&p->tls, &p->e), 0);
    CHECK_INT(p->e.code, 0);
    CHECK(hc_tls_write_room(&p->tls, &n) == NULL);
    CHECK(hc_tls_in_room(&p->tls, &n) == NULL);
    pair_end(p);
}

TEST(tls, close_notify_waits_until_earlier_bytes_were_read)
{
    struct pair *p = pair_new("ec");
    char bytes[512];
    size_t n, have = 0;
    struct hc_str in;

    check_opens(p, HOST);
    tls_server_say(&p->server, "last words");
    br_ssl_engine_close(&p->server.ssl.eng);
    for (const unsigned char *from;
         (from = br_ssl_engine_sendrec_buf(&p->server.ssl.eng, &n)) != NULL;
         have += n) {
        memcpy(bytes + have, from, n);
        br_ssl_engine_sendrec_ack(&p->server.ssl.eng, n);
    }
    in = hc_str_n(bytes, have);
    hc_tls_feed(&p->tls, &in);
    CHECK(in.n > 0);
    CHECK_INT(hc_tls_state(&p->tls), TLS_OPEN);
    CHECK(hc_tls_read(&p->tls, &n) != NULL);
    CHECK_INT(n, 10);
    hc_tls_read_ack(&p->tls, n);
    hc_tls_feed(&p->tls, &in);
    CHECK_INT(in.n, 0);
    CHECK_INT(hc_tls_state(&p->tls), TLS_CLOSED);
    pair_end(p);
}

TEST(tls, an_end_without_close_notify_is_told_apart)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    CHECK_INT(hc_tls_eof(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, "during the TLS handshake");
    hc_tls_fini(&p->tls);

    hc_error_reset(&p->e);
    check_opens(p, HOST);
    CHECK_INT(hc_tls_eof(&p->tls, &p->e), HEADCOUNT_ETRUNCATED);
    check_says(&p->e, HOST);
    pair_end(p);
}

TEST(tls, closing_sends_what_was_written_then_close_notify)
{
    struct pair *p = pair_new("ec");
    struct hc_str s = HC_STR("bye");
    size_t n;

    check_opens(p, HOST);
    hc_tls_write(&p->tls, &s);
    hc_tls_close(&p->tls);
    hc_tls_close(&p->tls);
    pump(p);
    const unsigned char *got =
        br_ssl_engine_recvapp_buf(&p->server.ssl.eng, &n);

    CHECK_INT(n, 3);
    CHECK_MEM(got, 3, "bye");
    br_ssl_engine_recvapp_ack(&p->server.ssl.eng, n);
    pump(p);
    CHECK_INT(p->server.ssl.eng.shutdown_recv, 1);
    CHECK_INT(hc_tls_state(&p->tls), TLS_CLOSED);
    pair_end(p);
}

TEST(tls, close_in_any_other_state_does_nothing)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    hc_tls_close(&p->tls);
    hc_tls_flush(&p->tls);
    CHECK_INT(hc_tls_state(&p->tls), TLS_HANDSHAKE);
    pump(p);
    CHECK_INT(hc_tls_state(&p->tls), TLS_OPEN);
    pair_end(p);
}

/* Bytes in place of a server's first answer. */
static void check_answer(struct hc_str bytes, const char *part)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    size_t n;

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    hc_tls_out(&p->tls, &n);
    hc_tls_out_ack(&p->tls, n);
    hc_tls_feed(&p->tls, &bytes);
    CHECK_INT(hc_tls_state(&p->tls), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    CHECK_INT(hc_tls_eof(&p->tls, NULL), HEADCOUNT_ETLS);
    CHECK(hc_tls_in_room(&p->tls, &n) == NULL);
    CHECK(hc_tls_out(&p->tls, &n) == NULL);
    check_says(&p->e, HOST);
    check_says(&p->e, part);
    pair_end(p);
}

TEST(tls, each_alert_has_its_sentence)
{
    static const struct {
        unsigned char alert;
        const char *part;
    } alerts[] = {
        { 70, "only TLS 1.3" }, { 40, "no cipher suite or curve in common" },
        { 71, "stronger cipher suites" }, { 80, "internal error" },
        { 112, "does not know this name" }, { 116, "TLS alert 116" },
        { 42, "TLS alert 42" }, { 49, "denies access" },
        { 20, "record of ours" }, { 99, "TLS alert 99" }
    };

    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        char bytes[] = { 21, 3, 3, 0, 2, 2, (char)alerts[i].alert };

        check_answer(hc_str_n(bytes, sizeof(bytes)), alerts[i].part);
    }
}

TEST(tls, what_is_no_tls_is_told)
{
    check_answer(HC_STR("HTTP/1.1 400 Bad Request\r\n\r\n"),
                 "does not answer in TLS but in plain HTTP: check the port");
    check_answer(HC_STR("220 smtp ready\r\n"), "does not answer in TLS");
    check_answer(HC_STR("\x15\x03\x03\x00\x02\x01\x00"),
                 "before the handshake was over");
    check_answer(HC_STR("\x17\x03\x03\x00\x02\x01\x00"), "rules of TLS");
    /* A ServerHello of TLS 1.2 in a record of TLS 1.1. */
    check_answer(HC_STR("\x16\x03\x02\x00\x06\x02\x00\x00\x26\x03\x03"),
                 "another version of TLS than its handshake");
}

#define FLOOD ((size_t)4 << 20)

/* Records that the engine passes over: whoever sends them without end must not
 * keep us from everything else, deadlines included. */
TEST(tls, a_handshake_that_goes_nowhere_ends)
{
    static const struct hc_str rows[] = {
        { "\x15\x03\x03\x00\x02\x01\x5A", 7 },      /* a warning      */
        { "\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9 },  /* HelloRequest */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pair *p = pair_new("ec");
        struct hc_tls_config c = config_of(p, HOST);
        size_t n, sent = 0;

        CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
        hc_tls_out(&p->tls, &n);
        hc_tls_out_ack(&p->tls, n);
        for (; hc_tls_state(&p->tls) == TLS_HANDSHAKE && sent < FLOOD;
             sent += rows[i].n) {
            struct hc_str in = rows[i];

            hc_tls_feed(&p->tls, &in);
        }
        CHECK(sent > HC_CHAIN_DEPTH * HC_CERT_MAX);    /* a chain fits in */
        CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
        check_says(&p->e, HOST ": 1 MiB of TLS records carried no byte");
        CHECK_INT(p->e.permanent, 0);
        pair_end(p);
    }
}

TEST(tls, records_without_plain_text_end)
{
    struct pair *p = pair_new("ec");
    br_ssl_engine_context *eng = &p->server.ssl.eng;
    size_t sent = 0, n;

    check_opens(p, HOST);
    check_echo(p, "hello");
    hc_buf_reset(&p->to_client);
    while (hc_tls_state(&p->tls) == TLS_OPEN && sent < FLOOD) {
        br_ssl_engine_flush(eng, 1);     /* an empty record */
        pump(p);
        CHECK(hc_tls_read(&p->tls, &n) == NULL);
        sent = p->to_client.n;
    }
    CHECK(sent > 0);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, HOST ": 1 MiB of TLS records carried no byte");
    pair_end(p);
}

/* A refusal that the next handshake would meet again is not tried again; what
 * may pass is. */
TEST(tls, it_is_known_which_failures_last)
{
    const struct { struct hc_str bytes; int permanent; } rows[] = {
        { HC_STR("\x15\x03\x03\x00\x02\x02\x28"), 1 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x46"), 1 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x47"), 1 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x31"), 1 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x70"), 1 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x50"), 0 },
        { HC_STR("\x15\x03\x03\x00\x02\x02\x14"), 0 },
        { HC_STR("\x15\x03\x03\x00\x02\x01\x00"), 0 },
        { HC_STR("HTTP/1.1 400 Bad Request\r\n\r\n"), 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pair *p = pair_new("ec");
        struct hc_tls_config c = config_of(p, HOST);
        struct hc_str bytes = rows[i].bytes;
        size_t n;

        CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
        hc_tls_out(&p->tls, &n);
        hc_tls_out_ack(&p->tls, n);
        hc_tls_feed(&p->tls, &bytes);
        CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
        CHECK_INT(p->e.permanent, rows[i].permanent);
        pair_end(p);
    }
}

static void let_it_ask(struct pair *p, br_x509_minimal_context *x509)
{
    static unsigned char nobody[] = { 0x30, 0x00 };
    static const br_x500_name name = { nobody, sizeof(nobody) };

    br_x509_minimal_init(x509, &br_sha256_vtable, NULL, 0);
    br_ssl_engine_set_x509(&p->server.ssl.eng, &x509->vtable);
    br_ssl_server_set_trust_anchor_names(&p->server.ssl, &name, 1);
    tls_server_start(&p->server);
}

/* The server asks for a client certificate, and says no to none.  With which
 * alert it does that is its own choice. */
TEST(tls, a_demand_for_a_client_certificate_is_named)
{
    struct hc_str alert = HC_STR("\x15\x03\x03\x00\x02\x02\x2a");
    br_x509_minimal_context x509;
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    let_it_ask(p, &x509);
    CHECK_INT(shake(p, &c), TLS_HANDSHAKE);
    CHECK(p->tls.asked);
    struct headcount_error cut = { .code = 0 };

    CHECK_INT(hc_tls_eof(&p->tls, &cut), HEADCOUNT_ETLS);
    check_says(&cut, "after it asked for a client certificate");
    CHECK_INT(cut.permanent, 0);
    hc_tls_feed(&p->tls, &alert);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, "demands a client certificate");
    check_says(&p->e, "TLS alert 42");
    CHECK_INT(p->e.permanent, 1);
    pair_end(p);
}

/* A server that only asks gets an empty list, and may go on. */
TEST(tls, a_client_certificate_that_is_not_demanded_is_not_missed)
{
    br_x509_minimal_context x509;
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    br_ssl_engine_add_flags(&p->server.ssl.eng,
                            BR_OPT_TOLERATE_NO_CLIENT_AUTH);
    let_it_ask(p, &x509);
    CHECK_INT(shake(p, &c), TLS_OPEN);
    CHECK(p->tls.asked);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), 0);
    pair_end(p);
}

/* Records may cut a message anywhere, within its head, too. */
TEST(tls, a_request_for_a_certificate_is_seen_across_records)
{
    struct hc_str bytes = HC_STR("\x16\x03\x03\x00\x02\x0d\x00"
                                 "\x16\x03\x03\x00\x02\x00\x00");
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    size_t n;

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    hc_tls_out(&p->tls, &n);
    hc_tls_out_ack(&p->tls, n);
    hc_tls_feed(&p->tls, &bytes);
    CHECK(p->tls.asked);
    pair_end(p);
}

TEST(tls, plain_text_inside_a_connection_is_named)
{
    struct hc_str bytes = HC_STR("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    CHECK_INT(shake(p, &c), TLS_OPEN);
    CHECK(!p->tls.asked);
    hc_tls_feed(&p->tls, &bytes);
    CHECK_INT(hc_tls_state(&p->tls), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, "plain text came inside the TLS connection (an HTTP");
    CHECK_INT(p->e.permanent, 0);
    pair_end(p);
}

TEST(tls, a_server_of_older_versions_is_refused)
{
    struct pair *p = pair_new("rsa");
    struct hc_tls_config c = config_of(p, HOST);

    br_ssl_engine_set_versions(&p->server.ssl.eng, BR_TLS10, BR_TLS11);
    tls_server_start(&p->server);
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, HOST);
    pair_end(p);
}

TEST(tls, a_server_without_ecdhe_and_aead_is_refused)
{
    static const uint16_t old[] = { BR_TLS_RSA_WITH_AES_128_GCM_SHA256,
                                    BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA };
    struct pair *p = pair_new("rsa");
    struct hc_tls_config c = config_of(p, HOST);

    br_ssl_engine_set_suites(&p->server.ssl.eng, old, 2);
    tls_server_start(&p->server);
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    check_says(&p->e, "no cipher suite or curve in common");
    pair_end(p);
}

TEST(tls, each_suite_of_ours_works)
{
    static const struct {
        uint16_t suite;
        const char *chain;
    } suites[] = {
        { BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ec" },
        { BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "rsa" },
        { BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ec" },
        { BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "rsa" },
        { BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ec" },
        { BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "rsa" }
    };

    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        struct pair *p = pair_new(suites[i].chain);
        struct hc_tls_session s;

        br_ssl_engine_set_suites(&p->server.ssl.eng, &suites[i].suite, 1);
        tls_server_start(&p->server);
        check_opens(p, HOST);
        check_echo(p, "hello");
        CHECK(hc_tls_session_get(&p->tls, &s));
        CHECK_INT(s.params.cipher_suite, suites[i].suite);
        CHECK_INT(s.params.version, BR_TLS12);
        pair_end(p);
    }
}

/* ---- certificates ---- */

TEST(tls, each_bad_certificate_is_refused_with_its_sentence)
{
    static const struct {
        const char *chain, *host, *part;
    } bad[] = {
        { "expired", HOST, "expired on 20" },
        { "future", HOST, "is not valid before 20" },
        { "self-signed", HOST, "self-signed" },
        { "wrong-name", HOST, "is for other names (subjectAltName)" },
        { "rsa1024", HOST, "fewer than 2048 bits" },
        { "rsa2047", HOST, "fewer than 2048 bits" },
        { "critical", HOST, "critical extension" },
        { "constrained", HOST, "name constraints" },
        { "cn-only", HOST, "no subjectAltName" },
        { "other-root", HOST, "other-ca" },
        { "not-a-ca", HOST, "no CA" },
        { "client-only", HOST, "lacks serverAuth" },
        { "sha1", HOST, "SHA-1" },
        { "no-int", HOST, "left an intermediate out" },
        { "wildcard", "a." HOST, "is for other names (subjectAltName)" },
        { "ec", "other.test.internal", "subjectAltName" },
        { "ec", "127.0.0.2", "iPAddress" },
        { "ec", "::2", "iPAddress" },
        { "wildcard", "127.0.0.1", "iPAddress" }
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair *p = pair_new(bad[i].chain);
        struct hc_tls_config c = config_of(p, bad[i].host);
        struct hc_tls_session s;

        CHECK_INT(shake(p, &c), TLS_FAILED);
        CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ECERT);
        check_says(&p->e, bad[i].host);
        check_says(&p->e, bad[i].part);
        CHECK(!hc_tls_session_get(&p->tls, &s));
        pair_end(p);
    }
}

TEST(tls, a_wrong_clock_is_told_with_both_dates)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);

    c.wall = (int64_t)946684800 * HC_SECOND;          /* 2000-01-01 */
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ECERT);
    check_says(&p->e, "the clock here says 2000-01-01");
    hc_tls_fini(&p->tls);

    hc_error_reset(&p->e);
    tls_server_start(&p->server);
    c.wall = (int64_t)4102444800 * HC_SECOND;         /* 2100-01-01 */
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ECERT);
    check_says(&p->e, "the clock here says 2100-01-01");
    hc_tls_fini(&p->tls);

    hc_error_reset(&p->e);
    tls_server_start(&p->server);
    c.wall = 0;                                       /* never "unset" */
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ECERT);
    check_says(&p->e, "the clock here says 1970-01-01");
    pair_end(p);
}

/* ---- sessions ---- */

static struct hc_tls_session session_of(struct pair *p)
{
    struct hc_tls_session s;

    check_opens(p, HOST);
    CHECK(hc_tls_session_get(&p->tls, &s));
    hc_tls_fini(&p->tls);
    tls_server_start(&p->server);
    return s;
}

/* A connection that offers s: is it resumed? */
static bool resumes(struct pair *p, const struct hc_tls_config *c)
{
    bool was;

    CHECK_INT(shake(p, c), TLS_OPEN);
    check_echo(p, "hello");
    was = hc_tls_was_resumed(&p->tls);
    hc_tls_fini(&p->tls);
    tls_server_start(&p->server);
    return was;
}

TEST(tls, a_session_is_resumed_without_a_certificate)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_session s = session_of(p), again;
    struct hc_tls_config c = config_of(p, HOST);

    c.session = &s;
    c.wall = s.from + 600 * HC_SECOND;
    c.seed[0] ^= 1;
    CHECK_INT(shake(p, &c), TLS_OPEN);
    CHECK(hc_tls_was_resumed(&p->tls));
    check_echo(p, "hello");
    /* A resumption does not prolong the hour. */
    CHECK(hc_tls_session_get(&p->tls, &again));
    CHECK_INT(again.from, s.from);
    CHECK_INT(again.until, s.until);
    CHECK_INT(s.until, s.from + 3600 * HC_SECOND);
    pair_end(p);
}

TEST(tls, a_session_that_the_server_forgot_becomes_a_full_handshake)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_session s = session_of(p), again;
    struct hc_tls_config c = config_of(p, HOST);

    tls_server_forget(&p->server);
    c.session = &s;
    c.wall = s.from + 600 * HC_SECOND;
    c.seed[0] ^= 1;
    CHECK_INT(shake(p, &c), TLS_OPEN);
    CHECK(!hc_tls_was_resumed(&p->tls));
    CHECK(hc_tls_session_get(&p->tls, &again));
    CHECK_INT(again.from, c.wall);
    pair_end(p);
}

TEST(tls, a_session_is_offered_only_where_and_while_it_fits)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_session good = session_of(p), s = good;
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_anchors other = p->anchors;

    c.session = &s;
    c.wall = good.from;
    CHECK(resumes(p, &c));
    c.wall = good.until - 1;
    CHECK(resumes(p, &c));
    c.wall = good.until;
    CHECK(!resumes(p, &c));
    c.wall = good.from - 1;
    CHECK(!resumes(p, &c));
    c.wall = good.from;
    c.host = HC_STR("localhost");
    CHECK(!resumes(p, &c));
    c.host = HC_STR(HOST);
    c.anchors = &other;
    CHECK(!resumes(p, &c));
    c.anchors = &p->anchors;
    s.params.version = BR_TLS11;
    CHECK(!resumes(p, &c));
    s = good;
    s.params.cipher_suite = BR_TLS_RSA_WITH_AES_128_CBC_SHA;
    CHECK(!resumes(p, &c));
    s = good;
    s.params.session_id_len = 0;
    CHECK(!resumes(p, &c));
    s = good;
    CHECK(resumes(p, &c));
    pair_end(p);
}

TEST(tls, a_session_with_another_secret_does_not_open)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_session s = session_of(p);
    struct hc_tls_config c = config_of(p, HOST);

    s.params.master_secret[7] ^= 1;
    c.session = &s;
    CHECK_INT(shake(p, &c), TLS_FAILED);
    CHECK_INT(hc_tls_error(&p->tls, &p->e), HEADCOUNT_ETLS);
    pair_end(p);
}

TEST(tls, there_is_no_session_before_the_handshake_is_over)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, HOST);
    struct hc_tls_session s;

    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), 0);
    CHECK(!hc_tls_session_get(&p->tls, &s));
    CHECK(!hc_tls_was_resumed(&p->tls));
    pair_end(p);
}

TEST(tls, a_server_without_sessions_gives_none)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_session s;

    br_ssl_server_set_cache(&p->server.ssl, NULL);
    tls_server_start(&p->server);
    check_opens(p, HOST);
    if (hc_tls_session_get(&p->tls, &s))
        CHECK(s.params.session_id_len > 0);
    pair_end(p);
}

/* ---- misuse ---- */

TEST(tls, a_host_and_anchors_are_mandatory)
{
    struct pair *p = pair_new("ec");
    struct hc_tls_config c = config_of(p, "");
    char long_name[300];
    struct hc_anchors none = { 0 };

    memset(long_name, 'a', sizeof(long_name));
    CHECK_INT(hc_tls_init(&p->tls, &c, &p->e), HEADCOUNT_EARG);
    hc_tls_fini(&p->tls);
    c.host = hc_str_n(long_name, 256);
    CHECK_INT(hc_tls_init(&p->tls, &c, NULL), HEADCOUNT_EARG);
    c.host = hc_str_n("a\0b", 3);
    CHECK_INT(hc_tls_init(&p->tls, &c, NULL), HEADCOUNT_EARG);
    c.host = HC_STR(HOST);
    c.anchors = NULL;
    CHECK_INT(hc_tls_init(&p->tls, &c, NULL), HEADCOUNT_EARG);
    c.anchors = &none;
    CHECK_INT(hc_tls_init(&p->tls, &c, NULL), HEADCOUNT_EARG);
    check_says(&p->e, "without a usable name");
    pair_end(p);
}

TEST(tls, acks_beyond_what_was_lent_do_nothing)
{
    struct pair *p = pair_new("ec");
    size_t n;

    check_opens(p, HOST);
    hc_tls_in_ack(&p->tls, 6);
    hc_tls_in_ack(&p->tls, 0);
    hc_tls_out_ack(&p->tls, 1);
    hc_tls_read_ack(&p->tls, 1);
    hc_tls_write_room(&p->tls, &n);
    hc_tls_write_ack(&p->tls, n + 1);
    check_echo(p, "hello");
    pair_end(p);
}

/* Only what the connection itself asks for may fail here. */
static int one_handshake(void)
{
    struct pair *p = pair_with("ec", &hc_alloc_libc);
    struct hc_tls_config c = config_of(p, HOST);
    int err = hc_tls_init(&p->tls, &c, &p->e);

    if (err == 0) {
        pump(p);
        err = hc_tls_error(&p->tls, &p->e);
    }
    CHECK_INT(p->e.code, err);
    pair_end(p);
    return err;
}

TEST(tls, every_allocation_may_fail)
{
    t_fails_every_allocation(one_handshake);
}
