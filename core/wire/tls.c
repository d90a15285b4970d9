/* wire/tls.c - BearSSL's client engine with one profile and four ports.
 *
 *   HANDSHAKE --> OPEN --> CLOSED        any --> FAILED
 *
 *   HANDSHAKE -> OPEN      the engine lends room for or bytes of plain text
 *   HANDSHAKE -> FAILED    an error, an alert, close_notify
 *   OPEN      -> CLOSED    close_notify was read
 *   OPEN      -> FAILED    an error, an alert, a handshake record
 *
 * Each change is made in tls_refresh, after each step of the engine.  The
 * profile (wire/tls_profile.h) is TLS 1.2 with ECDHE and AEAD; there is no
 * other, and no way to ask for one.
 */
#include "wire/tls.h"

#include <string.h>

#include "wire/tls_profile.h"

#define TLS_SESSION_LIFE (3600 * HC_SECOND)
#define TLS_RECORD_CHANGE 20             /* ChangeCipherSpec                 */
#define TLS_RECORD_HANDSHAKE 22
#define TLS_CERTIFICATE_REQUEST 13
/* The engine passes over warnings, HelloRequests and empty records, however
 * many there are.  This is more than the largest chain that is looked at, and
 * is over in a moment: a peer that sends such records as fast as they are read
 * would keep its reader from everything else, deadlines included. */
#define TLS_BARREN ((size_t)1 << 20)

/* ---- the engine's state as ours ---- */

static void tls_refresh(struct hc_tls *tls)
{
    const br_ssl_engine_context *eng = &tls->client.eng;
    unsigned flags = br_ssl_engine_current_state(eng);
    bool ended = eng->shutdown_recv != 0 || flags == BR_SSL_CLOSED;
    bool failed = br_ssl_engine_last_error(eng) != BR_ERR_OK ||
                  tls->barren > TLS_BARREN;

    switch (tls->state) {
    case TLS_HANDSHAKE:
        if (failed || ended)
            tls->state = TLS_FAILED;
        else if ((flags & (BR_SSL_SENDAPP | BR_SSL_RECVAPP)) != 0)
            tls->state = TLS_OPEN;
        tls->opened = tls->state == TLS_OPEN;
        break;
    case TLS_OPEN:
        if (failed || tls->renegotiated)
            tls->state = TLS_FAILED;
        else if (ended)
            tls->state = TLS_CLOSED;
        break;
    case TLS_CLOSED:
    case TLS_FAILED:
        break;
    }
}

/* ---- init ---- */

static bool tls_session_fits(const struct hc_tls_config *c)
{
    const struct hc_tls_session *s = c->session;

    return s != NULL && s->anchors == c->anchors &&
           hc_str_eqz(c->host, s->host) && s->from <= c->wall &&
           c->wall < s->until && s->params.version == BR_TLS12 &&
           hc_tls_profile_has(s->params.cipher_suite) &&
           s->params.session_id_len > 0 && s->params.session_id_len <= 32;
}

static void tls_set_session(struct hc_tls *tls, const struct hc_tls_config *c)
{
    tls->from = c->wall;
    tls->until = hc_time_add(c->wall, TLS_SESSION_LIFE);
    tls->offered = tls_session_fits(c);
    if (!tls->offered)
        return;
    br_ssl_engine_set_session_parameters(&tls->client.eng,
                                         &c->session->params);
    tls->offered_from = c->session->from;
    tls->offered_until = c->session->until;
}

int hc_tls_init(struct hc_tls *tls, const struct hc_tls_config *c,
                struct headcount_error *e)
{
    memset(tls, 0, sizeof(*tls));
    if (c->anchors == NULL || c->anchors->n == 0)
        return hc_error_set(e, HEADCOUNT_EARG, "TLS without trusted roots");
    int err = hc_chain_init(&tls->chain, c->anchors, c->host, c->wall,
                            c->alloc);

