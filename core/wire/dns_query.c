/* wire/dns_query.c - one lookup of one type, without a socket.
 *
 *   ASK --> WAIT --> DONE | FAILED
 *
 *   ASK  -> WAIT     [hc_dns_query_ask]
 *   WAIT -> DONE     [dnsq_reply]   addresses, NXDOMAIN, no data, in any slot
 *   WAIT -> ASK      [dnsq_reply]   cut: the same server, over TCP
 *                                   refused: the same server, without EDNS
 *   WAIT -> ASK      [dnsq_next]    refused again, broken, unreachable, silent:
 *                                   the next server; after the last the first,
 *                                   with a pause before it if one refused
 *   WAIT -> FAILED   [dnsq_end]     every server had its attempts, and no
 *                                   question is worth waiting for
 *   any  -> FAILED   [hc_dns_query_tick]   5 s are over
 *
 * A reply to another question is not looked at further: the wait goes on.
 */
#include "wire/dns_query.h"

#include "base/text.h"

#define DNSQ_TIMEOUT (2 * HC_SECOND) /* for a reply, unless it is configured */
#define DNSQ_NEXT (1 * HC_SECOND)    /* and before another server is asked   */

static unsigned dnsq_servers(const struct hc_dns_query *q)
{
    return (unsigned)q->conf->servers_n;
}

/* The question of this turn gets a slot.  They are never all in use; if they
 * were, the oldest question would be given up. */
static void dnsq_open(struct hc_dns_query *q, int64_t now)
{
    unsigned char server = q->order[q->turn % dnsq_servers(q)];
    size_t at = 0;

    for (size_t i = 1; i < HC_DNS_SLOTS; i++)
        if (q->slots[at].state != DNS_SLOT_FREE &&
            (q->slots[i].state == DNS_SLOT_FREE ||
             q->slots[i].until < q->slots[at].until))
            at = i;
    q->current = at;
    q->slots[at].state = DNS_SLOT_DUE;
    q->slots[at].server = server;
    q->slots[at].tcp = false;
    q->slots[at].edns = !q->of[server].plain &&
        !hc_dns_servers_is_plain(q->servers, &q->conf->servers[server], now);
    q->state = DNS_ASK;
}

bool hc_dns_query_init(struct hc_dns_query *q,
                       const struct hc_dns_query_config *config, int64_t now)
{
    const struct hc_resolv_conf *conf = config->conf;

    *q = (struct hc_dns_query){
        .name = config->name, .conf = conf, .servers = config->servers,
        .question = { .type = config->type },
        .start = now, .until = hc_time_add(now, HC_DNS_OVERALL),
        .longest = conf->timeout > 0 ? conf->timeout * HC_SECOND : DNSQ_TIMEOUT,
    };
    if (!hc_dns_name_get(&q->question.name, config->name))
        return false;
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        hc_buf_init(&q->slots[i].in, config->alloc, 2 + 65535);
    /* Each server is asked at least once within the whole time, however long a
     * timeout resolv.conf allows for one. */
    q->patience = hc_time_min(conf->timeout == 0 && conf->servers_n > 1
                                  ? DNSQ_NEXT : q->longest,
                              HC_DNS_OVERALL / (int64_t)conf->servers_n);
    q->probes = hc_dns_servers_order(q->servers, conf, now, q->order);
    dnsq_open(q, now);
    return true;
}

void hc_dns_query_fini(struct hc_dns_query *q)
{
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        hc_buf_fini(&q->slots[i].in);
}

const struct hc_dns_server *hc_dns_query_server(const struct hc_dns_query *q,
                                                size_t slot)
{
    return &q->conf->servers[q->slots[slot].server];
}

bool hc_dns_query_is_open(const struct hc_dns_query *q, size_t slot)
{
    return (q->state == DNS_ASK || q->state == DNS_WAIT) &&
           q->slots[slot].state == DNS_SLOT_OPEN;
}

size_t hc_dns_query_ask(struct hc_dns_query *q, uint16_t id, int64_t now,
                        unsigned char out[HC_DNS_ASK_MAX], size_t *n)
{
    size_t at = 0;

    while (q->slots[at].state != DNS_SLOT_DUE)
        at++;
    struct hc_dns_slot *s = &q->slots[at];
    size_t framing = s->tcp ? 2 : 0;

    s->state = DNS_SLOT_OPEN;
    s->until = hc_time_add(now, q->longest);
    s->id = q->question.id = id;
    q->question.edns = s->edns;
    q->reply_until = q->probes ? now : hc_time_add(now, q->patience);
    q->of[s->server].asked++;
    hc_buf_reset(&s->in);
    *n = hc_dns_question_put(out + framing, &q->question);
    if (s->tcp) {
        out[0] = (unsigned char)(*n >> 8);
        out[1] = (unsigned char)(*n & 255);
    }
    *n += framing;
    q->state = DNS_WAIT;
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        if (q->slots[i].state == DNS_SLOT_DUE)
            q->state = DNS_ASK;
    return at;
}

