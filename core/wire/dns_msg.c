/* wire/dns_msg.c - a DNS query out, its reply in.
 *
 *   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15     RFC 1035, 4.1.1
 *  |                      ID                       |
 *  |QR|  opcode   |AA|TC|RD|RA|  Z     |   rcode   |
 *  |   questions, answers, authority, additional   |   16 bits each
 *
 *   record = owner type(16) class(16) ttl(32) length(16) data
 *
 * The message may come from anybody, so nothing in it is believed before it is
 * checked: a record has to lie within the message, a compressed name may only
 * point backwards, and the number of records is bounded by the bytes there are.
 * The additional section is read only for its OPT, which has the upper bits of
 * the rcode (RFC 6891, 6.1.3).
 */
#include "wire/dns_msg.h"

#include <string.h>

#define DNS_HEADER 12
#define DNS_OPT 41
#define DNS_CNAME 5
#define DNS_SOA 6
#define DNS_IN 1
#define DNS_UDP_SIZE 1232            /* DNS flag day 2020                    */
#define DNS_JUMPS 128
#define DNS_HOPS 16
#define DNS_TTL_MAX 0x7fffffffU      /* above it counts as 0: RFC 2181, 8    */

/* ---- out ---- */

bool hc_dns_name_get(struct hc_dns_name *out, struct hc_str text)
{
    out->n = 0;
    if (text.n == 0 || text.n > HC_DNS_NAME_TEXT)
        return false;
    while (text.n > 0) {
        size_t n = hc_str_find(text, '.');

        if (n == 0 || n > 63 || n + 1 == text.n)
            return false;
        out->w[out->n++] = (unsigned char)n;
        for (size_t i = 0; i < n; i++)
            out->w[out->n++] = (unsigned char)hc_lower(text.p[i]);
        text = hc_str_from(text, n < text.n ? n + 1 : n);
    }
    out->w[out->n++] = 0;
    return true;
}

static unsigned char *msg_put16(unsigned char *to, unsigned v)
{
    to[0] = (unsigned char)(v >> 8 & 255);
    to[1] = (unsigned char)(v & 255);
    return to + 2;
}

size_t hc_dns_question_put(unsigned char out[HC_DNS_QUERY_MAX],
                           const struct hc_dns_question *question)
{
    unsigned char *to = out;

    to = msg_put16(to, question->id);
    to = msg_put16(to, 0x0100);                  /* RD                       */
    to = msg_put16(to, 1);
    to = msg_put16(to, 0);
    to = msg_put16(to, 0);
    to = msg_put16(to, question->edns ? 1 : 0);
    memcpy(to, question->name.w, question->name.n);
    to += question->name.n;
    to = msg_put16(to, (unsigned)question->type);
    to = msg_put16(to, DNS_IN);
    if (question->edns) {
        *to++ = 0;                               /* the root                 */
        to = msg_put16(to, DNS_OPT);
        to = msg_put16(to, DNS_UDP_SIZE);
        to = msg_put16(to, 0);                   /* version 0, no flags      */
        to = msg_put16(to, 0);
        to = msg_put16(to, 0);                   /* no options               */
    }
    return (size_t)(to - out);
}

/* ---- in ---- */

struct msg_in { const unsigned char *p; size_t n, at; };

static bool msg_get16(struct msg_in *in, unsigned *v)
{
    if (in->n - in->at < 2)
        return false;
    *v = (unsigned)in->p[in->at] << 8 | in->p[in->at + 1];
    in->at += 2;
    return true;
}

static bool msg_get32(struct msg_in *in, uint32_t *v)
{
    unsigned high, low;

    if (!msg_get16(in, &high) || !msg_get16(in, &low))
        return false;
    *v = (uint32_t)high << 16 | low;
    return true;
}

/* A pointer must lead to before the lowest byte that the name was read from so
 * far.  So the reading ends, whatever loops the pointers form. */
static bool msg_get_name(struct msg_in *in, struct hc_dns_name *out)
{
    size_t at = in->at, lowest = in->at, jumps = 0;

    for (out->n = 0; at < in->n;) {
        size_t n = in->p[at];

        if (n >= 0xc0) {
            if (at + 1 >= in->n || ++jumps > DNS_JUMPS)
                return false;
            if (jumps == 1)
                in->at = at + 2;
            at = (n & 0x3f) << 8 | in->p[at + 1];
            if (at >= lowest)
                return false;
            lowest = at;
            continue;
        }
        if (n > 63 || in->n - at < n + 1 || sizeof out->w - out->n < n + 1)
            return false;
        /* A length is below 'A': it is the same in lower case. */
        for (size_t i = 0; i <= n; i++)
            out->w[out->n++] = (unsigned char)hc_lower((char)in->p[at + i]);
        at += n + 1;
        if (n == 0) {
            if (jumps == 0)
                in->at = at;
            return true;
        }
    }
    return false;
}