    if (err < 0)
        return hc_error_set(e, err, "TLS to a host without a usable name");
    tls->buffer = hc_alloc(c->alloc, BR_SSL_BUFSIZE_BIDI);
    if (tls->buffer == NULL) {
        hc_chain_fini(&tls->chain);
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "%s: no memory for TLS buffers", tls->chain.host);
    }
    tls->alloc = c->alloc;
    tls->anchors = c->anchors;
    hc_chain_compute(&tls->chain, c->cpu);
    hc_tls_profile(&tls->client, &tls->curves, c->cpu);
    br_ssl_engine_set_x509(&tls->client.eng, &tls->chain.vtable);
    br_ssl_engine_set_buffer(&tls->client.eng, tls->buffer,
                             BR_SSL_BUFSIZE_BIDI, 1);
    br_ssl_engine_inject_entropy(&tls->client.eng, c->seed, HC_TLS_SEED);
    /* All randomness comes from the caller.  The engine's own seeder would read
     * RDRAND or a file; this says that the system was asked already. */
    tls->client.eng.rng_os_rand_done = 1;
    tls_set_session(tls, c);
    br_ssl_client_reset(&tls->client,
                        tls->chain.ip_n > 0 ? NULL : tls->chain.host,
                        tls->offered);
    tls_refresh(tls);
    return 0;
}

void hc_tls_fini(struct hc_tls *tls)
{
    if (tls->buffer != NULL) {
        hc_wipe(tls->buffer, BR_SSL_BUFSIZE_BIDI);
        hc_free(tls->alloc, tls->buffer, BR_SSL_BUFSIZE_BIDI);
        hc_chain_fini(&tls->chain);
    }
    hc_wipe(tls, sizeof(*tls));
}

enum hc_tls_state hc_tls_state(const struct hc_tls *tls)
{
    return tls->state;
}

bool hc_tls_has_heard(const struct hc_tls *tls)
{
    return tls->record_n > 0;
}

bool hc_tls_is_whole(const struct hc_tls *tls)
{
    return tls->record_left == 0 &&
           tls->record_n % sizeof(tls->record) == 0;
}

/* ---- in ---- */

/* Reads the heads of handshake messages (RFC 5246, 7.4), which may be cut by
 * records anywhere.  After ChangeCipherSpec they are encrypted. */
static void tls_watch_messages(struct hc_tls *tls, const unsigned char *p,
                               size_t n)
{
    while (n > 0) {
        size_t skip = tls->message_left < n ? tls->message_left : n;

        tls->message_left -= skip;
        p += skip;
        n -= skip;
        if (n == 0)
            return;
        tls->message[tls->message_n++] = *p++;
        n--;
        if (tls->message_n < sizeof(tls->message))
            continue;
        tls->message_n = 0;
        tls->message_left = (size_t)tls->message[1] << 16 |
                            (size_t)tls->message[2] << 8 | tls->message[3];
        if (tls->message[0] == TLS_CERTIFICATE_REQUEST)
            tls->asked = true;
    }
}

/* The bytes that came last are no record: "HTTP/1.1 400 ...". */
static bool tls_is_plain(const struct hc_tls *tls)
{
    return tls->record_n >= 2 && tls->record[1] != 3;
}

/* Reads the head of each record that comes in (RFC 5246, 6.2.1).  A handshake
 * record after the handshake is an attempt to renegotiate, which fails the
 * connection here; the engine would answer a HelloRequest with a warning and go
 * on. */
static void tls_watch(struct hc_tls *tls, const unsigned char *p, size_t n)
{
    while (n > 0) {
        size_t rest = tls->record_left;

        if (rest > 0) {
            rest = rest < n ? rest : n;
            if (tls->record[0] == TLS_RECORD_HANDSHAKE)
                tls_watch_messages(tls, p, rest);
            tls->record_left -= rest;
            p += rest;
            n -= rest;
            continue;
        }
        if (tls->record_n == sizeof(tls->record))
            tls->record_n = 0;
        if (tls->record_n == 0 && *p == TLS_RECORD_HANDSHAKE)
            tls->renegotiated = tls->state == TLS_OPEN;
        if (tls->record_n == 0 && *p == TLS_RECORD_CHANGE)
            tls->message_left = SIZE_MAX;
        tls->record[tls->record_n++] = *p++;
        n--;
        if (tls->record_n < sizeof(tls->record))
            continue;
        tls->record_left = (size_t)tls->record[3] << 8 | tls->record[4];
        tls->answered = tls->answered || !tls_is_plain(tls);
    }
}

unsigned char *hc_tls_in_room(struct hc_tls *tls, size_t *n)
{
    *n = 0;
    if (tls->state == TLS_FAILED || tls->state == TLS_CLOSED)
        return NULL;
    return br_ssl_engine_recvrec_buf(&tls->client.eng, n);
}

