/* tests/fuzz/dns_fuzz.c - replies, TCP streams, /etc/hosts, resolv.conf and
 * server texts: whatever the bytes say, the outcome is one of those promised,
 * within its bounds, and the same in pieces.
 *
 * The first byte of an input chooses what the rest is.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/dns_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID 0x1234

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void begin(struct hc_dns_query *q, int type)
{
    struct hc_resolv_conf conf;
    unsigned char out[HC_DNS_ASK_MAX];

    hc_resolv_conf_get(&conf, HC_STR("nameserver 10.0.0.2\n"
                                     "nameserver ::1\n"));
    const struct hc_dns_query_config config = {
        .name = HC_STR("ecs.test"), .type = type, .conf = &conf,
        .alloc = &hc_alloc_libc,
    };

    must(hc_dns_query_init(q, &config, 0));
    must(hc_dns_query_ask(q, ID, 0, out) <= sizeof out);
}

static void sound(const struct hc_dns_query *q)
{
    const struct hc_dns_reply *r = &q->reply;
    struct headcount_error e = { .code = 0 };

    must(r->addrs.n <= HC_ADDRS_MAX);
    must((r->addrs.n > 0) == (r->kind == DNS_REPLY_ADDRS));
    must(r->kind == DNS_REPLY_ADDRS || r->ttl <= HC_DNS_NEGATIVE_TTL ||
         r->kind == DNS_REPLY_BROKEN);
    for (size_t i = 0; i < r->addrs.n; i++)
        must(r->addrs.a[i].family ==
             (q->question.type == HC_DNS_A ? 4 : 6));
    if (q->state == DNS_DONE && r->kind != DNS_REPLY_ADDRS) {
        must(hc_dns_query_error(q, 0, &e) == HEADCOUNT_EDNS);
        must(strlen(e.what) > 0);
    }
}

static void datagram(struct hc_str bytes, int type)
{
    struct hc_dns_query q;

    begin(&q, type);
    hc_dns_query_datagram(&q, bytes);
    sound(&q);
    hc_dns_query_tick(&q, 2 * HC_SECOND);
    must(q.state != DNS_WAIT);
    hc_dns_query_fini(&q);
}

static void stream(struct hc_dns_query *q, struct hc_str bytes, size_t step)
{
    begin(q, HC_DNS_A);
    q->tcp = true;
    for (size_t at = 0; at < bytes.n; at += step)
        hc_dns_query_feed(q, hc_str_n(bytes.p + at, bytes.n - at < step
                                                        ? bytes.n - at : step));
    sound(q);
}

static void streams(struct hc_str bytes)
{
    struct hc_dns_query whole, pieces;

    stream(&whole, bytes, bytes.n + 1);
    stream(&pieces, bytes, 1);
    must(whole.state == pieces.state);
    must(whole.reply.kind == pieces.reply.kind);
    must(whole.reply.ttl == pieces.reply.ttl);
    must(whole.reply.addrs.n == pieces.reply.addrs.n);
    hc_dns_query_fini(&whole);
    hc_dns_query_fini(&pieces);
}

static void hosts(struct hc_str text)
{
    struct hc_hosts h;
    struct hc_addrs addrs;

    hc_buf_init(&h.text, &hc_alloc_libc, HC_HOSTS_MAX);
    hc_buf_str(&h.text, text);
    bool found = hc_hosts_find(&h, HC_STR("ecs.test"), &addrs);

    must(found == (addrs.n > 0) && addrs.n <= HC_ADDRS_MAX);
    hc_buf_fini(&h.text);
}

static void conf(struct hc_str text)
{
    struct hc_resolv_conf c;

    hc_resolv_conf_get(&c, text);
    must(c.servers_n >= 1 && c.servers_n <= HC_DNS_SERVERS);
    must(c.timeout >= 1 && c.timeout <= 30);
    must(c.attempts >= 1 && c.attempts <= 5);
}

/* What is a server is one again when it is written. */
static void server(struct hc_str text)
{
    struct hc_dns_server one, again;
    char written[HC_DNS_SERVER_TEXT];

    if (!hc_dns_server_get(&one, text))
        return;
    hc_dns_server_put(written, &one);
    must(hc_dns_server_get(&again, hc_str(written)));
    must(again.port == one.port && hc_addr_eq(&again.addr, &one.addr));
}

static void name(struct hc_str text)
{
    struct hc_dns_name n;

    if (hc_dns_name_get(&n, text))
        must(n.n == text.n + 2 && n.n <= sizeof n.w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 70000)
        return 0;
    struct hc_str rest = hc_str_n(data + 1, size - 1);

    switch (data[0]) {
    case 'a': datagram(rest, HC_DNS_A);    break;
    case '6': datagram(rest, HC_DNS_AAAA); break;
    case 't': streams(rest);               break;
    case 'h': hosts(rest);                 break;
    case 'r': conf(rest);                  break;
    case 's': server(rest);                break;
    case 'n': name(rest);                  break;
    default:                               break;
    }
    return 0;
}
