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

/* A query with its first question open, in a slot. */
struct asked {
    struct hc_resolv_conf conf;
    struct hc_dns_servers servers;
    struct hc_dns_query q;
    size_t slot;
};

static void begin(struct asked *a, int type)
{
    unsigned char out[HC_DNS_ASK_MAX];
    size_t n;

    *a = (struct asked){ .slot = 0 };
    hc_resolv_conf_get(&a->conf, HC_STR("nameserver 10.0.0.2\n"
                                        "nameserver ::1\n"));
    hc_dns_servers_set(&a->servers, &a->conf);
    const struct hc_dns_query_config config = {
        .name = HC_STR("ecs.test"), .type = type, .conf = &a->conf,
        .servers = &a->servers, .alloc = &hc_alloc_libc,
    };

    must(hc_dns_query_init(&a->q, &config, 0));
    a->slot = hc_dns_query_ask(&a->q, ID, 0, out, &n);
    must(n <= sizeof out);
}

static void sound(const struct hc_dns_query *q)
{
    const struct hc_dns_reply *r = &q->reply;
    struct headcount_error e = { .code = 0 };

    must(r->addrs.n <= HC_ADDRS_MAX);
    must((r->addrs.n > 0) == (r->kind == DNS_REPLY_ADDRS));
    must(q->state == DNS_DONE || r->kind == DNS_REPLY_STRANGER);
    must(r->kind == DNS_REPLY_ADDRS || r->ttl <= HC_DNS_NEGATIVE_TTL);
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
    struct asked a;
    unsigned char out[HC_DNS_ASK_MAX];
    size_t n;

    begin(&a, type);
    hc_dns_query_datagram(&a.q, a.slot, bytes, 0);
    sound(&a.q);
    hc_dns_query_tick(&a.q, HC_SECOND);
    must(a.q.state != DNS_WAIT);
    /* The same once more, while the next question is open. */
    if (a.q.state == DNS_ASK)
        hc_dns_query_ask(&a.q, ID + 1, HC_SECOND, out, &n);
    hc_dns_query_datagram(&a.q, a.slot, bytes, HC_SECOND);
    sound(&a.q);
    hc_dns_query_tick(&a.q, HC_DNS_OVERALL);
    must(a.q.state == DNS_DONE || a.q.state == DNS_FAILED);
    hc_dns_query_fini(&a.q);
}

static void stream(struct asked *a, struct hc_str bytes, size_t step)
{
    begin(a, HC_DNS_A);
    a->q.slots[a->slot].tcp = true;
    for (size_t at = 0; at < bytes.n; at += step)
        hc_dns_query_feed(&a->q, a->slot,
                          hc_str_n(bytes.p + at, bytes.n - at < step
                                                     ? bytes.n - at : step), 0);
    sound(&a->q);
}

static void streams(struct hc_str bytes)
{
    struct asked whole, pieces;

    stream(&whole, bytes, bytes.n + 1);
    stream(&pieces, bytes, 1);
    must(whole.q.state == pieces.q.state);
    must(whole.q.reply.kind == pieces.q.reply.kind);
    must(whole.q.reply.ttl == pieces.q.reply.ttl);
    must(whole.q.reply.addrs.n == pieces.q.reply.addrs.n);
    hc_dns_query_fini(&whole.q);
    hc_dns_query_fini(&pieces.q);
}

static void hosts(struct hc_str text)
{
    struct hc_buf kept;
    struct hc_addrs addrs, again;
    bool found = hc_hosts_find(text, HC_STR("ecs.test"), &addrs);

    must(found == (addrs.n > 0) && addrs.n <= HC_ADDRS_MAX);
    hc_buf_init(&kept, &hc_alloc_libc, HC_HOSTS_MAX);
    hc_hosts_note(&kept, HC_STR("ecs.test"), &addrs);
    must(hc_hosts_has(hc_buf_view(&kept), HC_STR("ecs.test")));
    must(hc_hosts_find(hc_buf_view(&kept), HC_STR("ecs.test"), &again) ==
         found && again.n == addrs.n);
    hc_buf_fini(&kept);
}

static void conf(struct hc_str text)
{
    struct hc_resolv_conf c;

    hc_resolv_conf_get(&c, text);
    must(c.servers_n >= 1 && c.servers_n <= HC_DNS_SERVERS);
    must(c.timeout <= 30 && c.ndots <= 15);
    must(strlen(c.search) < sizeof c.search);
    must(c.dropped_n <= HC_DNS_DROPPED);
    hc_resolv_conf_env(&c, text, text);
    must(strlen(c.search) < sizeof c.search);
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
    must(hc_dns_server_eq(&again, &one));
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