static bool msg_same_name(const struct hc_dns_name *a,
                          const struct hc_dns_name *b)
{
    return a->n == b->n && memcmp(a->w, b->w, a->n) == 0;
}

struct msg_record {
    struct hc_dns_name owner;
    unsigned type, class;
    uint32_t ttl;
    struct msg_in data;              /* ends where the data ends             */
};

static bool msg_get_record(struct msg_in *in, struct msg_record *r)
{
    unsigned n;

    if (!msg_get_name(in, &r->owner) || !msg_get16(in, &r->type) ||
        !msg_get16(in, &r->class) || !msg_get32(in, &r->ttl) ||
        !msg_get16(in, &n) || in->n - in->at < n)
        return false;
    if (r->ttl > DNS_TTL_MAX && r->type != DNS_OPT)
        r->ttl = 0;
    r->data = (struct msg_in){ .p = in->p, .n = in->at + n, .at = in->at };
    in->at += n;
    return true;
}

/* ---- the answer section: addresses at the end of a chain of names ---- */

enum msg_found { MSG_NOTHING, MSG_ADDRS, MSG_CNAME, MSG_BROKEN };

struct msg_chain {
    const struct hc_dns_question *question;
    struct msg_in answers;           /* at the first of them                 */
    unsigned count;
    size_t end;                      /* of the section; known after a scan   */
    struct hc_dns_name name;         /* whose addresses are sought           */
    uint32_t ttl;                    /* the least so far                     */
    struct hc_addrs addrs;
};

static void msg_least(uint32_t *ttl, uint32_t other)
{
    if (other < *ttl)
        *ttl = other;
}

static enum msg_found msg_take_addr(struct msg_chain *c,
                                    const struct msg_record *r)
{
    bool six = c->question->type == HC_DNS_AAAA;
    struct hc_addr addr = { .family = six ? 6 : 4 };
    size_t n = six ? 16 : 4;

    if (r->data.n - r->data.at != n)
        return MSG_BROKEN;
    memcpy(addr.ip, r->data.p + r->data.at, n);
    hc_addrs_add(&c->addrs, &addr);
    msg_least(&c->ttl, r->ttl);
    return MSG_ADDRS;
}

/* Goes over every record once and collects the addresses of the name; if there
 * are none, its first CNAME becomes the name to look for.  Records of other
 * names are passed over: a server must not slip in addresses that were not
 * asked for. */
static enum msg_found msg_scan(struct msg_chain *c)
{
    struct msg_in in = c->answers;
    enum msg_found found = MSG_NOTHING;
    struct msg_record r;
    struct hc_dns_name target = { .n = 0 };
    uint32_t target_ttl = 0;

    for (unsigned i = 0; i < c->count; i++) {
        if (!msg_get_record(&in, &r))
            return MSG_BROKEN;
        if (r.class != DNS_IN || !msg_same_name(&r.owner, &c->name))
            continue;
        if (r.type == (unsigned)c->question->type) {
            found = msg_take_addr(c, &r);
        } else if (r.type == DNS_CNAME && found == MSG_NOTHING) {
            found = msg_get_name(&r.data, &target) && r.data.at == r.data.n
                        ? MSG_CNAME : MSG_BROKEN;
            target_ttl = r.ttl;
        }
        if (found == MSG_BROKEN)
            return found;
    }
    c->end = in.at;
    if (found == MSG_CNAME) {
        c->name = target;
        msg_least(&c->ttl, target_ttl);
    }
    return found;
}

/* A loop of CNAMEs ends as a chain that is too long. */
static enum msg_found msg_follow(struct msg_chain *c)
{
    for (int hops = 0; hops <= DNS_HOPS; hops++) {
        enum msg_found found = msg_scan(c);

        if (found != MSG_CNAME)
            return found;
    }
    return MSG_BROKEN;
}

/* ---- "no": for how long (RFC 2308, 5) ---- */

static bool msg_get_soa(struct msg_record *r, uint32_t *ttl)
{
    struct hc_dns_name name;
    uint32_t v = 0;

    for (int i = 0; i < 2; i++)      /* mname, rname: RFC 1035, 3.3.13 */
        if (!msg_get_name(&r->data, &name))
            return false;
    for (int i = 0; i < 5; i++)      /* serial .. minimum */
        if (!msg_get32(&r->data, &v))
            return false;
    if (r->data.at != r->data.n)
        return false;
    *ttl = v > DNS_TTL_MAX ? 0 : v;
    msg_least(ttl, r->ttl);
    return true;
}