void hc_tls_in_ack(struct hc_tls *tls, size_t n)
{
    size_t room;
    const unsigned char *p = hc_tls_in_room(tls, &room);

    if (p == NULL || n == 0 || n > room)
        return;
    tls_watch(tls, p, n);
    tls->barren += n;
    br_ssl_engine_recvrec_ack(&tls->client.eng, n);
    tls_refresh(tls);
}

void hc_tls_feed(struct hc_tls *tls, struct hc_str *in)
{
    while (in->n > 0) {
        size_t n;
        unsigned char *p = hc_tls_in_room(tls, &n);

        if (p == NULL)
            return;
        n = n < in->n ? n : in->n;
        memcpy(p, in->p, n);
        *in = hc_str_from(*in, n);
        hc_tls_in_ack(tls, n);
    }
}

/* ---- out, read, write ---- */

/* The engine makes ClientKeyExchange, ChangeCipherSpec and Finished one after
 * the other, the next one when the last one was acknowledged. */
static void tls_gather(struct hc_tls *tls)
{
    br_ssl_engine_context *eng = &tls->client.eng;

    while (tls->state == TLS_HANDSHAKE) {
        size_t n = 0;
        const unsigned char *p = br_ssl_engine_sendrec_buf(eng, &n);

        if (p == NULL || n > sizeof tls->flight - tls->flight_n)
            return;
        memcpy(tls->flight + tls->flight_n, p, n);
        tls->flight_n += (unsigned char)n;
        br_ssl_engine_sendrec_ack(eng, n);
        tls_refresh(tls);
    }
}

const unsigned char *hc_tls_out(struct hc_tls *tls, size_t *n)
{
    *n = 0;
    if (tls->state == TLS_HANDSHAKE && tls->flight_n == 0)
        tls_gather(tls);
    if (tls->state == TLS_FAILED)
        return NULL;
    if (tls->flight_n > 0) {
        *n = (size_t)(tls->flight_n - tls->flight_at);
        return tls->flight + tls->flight_at;
    }
    return br_ssl_engine_sendrec_buf(&tls->client.eng, n);
}

void hc_tls_out_ack(struct hc_tls *tls, size_t n)
{
    size_t room;

    if (hc_tls_out(tls, &room) == NULL || n == 0 || n > room)
        return;
    if (tls->flight_n > 0) {
        tls->flight_at += (unsigned char)n;
        if (n == room)
            tls->flight_at = tls->flight_n = 0;
        return;
    }
    br_ssl_engine_sendrec_ack(&tls->client.eng, n);
    tls_refresh(tls);
}

const unsigned char *hc_tls_read(struct hc_tls *tls, size_t *n)
{
    *n = 0;
    if (tls->state == TLS_FAILED)
        return NULL;
    return br_ssl_engine_recvapp_buf(&tls->client.eng, n);
}

void hc_tls_read_ack(struct hc_tls *tls, size_t n)
{
    size_t room;

    if (hc_tls_read(tls, &room) == NULL || n == 0 || n > room)
        return;
    tls->barren = 0;
    br_ssl_engine_recvapp_ack(&tls->client.eng, n);
    tls_refresh(tls);
}

unsigned char *hc_tls_write_room(struct hc_tls *tls, size_t *n)
{
    *n = 0;
    if (tls->state != TLS_OPEN || tls->flight_n > 0)
        return NULL;
    return br_ssl_engine_sendapp_buf(&tls->client.eng, n);
}

void hc_tls_write_ack(struct hc_tls *tls, size_t n)
{
    size_t room;

    if (hc_tls_write_room(tls, &room) == NULL || n == 0 || n > room)
        return;
    br_ssl_engine_sendapp_ack(&tls->client.eng, n);
    tls_refresh(tls);
}

void hc_tls_write(struct hc_tls *tls, struct hc_str *from)
{
    while (from->n > 0) {
        size_t n;
        unsigned char *p = hc_tls_write_room(tls, &n);

        if (p == NULL)
            return;
        n = n < from->n ? n : from->n;
        memcpy(p, from->p, n);
        *from = hc_str_from(*from, n);
        hc_tls_write_ack(tls, n);
    }
}

void hc_tls_flush(struct hc_tls *tls)
{
    if (tls->state == TLS_OPEN)
        br_ssl_engine_flush(&tls->client.eng, 0);
}

void hc_tls_close(struct hc_tls *tls)
{
    if (tls->state != TLS_OPEN)
        return;
    br_ssl_engine_flush(&tls->client.eng, 0);
    br_ssl_engine_close(&tls->client.eng);
    tls_refresh(tls);
}

