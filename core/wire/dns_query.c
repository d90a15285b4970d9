/* wire/dns_query.c - one lookup of one type, without a socket.
 *
 *   ASK --> WAIT --> DONE | FAILED
 *
 *   ASK  -> WAIT     [hc_dns_query_ask]
 *   WAIT -> DONE     [dnsq_reply]   addresses, NXDOMAIN, no data
 *   WAIT -> ASK      [dnsq_reply]   cut: the same server, over TCP
 *                                   FORMERR: the same server, without EDNS
 *   WAIT -> ASK      [dnsq_next]    refused, broken, unreachable, silent: the
 *                                   next server; after the last the first
 *   WAIT -> FAILED   [dnsq_next]    every server had its attempts
 *   any  -> FAILED   [hc_dns_query_tick]   5 s are over
 *
 * A reply to another question is not looked at further: the wait goes on.
 */
#include "wire/dns_query.h"

#include "base/text.h"

bool hc_dns_query_init(struct hc_dns_query *q,
                       const struct hc_dns_query_config *config, int64_t now)
{
    *q = (struct hc_dns_query){
        .state = DNS_ASK, .name = config->name, .conf = *config->conf,
        .question = { .type = config->type, .edns = true },
        .start = now, .until = hc_time_add(now, HC_DNS_OVERALL),
    };
    hc_buf_init(&q->in, config->alloc, 2 + 65535);
    /* Each server is asked at least once within the whole time, however long a
     * timeout resolv.conf allows for one. */
    q->patience = hc_time_min(q->conf.timeout * HC_SECOND,
                              HC_DNS_OVERALL / (int64_t)q->conf.servers_n);
    return hc_dns_name_get(&q->question.name, config->name);
}

void hc_dns_query_fini(struct hc_dns_query *q)
{
    hc_buf_fini(&q->in);
}

static size_t dnsq_which(const struct hc_dns_query *q)
{
    return q->turn % q->conf.servers_n;
}

const struct hc_dns_server *hc_dns_query_server(const struct hc_dns_query *q)
{
    return &q->conf.servers[dnsq_which(q)];
}

size_t hc_dns_query_ask(struct hc_dns_query *q, uint16_t id, int64_t now,
                        unsigned char out[HC_DNS_ASK_MAX])
{
    size_t framing = q->tcp ? 2 : 0;

    q->state = DNS_WAIT;
    q->question.id = id;
    q->reply_until = hc_time_add(now, q->patience);
    q->of[dnsq_which(q)].asked++;
    hc_buf_reset(&q->in);
    size_t n = hc_dns_question_put(out + framing, &q->question);

    if (q->tcp) {
        out[0] = (unsigned char)(n >> 8);
        out[1] = (unsigned char)(n & 255);
    }
    return framing + n;
}

static void dnsq_next(struct hc_dns_query *q, enum hc_dns_trouble trouble)
{
    q->of[dnsq_which(q)].trouble = trouble;
    if (q->turn + 1 == q->conf.servers_n * q->conf.attempts) {
        q->state = DNS_FAILED;
        return;
    }
    q->turn++;
    q->tcp = false;
    q->question.edns = true;
    q->state = DNS_ASK;
}

/* A server that does not know EDNS answers FORMERR (RFC 6891, 7). */
static void dnsq_refusal(struct hc_dns_query *q)
{
    if (q->reply.rcode == HC_DNS_FORMERR && q->question.edns) {
        q->question.edns = false;
        q->state = DNS_ASK;
        return;
    }
    q->of[dnsq_which(q)].rcode = q->reply.rcode;
    dnsq_next(q, DNS_REFUSES);
}

static void dnsq_cut(struct hc_dns_query *q)
{
    if (q->tcp) {                    /* TCP has room for all of it */
        dnsq_next(q, DNS_BROKEN);
        return;
    }
    q->tcp = true;
    q->state = DNS_ASK;
}

static void dnsq_reply(struct hc_dns_query *q, struct hc_str message)
{
    hc_dns_reply_get(&q->reply, &q->question, message);
    switch (q->reply.kind) {
    case DNS_REPLY_STRANGER: break;
    case DNS_REPLY_ADDRS:
    case DNS_REPLY_NO_NAME:
    case DNS_REPLY_NO_DATA:  q->state = DNS_DONE;        break;
    case DNS_REPLY_CUT:      dnsq_cut(q);                break;
    case DNS_REPLY_REFUSAL:  dnsq_refusal(q);            break;
    case DNS_REPLY_BROKEN:   dnsq_next(q, DNS_BROKEN);   break;
    }
}

void hc_dns_query_datagram(struct hc_dns_query *q, struct hc_str datagram)
{
    if (q->state == DNS_WAIT && !q->tcp)
        dnsq_reply(q, datagram);
}

/* True while a whole message stands at the front of q->in. */
static bool dnsq_message(struct hc_dns_query *q, struct hc_str *out)
{
    struct hc_str in = hc_buf_view(&q->in);

    if (in.n < 2)
        return false;
    size_t n = (size_t)(unsigned char)in.p[0] << 8 | (unsigned char)in.p[1];

    if (in.n - 2 < n)
        return false;
    *out = hc_str_n(in.p + 2, n);
    return true;
}

void hc_dns_query_feed(struct hc_dns_query *q, struct hc_str bytes)
{
    struct hc_str message;

    while (bytes.n > 0 && q->state == DNS_WAIT && q->tcp) {
        size_t room = q->in.max - q->in.n;
        size_t n = bytes.n < room ? bytes.n : room;

        hc_buf_put(&q->in, bytes.p, n);
        if (hc_buf_error(&q->in) < 0) {
            q->out_of_memory = true;
            q->state = DNS_FAILED;
            return;
        }
        bytes = hc_str_from(bytes, n);
        while (q->state == DNS_WAIT && dnsq_message(q, &message)) {
            dnsq_reply(q, message);
            hc_buf_drop(&q->in, 2 + message.n);
        }
    }
}

