/* wire/hosts.c - the texts of /etc/hosts and /etc/resolv.conf.
 *
 *   hosts        IP name [name...] [# comment]
 *   resolv.conf  nameserver IP | options word[:n]... | ; or # comment
 *
 * Search lists are not read: the names of AWS are absolute, and to ask for them
 * below each search domain first costs a lookup for each (ten of them with the
 * ndots:5 of Kubernetes).
 */
#include "wire/hosts.h"

#include "base/text.h"

#define HOSTS_DNS_PORT 53

static struct hc_str hosts_line(struct hc_str *text)
{
    struct hc_str line = hc_str_cut(text, '\n');

    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* The next word; empty at the end of the line. */
static struct hc_str hosts_word(struct hc_str *line)
{
    size_t n = 0;

    *line = hc_str_trim(*line);
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
        n++;
    struct hc_str word = hc_str_n(line->p, n);

    *line = hc_str_from(*line, n);
    return word;
}

static bool hosts_line_names(struct hc_str line, struct hc_str name)
{
    for (struct hc_str word; (word = hosts_word(&line)).n > 0;)
        if (hc_str_eqi(word, name))
            return true;
    return false;
}

bool hc_hosts_find(const struct hc_hosts *h, struct hc_str name,
                   struct hc_addrs *out)
{
    struct hc_str text = hc_buf_view(&h->text);
    struct hc_addr addr;

    out->n = 0;
    while (text.n > 0) {
        struct hc_str line = hosts_line(&text);

        line = hc_str_cut(&line, '#');
        struct hc_str first = hosts_word(&line);

        if (hosts_line_names(line, name) && hc_addr_get(&addr, first))
            hc_addrs_add(out, &addr);
    }
    return out->n > 0;
}

/* ---- a server ---- */

static bool hosts_port(struct hc_dns_server *out, struct hc_str text)
{
    uint64_t port;

    if (!hc_str_u64(text, &port) || port == 0 || port > 65535)
        return false;
    out->port = (uint16_t)port;
    return true;
}

static bool hosts_bracketed(struct hc_dns_server *out, struct hc_str text)
{
    size_t end = hc_str_find(text, ']');
    struct hc_str rest = hc_str_from(text, end);

    if (!hc_addr_get(&out->addr, hc_str_n(text.p + 1, end - 1)) ||
        out->addr.family != 6)
        return false;
    if (hc_str_eqz(rest, "]"))
        return true;
    return hc_str_starts(rest, HC_STR("]:")) &&
           hosts_port(out, hc_str_from(rest, 2));
}

bool hc_dns_server_get(struct hc_dns_server *out, struct hc_str text)
{
    *out = (struct hc_dns_server){ .port = HOSTS_DNS_PORT };
    if (text.n > 0 && text.p[0] == '[')
        return hosts_bracketed(out, text);
    if (hc_addr_get(&out->addr, text))
        return true;
    size_t colon = hc_str_find(text, ':');

    return colon < text.n &&
           hc_addr_get(&out->addr, hc_str_n(text.p, colon)) &&
           hosts_port(out, hc_str_from(text, colon + 1));
}

void hc_dns_server_put(char out[HC_DNS_SERVER_TEXT],
                       const struct hc_dns_server *server)
{
    char ip[HC_ADDR_TEXT];

    hc_addr_put(ip, &server->addr);
    hc_fmt(out, HC_DNS_SERVER_TEXT,
           server->addr.family == 6 ? "[%s]:%u" : "%s:%u", ip,
           (unsigned)server->port);
}

/* ---- resolv.conf ---- */

void hc_resolv_conf_init(struct hc_resolv_conf *conf)
{
    *conf = (struct hc_resolv_conf){ .timeout = 2, .attempts = 2 };
}

/* A number out of range counts as the nearest in range, as in glibc. */
static void conf_number(unsigned *to, struct hc_str text, unsigned most)
{
    uint64_t n;

    if (hc_str_u64(text, &n) && n > 0)
        *to = n < most ? (unsigned)n : most;
}

static void conf_options(struct hc_resolv_conf *conf, struct hc_str line)
{
    for (struct hc_str word; (word = hosts_word(&line)).n > 0;) {
        struct hc_str name = hc_str_cut(&word, ':');

        if (hc_str_eqz(name, "timeout"))
            conf_number(&conf->timeout, word, 30);
        else if (hc_str_eqz(name, "attempts"))
            conf_number(&conf->attempts, word, 5);
    }
}

static void conf_server(struct hc_resolv_conf *conf, struct hc_str text)
{
    struct hc_dns_server server = { .port = HOSTS_DNS_PORT };

    if (conf->servers_n < HC_DNS_SERVERS && hc_addr_get(&server.addr, text))
        conf->servers[conf->servers_n++] = server;
}

void hc_resolv_conf_get(struct hc_resolv_conf *conf, struct hc_str text)
{
    hc_resolv_conf_init(conf);
    while (text.n > 0) {
        struct hc_str line = hosts_line(&text);
        struct hc_str word = hosts_word(&line);

        if (hc_str_eqz(word, "nameserver"))
            conf_server(conf, hosts_word(&line));
        else if (hc_str_eqz(word, "options"))
            conf_options(conf, line);
    }
    if (conf->servers_n == 0)
        conf_server(conf, HC_STR("127.0.0.1"));
}