/* ---- what to say ---- */

struct tls_sentence {
    short br_err;
    bool lasts;              /* the next handshake would meet it again       */
    const char *text;
};

#define TLS_OURS "headcount speaks TLS 1.2 with ECDHE and AES-GCM or ChaCha20"
#define TLS_ALERT BR_ERR_RECV_FATAL_ALERT

/* Alerts by their number: RFC 5246, 7.2; RFC 6066, 9; RFC 8446, 6. */
static const struct tls_sentence tls_sentences[] = {
    { BR_ERR_UNSUPPORTED_VERSION, true,
      "the server chose a version of TLS before 1.2: " TLS_OURS },
    { BR_ERR_BAD_VERSION, true,
      "a record of the server has another version of TLS than its handshake: "
      "look at what stands between (proxy, firewall)" },
    { BR_ERR_BAD_MAC, false,
      "a record was forged or damaged on the way: try again, and if it stays "
      "so, look at what stands between (proxy, firewall)" },
    { BR_ERR_TOO_LARGE, false,
      "the server sent a larger record than TLS allows" },
    { BR_ERR_BAD_CIPHER_SUITE, true,
      "the server chose a cipher suite that was not offered: " TLS_OURS },
    { BR_ERR_BAD_SECRENEG, true,
      "the server handles secure renegotiation wrongly (RFC 5746)" },
    { BR_ERR_BAD_FINISHED, false,
      "the two sides saw different handshakes: somebody may have changed it "
      "on the way" },
    { BR_ERR_BAD_SIGNATURE, false,
      "the server could not prove that it holds its certificate's key" },
    { BR_ERR_RESUME_MISMATCH, false,
      "the server resumed the session with other parameters" },
    { BR_ERR_WRONG_KEY_USAGE, true,
      "the key in the server's certificate is not for the cipher suite that "
      "it chose" },
    { TLS_ALERT + 20, false,
      "the server says that a record of ours was damaged" },
    { TLS_ALERT + 40, true,
      "the server found no cipher suite or curve in common: " TLS_OURS },
    { TLS_ALERT + 49, true, "the server denies access (TLS alert 49)" },
    { TLS_ALERT + 70, true,
      "the server does not speak TLS 1.2 (only TLS 1.3, or only an older "
      "one): " TLS_OURS "; use an endpoint that accepts TLS 1.2, or a proxy "
      "that does" },
    { TLS_ALERT + 71, true,
      "the server wants stronger cipher suites: " TLS_OURS },
    { TLS_ALERT + 80, false,
      "the server has an internal error (TLS alert 80): try again later" },
    { TLS_ALERT + 112, true,
      "the server does not know this name (TLS alert 112): check the "
      "endpoint" }
};

/* The next handshake would meet it again.  After the handshake it is an
 * accident, whatever it is. */
static int tls_permanent(const struct hc_tls *tls, struct headcount_error *e)
{
    if (!tls->opened)
        hc_error_permanent(e);
    return HEADCOUNT_ETLS;
}

static int tls_say_plain(const struct hc_tls *tls, struct headcount_error *e)
{
    bool http = tls->record_n == sizeof(tls->record) &&
                memcmp(tls->record, "HTTP/", sizeof(tls->record)) == 0;

    if (tls->answered)
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: plain text came inside the TLS connection%s: "
                            "look at what stands between (proxy, firewall)",
                            tls->chain.host, http ? " (an HTTP answer)" : "");
    hc_error_set(e, HEADCOUNT_ETLS,
                 "%s: the server does not answer in TLS%s: check the port, or "
                 "whether the endpoint is http://", tls->chain.host,
                 http ? " but in plain HTTP" : "");
    return tls_permanent(tls, e);
}

/* The server asked for a client certificate, got none, and said no: with which
 * alert differs (OpenSSL 40, Go 42, Java 42 or 46, others 41, 48, 116). */
static bool tls_is_unproved(const struct hc_tls *tls, int alert)
{
    return tls->asked && alert >= 40 && alert != 51 && alert != 80;
}

static int tls_say(const struct hc_tls *tls, int br_err,
                   struct headcount_error *e)
{
    const char *host = tls->chain.host;
    int alert = br_err < BR_ERR_SEND_FATAL_ALERT ? br_err - TLS_ALERT : 0;

