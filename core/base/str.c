/* base/str.c - borrowed bytes: compare, cut, read as a number, match. */
#include "base/str.h"

#include <string.h>

struct hc_str hc_str(const char *z)
{
    return (struct hc_str){ z, z != NULL ? strlen(z) : 0 };
}

struct hc_str hc_str_n(const void *p, size_t n)
{
    return (struct hc_str){ p, n };
}

bool hc_str_eq(struct hc_str a, struct hc_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool hc_str_eqz(struct hc_str a, const char *z)
{
    return hc_str_eq(a, hc_str(z));
}

char hc_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool hc_str_eqi(struct hc_str a, struct hc_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (hc_lower(a.p[i]) != hc_lower(b.p[i]))
            return false;
    return true;
}

int hc_str_cmp(struct hc_str a, struct hc_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    if (order == 0)
        order = (a.n > b.n) - (a.n < b.n);
    return order;
}

bool hc_str_starts(struct hc_str s, struct hc_str prefix)
{
    return s.n >= prefix.n && hc_str_eq(hc_str_n(s.p, prefix.n), prefix);
}

bool hc_str_ends(struct hc_str s, struct hc_str suffix)
{
    return s.n >= suffix.n &&
           hc_str_eq(hc_str_from(s, s.n - suffix.n), suffix);
}

size_t hc_str_find(struct hc_str s, char c)
{
    const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

    return at != NULL ? (size_t)(at - s.p) : s.n;
}

struct hc_str hc_str_from(struct hc_str s, size_t at)
{
    if (at > s.n)
        at = s.n;
    return (struct hc_str){ at > 0 ? s.p + at : s.p, s.n - at };
}

static bool str_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct hc_str hc_str_unmarked(struct hc_str s)
{
    return hc_str_starts(s, HC_STR("\xef\xbb\xbf")) ? hc_str_from(s, 3) : s;
}

struct hc_str hc_str_trim(struct hc_str s)
{
    while (s.n > 0 && str_is_blank(s.p[0]))
        s = hc_str_from(s, 1);
    while (s.n > 0 && str_is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

void hc_str_copy(char *to, size_t cap, struct hc_str s)
{
    size_t n = s.n < cap ? s.n : cap - 1;

    if (n > 0)
        memcpy(to, s.p, n);
    to[n] = '\0';
}

struct hc_str hc_str_cut(struct hc_str *s, char sep)
{
    size_t at = hc_str_find(*s, sep);
    struct hc_str head = { s->p, at };

    *s = hc_str_from(*s, at < s->n ? at + 1 : at);
    return head;
}

const char *hc_str_next(const char **at)
{
    const char *text = *at;

    *at += strlen(text) + 1;
    return text;
}

static bool str_is_one(struct hc_str s, const char *words,
                       bool (*same)(struct hc_str, struct hc_str))
{
    struct hc_str rest = hc_str(words);

    while (rest.n > 0)
        if (same(hc_str_cut(&rest, ' '), s))
            return true;
    return false;
}

bool hc_str_is_word(struct hc_str s, const char *words)
{
    return str_is_one(s, words, hc_str_eq);
}

bool hc_str_is_wordi(struct hc_str s, const char *words)
{
    return str_is_one(s, words, hc_str_eqi);
}

bool hc_str_u64(struct hc_str s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;

        uint64_t digit = (uint64_t)(s.p[i] - '0');

        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

int hc_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hc_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hc_str_hex_u64(struct hc_str s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int digit = hc_hex_value(s.p[i]);

        if (digit < 0 || v > UINT64_MAX >> 4)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *out = v;
    return true;
}

uint64_t hc_str_hash(uint64_t hash, struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 1099511628211U;
    return hash;
}

/* After a mismatch only the last '*' takes one byte more: earlier ones need
 * not be tried again, so the work is at most pattern times s.  facts_glob of
 * bindings/lua is the same, because it sees headcount.h only; tests/twice.h
 * holds the two equal. */
bool hc_str_glob(struct hc_str pattern, struct hc_str s)
{
    size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

    while (i < s.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = i;
        } else if (p < pattern.n &&
                   (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}