static bool msg_negative_ttl(struct msg_in *in, unsigned count, uint32_t *ttl)
{
    struct msg_record r;

    *ttl = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!msg_get_record(in, &r))
            return false;
        if (r.class == DNS_IN && r.type == DNS_SOA)
            return msg_get_soa(&r, ttl);
    }
    return true;
}

/* ---- the whole ---- */

struct msg_header { unsigned id, flags, count[4]; };

static bool msg_get_header(struct msg_in *in, struct msg_header *h)
{
    bool ok = msg_get16(in, &h->id) && msg_get16(in, &h->flags);

    for (int i = 0; ok && i < 4; i++)
        ok = msg_get16(in, &h->count[i]);
    return ok;
}

/* A server that knows no EDNS may complain with the header alone. */
static bool msg_is_bare_refusal(const struct msg_in *in,
                                const struct msg_header *h)
{
    unsigned rcode = h->flags & 15;

    return h->count[0] == 0 && in->n == DNS_HEADER &&
           (rcode == HC_DNS_FORMERR || rcode == HC_DNS_NOTIMP);
}

/* Does it answer our question?  A forger who does not see our queries has to
 * guess the id, beside the port of the socket. */
static bool msg_is_ours(struct msg_in *in, const struct msg_header *h,
                        const struct hc_dns_question *question)
{
    struct hc_dns_name name;
    unsigned type, class;

    if (h->id != question->id || (h->flags & 0xf800) != 0x8000)
        return false;                /* QR 1, opcode 0 */
    if (msg_is_bare_refusal(in, h))
        return true;
    return h->count[0] == 1 && msg_get_name(in, &name) &&
           msg_get16(in, &type) && msg_get16(in, &class) &&
           type == (unsigned)question->type && class == DNS_IN &&
           msg_same_name(&name, &question->name);
}

/* The rcode with the upper bits that the OPT has.  A message without an OPT, or
 * one that ends before it, has none. */
static int msg_rcode(struct msg_in in, const struct msg_header *h)
{
    unsigned left = h->count[1] + h->count[2] + h->count[3];
    struct msg_record r;
    unsigned rcode = h->flags & 15;

    for (; left > 0 && msg_get_record(&in, &r); left--)
        if (r.type == DNS_OPT && left <= h->count[3])
            rcode |= (unsigned)(r.ttl >> 24) << 4;
    return (int)rcode;
}

static enum hc_dns_kind msg_answer(struct hc_dns_reply *out,
                                   struct msg_chain *c, unsigned authority)
{
    enum msg_found found = msg_follow(c);
    uint32_t ttl;

    if (found == MSG_BROKEN)
        return DNS_REPLY_BROKEN;
    out->ttl = c->ttl;
    if (found == MSG_ADDRS && out->rcode == HC_DNS_NOERROR) {
        out->addrs = c->addrs;
        return DNS_REPLY_ADDRS;
    }
    c->answers.at = c->end;
    if (!msg_negative_ttl(&c->answers, authority, &ttl))
        return DNS_REPLY_BROKEN;
    msg_least(&out->ttl, ttl);
    msg_least(&out->ttl, HC_DNS_NEGATIVE_TTL);
    return out->rcode == HC_DNS_NXDOMAIN ? DNS_REPLY_NO_NAME
                                         : DNS_REPLY_NO_DATA;
}

void hc_dns_reply_get(struct hc_dns_reply *out,
                      const struct hc_dns_question *question,
                      struct hc_str message)
{
    struct msg_in in = { .p = (const unsigned char *)message.p,
                         .n = message.n };
    struct msg_header h;

    *out = (struct hc_dns_reply){ .kind = DNS_REPLY_STRANGER };
    if (!msg_get_header(&in, &h) || !msg_is_ours(&in, &h, question))
        return;
    out->rcode = msg_rcode(in, &h);
    if (out->rcode != HC_DNS_NOERROR && out->rcode != HC_DNS_NXDOMAIN) {
        out->kind = DNS_REPLY_REFUSAL;
        return;
    }
    if ((h.flags & 0x0200) != 0) {   /* TC: it did not fit the datagram */
        out->kind = DNS_REPLY_CUT;
        return;
    }
    struct msg_chain c = {
        .question = question, .answers = in, .count = h.count[1],
        .name = question->name, .ttl = DNS_TTL_MAX,
    };

    out->kind = msg_answer(out, &c, h.count[2]);
}

const char *hc_dns_rcode_name(int rcode)
{
    static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL",
                                         "NXDOMAIN", "NOTIMP", "REFUSED" };

    if (rcode == HC_DNS_BADVERS)
        return "BADVERS";
    return rcode >= 0 && (size_t)rcode < sizeof names / sizeof names[0]
               ? names[rcode] : NULL;
}
