/* wire/hosts.c - the texts of /etc/hosts and /etc/resolv.conf.
 *
 *   hosts        IP name [name...] [# comment]
 *   resolv.conf  nameserver IP | search domain... | domain domain
 *                | options word[:n]... | ; or # comment
 */
#include "wire/hosts.h"

#include <string.h>

#include "base/text.h"
#include "wire/dns_msg.h"

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

/* The next line that has the name; its first word, empty at the end. */
static struct hc_str hosts_next(struct hc_str *text, struct hc_str name)
{
    while (text->n > 0) {
        struct hc_str line = hosts_line(text);

        line = hc_str_cut(&line, '#');
        struct hc_str first = hosts_word(&line);

        if (hosts_line_names(line, name))
            return first;
    }
    return hc_str(NULL);
}

bool hc_hosts_find(struct hc_str text, struct hc_str name,
                   struct hc_addrs *out)
{
    struct hc_addr addr;

    out->n = 0;
    for (struct hc_str first; (first = hosts_next(&text, name)).n > 0;)
        if (hc_addr_get(&addr, first))
            hc_addrs_add(out, &addr);
    return out->n > 0;
}

bool hc_hosts_has(struct hc_str text, struct hc_str name)
{
    return hosts_next(&text, name).n > 0;
}

void hc_hosts_note(struct hc_buf *to, struct hc_str name,
                   const struct hc_addrs *addrs)
{
    char ip[HC_ADDR_TEXT] = "-";
    size_t i = 0;

    do {
        if (i < addrs->n)
            hc_addr_put(ip, &addrs->a[i]);
        hc_buf_fmt(to, "%s %.*s\n", ip, HC_STR_ARG(name));
    } while (++i < addrs->n);
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

/* "IP" or "IPv6%zone" (RFC 4007, 11). */
static bool hosts_zoned(struct hc_dns_server *out, struct hc_str text)
{
    size_t mark = hc_str_find(text, '%');
    struct hc_str zone = hc_str_from(text, mark);

    if (!hc_addr_get(&out->addr, hc_str_n(text.p, mark)))
        return false;
    if (zone.n == 0)
        return true;
    zone = hc_str_from(zone, 1);
    hc_str_copy(out->zone, sizeof out->zone, zone);
    return out->addr.family == 6 && zone.n > 0 && zone.n < sizeof out->zone;
}

static bool hosts_bracketed(struct hc_dns_server *out, struct hc_str text)
{
    size_t end = hc_str_find(text, ']');
    struct hc_str rest = hc_str_from(text, end);

    if (!hosts_zoned(out, hc_str_n(text.p + 1, end - 1)) ||
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
    if (hosts_zoned(out, text))
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
           server->addr.family == 6 ? "[%s%s%s]:%u" : "%s%s%s:%u", ip,
           server->zone[0] != '\0' ? "%" : "", server->zone,
           (unsigned)server->port);
}

bool hc_dns_server_eq(const struct hc_dns_server *a,
                      const struct hc_dns_server *b)
{
    return a->port == b->port && hc_addr_eq(&a->addr, &b->addr) &&
           strcmp(a->zone, b->zone) == 0;
}

/* ---- resolv.conf ---- */

void hc_resolv_conf_init(struct hc_resolv_conf *conf)
{
    *conf = (struct hc_resolv_conf){ .attempts = 2, .ndots = 1 };
}

/* NULL, or why a part of a line is not used: the last of several. */
typedef const char *conf_line(struct hc_resolv_conf *conf, struct hc_str line);

/* A number out of range counts as the nearest in range, as in glibc. */
static const char *conf_number(unsigned *to, struct hc_str text, unsigned least,
                               unsigned most)
{
    uint64_t n;

    if (!hc_str_u64(text, &n) || n < least)
        return "an option has no number, or one that is too small";
    *to = n < most ? (unsigned)n : most;
    return NULL;
}

static const char *conf_options(struct hc_resolv_conf *conf, struct hc_str line)
{
    const char *why = NULL, *bad = NULL;

    for (struct hc_str word; (word = hosts_word(&line)).n > 0;) {
        struct hc_str name = hc_str_cut(&word, ':');

        bad = hc_str_eqz(name, "timeout")
                  ? conf_number(&conf->timeout, word, 1, 30)
              : hc_str_eqz(name, "attempts")
                  ? conf_number(&conf->attempts, word, 1, 5)
              : hc_str_eqz(name, "ndots")
                  ? conf_number(&conf->ndots, word, 0, 15) : NULL;
        why = bad != NULL ? bad : why;
    }
    return why;
}

static const char *conf_server(struct hc_resolv_conf *conf, struct hc_str line)
{
    struct hc_dns_server server = { .port = HOSTS_DNS_PORT };

    if (!hosts_zoned(&server, hosts_word(&line)))
        return "no IP address";
    if (conf->servers_n == HC_DNS_SERVERS)
        return "three servers are used at most";
    conf->servers[conf->servers_n++] = server;
    return NULL;
}

static const char *conf_search(struct hc_resolv_conf *conf, struct hc_str line)
{
    const char *why = NULL;
    size_t n = 0;

    conf->search[0] = '\0';
    for (struct hc_str word; (word = hosts_word(&line)).n > 0;) {
        struct hc_dns_name name;

        if (word.n > 1 && word.p[word.n - 1] == '.')
            word.n--;
        if (hc_str_eqz(word, "."))
            continue;                    /* the root: the name as it is */
        if (!hc_dns_name_get(&name, word))
            why = "no domain";
        else if (sizeof conf->search - n < word.n + 2)
            why = "the search list is too long";
        else
            n += hc_fmt(conf->search + n, sizeof conf->search - n, "%.*s ",
                        HC_STR_ARG(word));
    }
    return why;
}

static conf_line *conf_keyword(struct hc_str word)
{
    return hc_str_eqz(word, "nameserver") ? conf_server
           : hc_str_eqz(word, "options") ? conf_options
           : hc_str_is_word(word, "search domain") ? conf_search : NULL;
}

void hc_resolv_conf_get(struct hc_resolv_conf *conf, struct hc_str text)
{
    hc_resolv_conf_init(conf);
    for (unsigned at = 1; text.n > 0; at++) {
        struct hc_str line = hosts_line(&text);
        conf_line *get = conf_keyword(hosts_word(&line));
        size_t end = hc_str_find(line, '#');

        line.n = end;
        const char *why = get != NULL ? get(conf, line) : NULL;

        if (why != NULL && conf->dropped_n < HC_DNS_DROPPED) {
            conf->dropped[conf->dropped_n].line = at;
            conf->dropped[conf->dropped_n++].why = why;
        }
    }
    if (conf->servers_n == 0)
        conf_server(conf, HC_STR("127.0.0.1"));
}

void hc_resolv_conf_env(struct hc_resolv_conf *conf, struct hc_str localdomain,
                        struct hc_str res_options)
{
    if (localdomain.n > 0)
        conf_search(conf, localdomain);
    conf_options(conf, res_options);
}