    if (tls_is_unproved(tls, alert)) {
        hc_error_set(e, HEADCOUNT_ETLS,
                     "%s: the server demands a client certificate, and "
                     "headcount has none to give (TLS alert %d): use an "
                     "endpoint that asks for none", host, alert);
        return tls_permanent(tls, e);
    }
    for (size_t i = 0; i < sizeof(tls_sentences) / sizeof(*tls_sentences);
         i++) {
        if (tls_sentences[i].br_err != br_err)
            continue;
        hc_error_set(e, HEADCOUNT_ETLS, "%s: %s", host,
                     tls_sentences[i].text);
        return tls_sentences[i].lasts ? tls_permanent(tls, e)
                                      : HEADCOUNT_ETLS;
    }
    if (alert > 0)
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: the server broke off the handshake or the "
                            "connection (TLS alert %d)", host, alert);
    return hc_error_set(e, HEADCOUNT_ETLS,
                        "%s: the server breaks the rules of TLS (BearSSL "
                        "error %d)",
                        host, br_err);
}

static const char *tls_after_request(const struct hc_tls *tls)
{
    return tls->asked ? ", after it asked for a client certificate, which "
                        "headcount does not have" : "";
}

int hc_tls_error(const struct hc_tls *tls, struct headcount_error *e)
{
    int br_err = br_ssl_engine_last_error(&tls->client.eng);
    const char *host = tls->chain.host;

    if (tls->state != TLS_FAILED)
        return 0;
    if (tls->renegotiated)
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: the server asked to renegotiate TLS, which "
                            "is refused",
                            host);
    if (tls->chain.verdict != 0) {
        int code = hc_chain_error(&tls->chain, (int)tls->chain.verdict, e);

        if (code == HEADCOUNT_ECERT)
            hc_error_permanent(e);
        return code;
    }
    if (tls->barren > TLS_BARREN)
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: 1 MiB of TLS records carried no byte of an "
                            "answer: look at what answers there", host);
    if (tls_is_plain(tls))
        return tls_say_plain(tls, e);
    if (br_err == BR_ERR_OK)
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: the server ended TLS before the handshake "
                            "was over%s", host, tls_after_request(tls));
    return tls_say(tls, br_err, e);
}

int hc_tls_eof(const struct hc_tls *tls, struct headcount_error *e)
{
    switch (tls->state) {
    case TLS_HANDSHAKE:
        return hc_error_set(e, HEADCOUNT_ETLS,
                            "%s: the connection was closed during the TLS "
                            "handshake%s", tls->chain.host,
                            tls_after_request(tls));
    case TLS_OPEN:
        return hc_error_set(e, HEADCOUNT_ETRUNCATED,
                            "%s: the connection ended without TLS's "
                            "close_notify, so that more may have been to come",
                            tls->chain.host);
    case TLS_CLOSED:
        break;
    case TLS_FAILED:
        return hc_tls_error(tls, e);
    }
    return 0;
}

/* ---- sessions ---- */

bool hc_tls_was_resumed(const struct hc_tls *tls)
{
    return tls->offered && !tls->chain.begun &&
           (tls->state == TLS_OPEN || tls->state == TLS_CLOSED);
}

const char *hc_tls_suite(const struct hc_tls *tls)
{
    switch (tls->client.eng.session.cipher_suite) {
#define TLS_NAME(name) case BR_TLS_##name: return #name;
    TLS_NAME(ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
    TLS_NAME(ECDHE_RSA_WITH_AES_128_GCM_SHA256)
    TLS_NAME(ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)
    TLS_NAME(ECDHE_RSA_WITH_AES_256_GCM_SHA384)
    TLS_NAME(ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)
    TLS_NAME(ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)
#undef TLS_NAME
    default: return "none";
    }
}

const struct hc_chain *hc_tls_chain(const struct hc_tls *tls)
{
    return &tls->chain;
}

bool hc_tls_session_get(const struct hc_tls *tls, struct hc_tls_session *out)
{
    bool resumed = hc_tls_was_resumed(tls);

    memset(out, 0, sizeof(*out));
    if (tls->state != TLS_OPEN && tls->state != TLS_CLOSED)
        return false;
    br_ssl_engine_get_session_parameters(&tls->client.eng, &out->params);
    out->anchors = tls->anchors;
    out->from = resumed ? tls->offered_from : tls->from;
    out->until = resumed ? tls->offered_until
                         : hc_time_min(tls->until, tls->chain.until);
    memcpy(out->host, tls->chain.host, sizeof(out->host));
    return out->params.session_id_len > 0;
}
