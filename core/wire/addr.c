/* wire/addr.c - IP addresses, RFC 4291 and RFC 5952. */
#include "wire/addr.h"

#include <string.h>

#include "base/text.h"

/* ---- in ---- */

static size_t addr_dots(struct hc_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '.';
    return n;
}

static bool addr_get_v4(unsigned char out[4], struct hc_str s)
{
    if (addr_dots(s) != 3)
        return false;
    for (int i = 0; i < 4; i++) {
        struct hc_str part = hc_str_cut(&s, '.');
        uint64_t v;

        if (part.n == 0 || part.n > 3 || (part.n > 1 && part.p[0] == '0') ||
            !hc_str_u64(part, &v) || v > 255)
            return false;
        out[i] = (unsigned char)v;
    }
    return true;
}

/* Groups of one side of "::" into out; how many bytes, or -1. */
static int addr_get_groups(unsigned char out[16], struct hc_str s)
{
    int n = 0;

    while (s.n > 0) {
        bool more = hc_str_find(s, ':') < s.n;
        struct hc_str part = hc_str_cut(&s, ':');
        uint64_t v;

        if (more && s.n == 0)
            return -1;               /* ends with a colon */
        if (!more && addr_dots(part) == 3) {
            if (n > 12 || !addr_get_v4(out + n, part))
                return -1;
            return n + 4;
        }
        if (part.n == 0 || part.n > 4 || n > 14 || !hc_str_hex_u64(part, &v))
            return -1;
        out[n++] = (unsigned char)(v >> 8);
        out[n++] = (unsigned char)(v & 0xff);
    }
    return n;
}

static size_t addr_find_gap(struct hc_str s)
{
    for (size_t i = 0; i + 1 < s.n; i++)
        if (s.p[i] == ':' && s.p[i + 1] == ':')
            return i;
    return s.n;
}

static bool addr_get_v6(unsigned char out[16], struct hc_str s)
{
    unsigned char head[16], tail[16];
    size_t gap = addr_find_gap(s);

    if (gap == s.n)
        return addr_get_groups(out, s) == 16;
    int before = addr_get_groups(head, hc_str_n(s.p, gap));
    int after = addr_get_groups(tail, hc_str_from(s, gap + 2));

    /* A dotted quad may only stand at the very end. */
    if (before < 0 || after < 0 || before + after > 14 ||
        addr_dots(hc_str_n(s.p, gap)) > 0)
        return false;
    memset(out, 0, 16);
    memcpy(out, head, (size_t)before);
    memcpy(out + 16 - after, tail, (size_t)after);
    return true;
}

bool hc_addr_get(struct hc_addr *out, struct hc_str text)
{
    struct hc_addr addr = { .family = 4 };

    if (text.n == 0 || text.n >= HC_ADDR_TEXT)
        return false;
    if (hc_str_find(text, ':') < text.n) {
        addr.family = 6;
        if (!addr_get_v6(addr.ip, text))
            return false;
    } else if (!addr_get_v4(addr.ip, text)) {
        return false;
    }
    *out = addr;
    return true;
}

/* ---- out ---- */

/* The longest run of two or more zero groups, the first of equals. */
static void addr_find_run(const unsigned char ip[16], size_t *at, size_t *n)
{
    *at = *n = 0;
    for (size_t i = 0; i < 8; i++) {
        size_t k = i;

        while (k < 8 && ip[2 * k] == 0 && ip[2 * k + 1] == 0)
            k++;
        if (k - i > *n && k - i >= 2) {
            *at = i;
            *n = k - i;
        }
    }
}

static void addr_put_v6(char out[HC_ADDR_TEXT], const unsigned char ip[16])
{
    size_t at, run, n = 0;

    addr_find_run(ip, &at, &run);
    for (size_t i = 0; i < 8;) {
        if (run > 0 && i == at) {
            n += hc_fmt(out + n, HC_ADDR_TEXT - n, "::");
            i += run;
            continue;
        }
        if (i > 0 && !(run > 0 && i == at + run))
            n += hc_fmt(out + n, HC_ADDR_TEXT - n, ":");
        n += hc_fmt(out + n, HC_ADDR_TEXT - n, "%x",
                    (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
        i++;
    }
}

/* Each exchange notes one. */
static void addr_put_v4(char out[HC_ADDR_TEXT], const unsigned char ip[4])
{
    for (size_t i = 0; i < 4; i++) {
        unsigned n = ip[i];

        if (n >= 100)
            *out++ = (char)('0' + n / 100);
        if (n >= 10)
            *out++ = (char)('0' + n / 10 % 10);
        *out++ = (char)('0' + n % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

void hc_addr_put(char out[HC_ADDR_TEXT], const struct hc_addr *addr)
{
    if (addr->family == 6)
        addr_put_v6(out, addr->ip);
    else
        addr_put_v4(out, addr->ip);
}

/* ---- about ---- */

bool hc_addr_eq(const struct hc_addr *a, const struct hc_addr *b)
{
    return a->family == b->family && a->scope == b->scope &&
           memcmp(a->ip, b->ip, a->family == 6 ? 16 : 4) == 0;
}

bool hc_addr_is_loopback(const struct hc_addr *addr)
{
    static const unsigned char one[16] = { [15] = 1 };

    if (addr->family == 6)
        return memcmp(addr->ip, one, sizeof one) == 0;
    return addr->ip[0] == 127;
}

void hc_addrs_add(struct hc_addrs *to, const struct hc_addr *addr)
{
    for (size_t i = 0; i < to->n; i++)
        if (hc_addr_eq(&to->a[i], addr))
            return;
    if (to->n < HC_ADDRS_MAX)
        to->a[to->n++] = *addr;
}