/* No turn is left: the questions that are open have their time. */
static void dnsq_end(struct hc_dns_query *q, int64_t now)
{
    q->last = true;
    q->current = HC_DNS_SLOTS;
    q->reply_until = now;
    q->state = DNS_WAIT;
    for (size_t i = 0; i < HC_DNS_SLOTS; i++) {
        const struct hc_dns_slot *s = &q->slots[i];

        if (s->state == DNS_SLOT_DUE)
            q->state = DNS_ASK;
        else if (s->state == DNS_SLOT_OPEN && s->until > q->reply_until)
            q->reply_until = s->until;
    }
    if (q->state == DNS_WAIT && q->reply_until <= now)
        q->state = DNS_FAILED;
}

static void dnsq_next(struct hc_dns_query *q, int64_t now)
{
    q->probes = false;
    if (q->last || q->turn + 1 == dnsq_servers(q) * q->conf->attempts) {
        dnsq_end(q, now);
        return;
    }
    q->turn++;
    if (q->turn % dnsq_servers(q) != 0 || !q->refused) {
        dnsq_open(q, now);
        return;
    }
    q->refused = false;
    q->current = HC_DNS_SLOTS;
    q->reply_until = hc_time_add(now, HC_DNS_PAUSE);
}

/* The question of this slot has failed; if it is that of this turn, or the last
 * one that is open, the query goes on. */
static void dnsq_failed(struct hc_dns_query *q, size_t slot,
                        enum hc_dns_trouble trouble, int64_t now)
{
    q->of[q->slots[slot].server].trouble = trouble;
    q->slots[slot].state = DNS_SLOT_FREE;
    q->refused = q->refused || trouble == DNS_REFUSES;
    if (slot == q->current || q->last)
        dnsq_next(q, now);
}

static void dnsq_again(struct hc_dns_query *q, size_t slot)
{
    q->slots[slot].state = DNS_SLOT_DUE;
    q->state = DNS_ASK;
}

/* A server that does not know EDNS, or one before it, answers FORMERR, NOTIMP,
 * SERVFAIL, REFUSED or BADVERS (RFC 6891, 6.1.3 and 7). */
static void dnsq_refusal(struct hc_dns_query *q, size_t slot, int rcode,
                         int64_t now)
{
    struct hc_dns_slot *s = &q->slots[slot];

    q->of[s->server].rcode = rcode;
    if (s->edns) {
        s->edns = false;
        q->of[s->server].plain = true;
        dnsq_again(q, slot);
        return;
    }
    dnsq_failed(q, slot, DNS_REFUSES, now);
}

static void dnsq_cut(struct hc_dns_query *q, size_t slot, int64_t now)
{
    if (q->slots[slot].tcp) {        /* TCP has room for all of it */
        dnsq_failed(q, slot, DNS_BROKEN, now);
        return;
    }
    q->slots[slot].tcp = true;
    dnsq_again(q, slot);
}

static void dnsq_done(struct hc_dns_query *q, size_t slot,
                      const struct hc_dns_reply *reply)
{
    q->reply = *reply;
    q->answered = q->slots[slot].server;
    q->state = DNS_DONE;
}

static void dnsq_reply(struct hc_dns_query *q, size_t slot,
                       struct hc_str message, int64_t now)
{
    struct hc_dns_reply reply;
    const struct hc_dns_slot *s = &q->slots[slot];
    const struct hc_dns_server *from = hc_dns_query_server(q, slot);
    enum hc_dns_form form = DNS_FORM_OTHER;

    q->question.id = s->id;
    hc_dns_reply_get(&reply, &q->question, message);
    switch (reply.kind) {
    case DNS_REPLY_STRANGER:
        return;
    case DNS_REPLY_ADDRS:
    case DNS_REPLY_NO_NAME:
    case DNS_REPLY_NO_DATA:
        if (s->edns)
            form = DNS_FORM_EDNS;
        else if (q->of[s->server].plain)
            form = DNS_FORM_PLAIN;
        dnsq_done(q, slot, &reply);
        break;
    case DNS_REPLY_CUT:
        dnsq_cut(q, slot, now);
        break;
    case DNS_REPLY_REFUSAL:
        dnsq_refusal(q, slot, reply.rcode, now);
        break;
    case DNS_REPLY_BROKEN:
        dnsq_failed(q, slot, DNS_BROKEN, now);
        break;
    }
    hc_dns_servers_answered(q->servers, from, form, now);
}

