/* wire/der.c - tag, length, value: what certificates are made of. */
#include "wire/der.h"

#include "base/text.h"

static unsigned der_byte(struct hc_str s, size_t at)
{
    return (unsigned char)s.p[at];
}

/* Length octets at the front of s: how many there are, 0 if they are bad. */
static size_t der_length(struct hc_str s, size_t *value)
{
    size_t n;

    if (s.n == 0)
        return 0;
    *value = der_byte(s, 0);
    if (*value < 0x80)
        return 1;
    n = *value - 0x80;
    if (n == 0 || n > 3 || s.n < n + 1)
        return 0;
    *value = 0;
    for (size_t i = 1; i <= n; i++)
        *value = *value << 8 | der_byte(s, i);
    if (*value < 0x80 || der_byte(s, 1) == 0)
        return 0;
    return n + 1;
}

int hc_der_element(struct hc_str *s, struct hc_str *inside)
{
    struct hc_str rest;
    size_t length_n, value = 0;
    unsigned tag;

    if (s->n < 2)
        return -1;
    tag = der_byte(*s, 0);
    rest = hc_str_from(*s, 1);
    length_n = der_length(rest, &value);
    if ((tag & 0x1F) == 0x1F || length_n == 0 || rest.n - length_n < value)
        return -1;
    rest = hc_str_from(rest, length_n);
    *inside = hc_str_n(rest.p, value);
    *s = hc_str_from(rest, value);
    return (int)tag;
}

bool hc_der_take(struct hc_str *s, int tag, struct hc_str *inside)
{
    return hc_der_element(s, inside) == tag;
}

bool hc_der_take_optional(struct hc_str *s, int tag, struct hc_str *inside)
{
    *inside = hc_str_n(NULL, 0);
    if (s->n == 0 || (int)der_byte(*s, 0) != tag)
        return true;
    return hc_der_take(s, tag, inside);
}

bool hc_der_take_flag(struct hc_str *s, bool *value, const char **at)
{
    struct hc_str flag;

    if (!hc_der_take_optional(s, DER_BOOLEAN, &flag))
        return false;
    *at = flag.p;
    *value = flag.n == 1 && flag.p[0] != 0;
    return flag.p == NULL || flag.n == 1;
}

void hc_der_oid(char *out, size_t cap, struct hc_str oid)
{
    uint32_t arc = 0;
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < oid.n && n < cap; i++) {
        unsigned byte = der_byte(oid, i);

        arc = arc << 7 | (byte & 0x7F);
        if ((byte & 0x80) != 0)
            continue;
        if (n == 0) {
            unsigned first = arc < 80 ? arc / 40 : 2;

            n = hc_fmt(out, cap, "%u", first);
            arc -= first * 40;
        }
        n += hc_fmt(out + n, cap - n, ".%u", arc);
        arc = 0;
    }
}