void hc_dns_query_failed(struct hc_dns_query *q, int sys)
{
    if (q->state == DNS_DONE || q->state == DNS_FAILED)
        return;
    q->of[dnsq_which(q)].sys = sys;
    dnsq_next(q, DNS_UNREACHABLE);
}

void hc_dns_query_tick(struct hc_dns_query *q, int64_t now)
{
    if (q->state == DNS_WAIT && now >= q->reply_until)
        dnsq_next(q, DNS_SILENT);
    if ((q->state == DNS_WAIT || q->state == DNS_ASK) && now >= q->until) {
        /* A server that was asked and has not answered is silent. */
        q->state = DNS_FAILED;
    }
}

int64_t hc_dns_query_at(const struct hc_dns_query *q)
{
    switch (q->state) {
    case DNS_ASK:    return q->start;
    case DNS_WAIT:   return hc_time_min(q->reply_until, q->until);
    case DNS_DONE:
    case DNS_FAILED: break;
    }
    return HC_NEVER;
}

/* ---- what went wrong, for a person ---- */

struct dnsq_text { char z[320]; size_t n; };

static void dnsq_say(struct dnsq_text *t, const char *text)
{
    t->n += hc_fmt(t->z + t->n, sizeof t->z - t->n, "%s", text);
}

static void dnsq_say_trouble(struct dnsq_text *t, const struct hc_dns_query *q,
                             size_t i)
{
    switch (q->of[i].trouble) {
    case DNS_SILENT:
        dnsq_say(t, " did not answer");
        break;
    case DNS_REFUSES:
        dnsq_say(t, " answered ");
        dnsq_say(t, hc_dns_rcode_name(q->of[i].rcode));
        break;
    case DNS_BROKEN:
        dnsq_say(t, " sent a broken answer");
        break;
    case DNS_UNREACHABLE:
        dnsq_say(t, q->of[i].sys != 0 ? " cannot be reached"
                                      : " closed the connection");
        break;
    }
}

static void dnsq_say_times(struct dnsq_text *t, unsigned n)
{
    char number[32];

    hc_fmt(number, sizeof number, " %u times", n);
    dnsq_say(t, n == 1 ? " once" : n == 2 ? " twice" : number);
}

static void dnsq_say_servers(struct dnsq_text *t, const struct hc_dns_query *q,
                             bool troubles)
{
    for (size_t i = 0; i < q->conf.servers_n; i++) {
        char server[HC_DNS_SERVER_TEXT];

        if (q->of[i].asked == 0 && q->of[i].trouble == DNS_SILENT)
            continue;
        hc_dns_server_put(server, &q->conf.servers[i]);
        dnsq_say(t, t->n > 0 ? ", " : "");
        dnsq_say(t, server);
        if (troubles)
            dnsq_say_trouble(t, q, i);
        else
            dnsq_say_times(t, q->of[i].asked);
    }
}

static bool dnsq_all_silent(const struct hc_dns_query *q)
{
    for (size_t i = 0; i < q->conf.servers_n; i++)
        if (q->of[i].trouble != DNS_SILENT)
            return false;
    return true;
}

/* The errno of the last server that has one. */
static int dnsq_sys(const struct hc_dns_query *q)
{
    int sys = 0;

    for (size_t i = 0; i < q->conf.servers_n; i++)
        if (q->of[i].trouble == DNS_UNREACHABLE && q->of[i].sys != 0)
            sys = q->of[i].sys;
    return sys;
}

static int dnsq_no_address(const struct hc_dns_query *q,
                           struct headcount_error *e)
{
    char server[HC_DNS_SERVER_TEXT];

    hc_dns_server_put(server, hc_dns_query_server(q));
    return hc_error_set(e, HEADCOUNT_EDNS,
        "%.*s has no address (%s from %s): check the region and the VPC's DNS "
        "settings", HC_STR_ARG(q->name),
        q->reply.kind == DNS_REPLY_NO_NAME ? "NXDOMAIN"
        : q->question.type == HC_DNS_A ? "no A record"
        : "no A or AAAA record", server);
}

int hc_dns_query_error(const struct hc_dns_query *q, int64_t now,
                       struct headcount_error *e)
{
    struct dnsq_text t = { .n = 0 };
    bool silent = dnsq_all_silent(q);

    if (q->state == DNS_DONE)
        return dnsq_no_address(q, e);
    if (q->out_of_memory)
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "out of memory for a DNS answer");
    dnsq_say_servers(&t, q, !silent);
    if (silent)
        return hc_error_set(e, HEADCOUNT_EDNSFAIL,
            "no DNS server answered for %.*s within %lld s (asked %s): does it "
            "run, and does a security group or firewall let DNS through?",
            HC_STR_ARG(q->name), (long long)((now - q->start) / HC_SECOND),
            t.z);
    int sys = dnsq_sys(q);

    if (sys != 0)
        return hc_error_sys(e, HEADCOUNT_EDNSFAIL, sys,
            "no DNS server could look up %.*s (%s); check resolv.conf or "
            "dns_server", HC_STR_ARG(q->name), t.z);
    return hc_error_set(e, HEADCOUNT_EDNSFAIL,
        "no DNS server could look up %.*s (%s): check resolv.conf or "
        "dns_server", HC_STR_ARG(q->name), t.z);
}