void hc_dns_query_datagram(struct hc_dns_query *q, size_t slot,
                           struct hc_str datagram, int64_t now)
{
    if (hc_dns_query_is_open(q, slot) && !q->slots[slot].tcp)
        dnsq_reply(q, slot, datagram, now);
}

/* True while a whole message stands at the front of the bytes. */
static bool dnsq_message(const struct hc_buf *from, struct hc_str *out)
{
    struct hc_str in = hc_buf_view(from);

    if (in.n < 2)
        return false;
    size_t n = (size_t)(unsigned char)in.p[0] << 8 | (unsigned char)in.p[1];

    if (in.n - 2 < n)
        return false;
    *out = hc_str_n(in.p + 2, n);
    return true;
}

void hc_dns_query_feed(struct hc_dns_query *q, size_t slot, struct hc_str bytes,
                       int64_t now)
{
    struct hc_dns_slot *s = &q->slots[slot];
    struct hc_str message;

    while (bytes.n > 0 && hc_dns_query_is_open(q, slot) && s->tcp) {
        size_t room = s->in.max - s->in.n;
        size_t n = bytes.n < room ? bytes.n : room;

        hc_buf_put(&s->in, bytes.p, n);
        if (hc_buf_error(&s->in) < 0) {
            q->out_of_memory = true;
            q->state = DNS_FAILED;
            return;
        }
        bytes = hc_str_from(bytes, n);
        while (hc_dns_query_is_open(q, slot) &&
               dnsq_message(&s->in, &message)) {
            dnsq_reply(q, slot, message, now);
            hc_buf_drop(&s->in, 2 + message.n);
        }
    }
}

void hc_dns_query_failed(struct hc_dns_query *q, size_t slot, int sys,
                         int64_t now)
{
    if (!hc_dns_query_is_open(q, slot))
        return;
    q->of[q->slots[slot].server].sys = sys;
    dnsq_failed(q, slot, DNS_UNREACHABLE, now);
}

/* The server of this turn is silent.  Its question stays open. */
static void dnsq_silent(struct hc_dns_query *q, int64_t now)
{
    const struct hc_dns_slot *s = &q->slots[q->current];

    q->of[s->server].trouble = DNS_SILENT;
    q->of[s->server].plain = q->of[s->server].plain || s->edns;
    hc_dns_servers_silent(q->servers, hc_dns_query_server(q, q->current), now);
    dnsq_next(q, now);
}

void hc_dns_query_tick(struct hc_dns_query *q, int64_t now)
{
    if (q->state == DNS_WAIT && now >= q->reply_until) {
        if (q->current < HC_DNS_SLOTS)
            dnsq_silent(q, now);
        else if (q->last)
            q->state = DNS_FAILED;
        else
            dnsq_open(q, now);
    }
    if ((q->state == DNS_WAIT || q->state == DNS_ASK) && now >= q->until)
        q->state = DNS_FAILED;
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

static void dnsq_say_rcode(struct dnsq_text *t, int rcode)
{
    const char *name = hc_dns_rcode_name(rcode);
    char number[32];

    hc_fmt(number, sizeof number, "rcode %d", rcode);
    dnsq_say(t, name != NULL ? name : number);
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
        dnsq_say_rcode(t, q->of[i].rcode);
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
    for (size_t i = 0; i < q->conf->servers_n; i++) {
        char server[HC_DNS_SERVER_TEXT];

        if (q->of[i].asked == 0 && q->of[i].trouble == DNS_SILENT)
            continue;
        hc_dns_server_put(server, &q->conf->servers[i]);
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
    for (size_t i = 0; i < q->conf->servers_n; i++)
        if (q->of[i].trouble != DNS_SILENT)
            return false;
    return true;
}

/* The errno of the last server that has one. */
static int dnsq_sys(const struct hc_dns_query *q)
{
    int sys = 0;

    for (size_t i = 0; i < q->conf->servers_n; i++)
        if (q->of[i].trouble == DNS_UNREACHABLE && q->of[i].sys != 0)
            sys = q->of[i].sys;
    return sys;
}

static int dnsq_no_address(const struct hc_dns_query *q,
                           struct headcount_error *e)
{
    char server[HC_DNS_SERVER_TEXT];

    hc_dns_server_put(server, &q->conf->servers[q->answered]);
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
            "no DNS server could look up %.*s; check resolv.conf or "
            "config.dns_server (%s)", HC_STR_ARG(q->name), t.z);
    return hc_error_set(e, HEADCOUNT_EDNSFAIL,
        "no DNS server could look up %.*s (%s): check resolv.conf or "
        "config.dns_server", HC_STR_ARG(q->name), t.z);
}

bool hc_dns_query_was_refused(const struct hc_dns_query *q)
{
    for (size_t i = 0; i < q->conf->servers_n; i++)
        if (q->of[i].trouble == DNS_REFUSES)
            return q->state == DNS_FAILED;
    return false;
}
