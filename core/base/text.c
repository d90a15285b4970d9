/* base/text.c - bytes as text and back: hex, percent, UTF-8.
 * The formatter is in base/fmt.c. */
#include "base/text.h"

#include <string.h>

#include "base/err.h"

/* ---- hex ---- */

void hc_hex(char *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
}

void hc_text_hex(struct hc_buf *out, const void *p, size_t n)
{
    char *room = n <= SIZE_MAX / 2 ? hc_buf_room(out, 2 * n) : NULL;

    if (room == NULL)
        return;
    hc_hex(room, p, n);
    hc_buf_added(out, 2 * n);
}

/* ---- percent-encoding (RFC 3986, 2.1) ---- */

static bool text_is_unreserved(char c)
{
    char l = hc_lower(c);

    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void hc_text_percent(struct hc_buf *out, struct hc_str s, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (text_is_unreserved(c) ||
            (c != '\0' && keep != NULL && strchr(keep, c) != NULL)) {
            hc_buf_chr(out, c);
            continue;
        }

        unsigned char u = (unsigned char)c;
        char three[3] = { '%', digits[u >> 4], digits[u & 15] };

        hc_buf_put(out, three, sizeof(three));
    }
}

int hc_text_unpercent(struct hc_buf *out, struct hc_str s)
{
    size_t before = out->n;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            hc_buf_chr(out, s.p[i]);
            continue;
        }

        int high = s.n - i > 2 ? hc_hex_value(s.p[i + 1]) : -1;
        int low = s.n - i > 2 ? hc_hex_value(s.p[i + 2]) : -1;

        if (high < 0 || low < 0) {
            out->n = before;
            out->lent = true;        /* there are bytes behind n */
            return HEADCOUNT_ESYNTAX;
        }
        hc_buf_chr(out, (char)(unsigned char)(high << 4 | low));
        i += 2;
    }
    return hc_buf_error(out);
}

/* ---- UTF-8 (RFC 3629, 4) ----
 *
 *   00..7F
 *   C2..DF  80..BF
 *   E0      A0..BF 80..BF        no overlongs
 *   E1..EC  80..BF 80..BF
 *   ED      80..9F 80..BF        no surrogates
 *   EE..EF  80..BF 80..BF
 *   F0      90..BF 80..BF 80..BF
 *   F1..F3  80..BF 80..BF 80..BF
 *   F4      80..8F 80..BF 80..BF no more than 10FFFF
 */

static size_t text_utf8_needs(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static bool text_utf8_second_is_right(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default:   return second >= 0x80 && second <= 0xBF;
    }
}

size_t hc_text_utf8_length(struct hc_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = s.n > 0 ? text_utf8_needs(p[0]) : 0;

    if (n > s.n || (n > 1 && !text_utf8_second_is_right(p[0], p[1])))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

bool hc_text_is_utf8(struct hc_str s)
{
    while (s.n > 0) {
        size_t n = hc_text_utf8_length(s);

        if (n == 0)
            return false;
        s = hc_str_from(s, n);
    }
    return true;
}

uint32_t hc_text_code(struct hc_str s)
{
    size_t n = hc_text_utf8_length(s);
    uint32_t c = n == 1 ? (unsigned char)s.p[0] : n > 1
                     ? (unsigned char)s.p[0] & (0x7FU >> n) : HC_TEXT_NONE;

    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s.p[i] & 0x3F);
    return c;
}

/* Not seen are controls, characters that turn the direction of a line or end
 * it, and characters without a width: Unicode's Cc, Bidi_Control, Zl, Zp, and
 * the invisible ones of Cf and Lo. */
bool hc_text_is_seen(uint32_t c)
{
    static const struct { uint32_t from, to; } unseen[] = {
        { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x34F, 0x34F },
        { 0x61C, 0x61C }, { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 },
        { 0x180B, 0x180F }, { 0x200B, 0x200F }, { 0x2028, 0x202E },
        { 0x2060, 0x206F }, { 0x3164, 0x3164 }, { 0xFEFF, 0xFEFF },
        { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0x13430, 0x1343F },
        { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
        { HC_TEXT_NONE, HC_TEXT_NONE },
    };

    for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
        if (c >= unseen[i].from && c <= unseen[i].to)
            return false;
    return true;
}

size_t hc_text_utf8(char out[4], uint32_t c)
{
    unsigned char u[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        u[i] = (unsigned char)(0x80 | (c & 0x3F));
    u[0] = (unsigned char)(n == 1 ? c : (0xF00U >> n & 0xFF) | c);
    memcpy(out, u, n);
    return n;
}

/* ---- likeness ---- */

static size_t text_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's table, one row at a time.  bindings/lua/nearest.c has it again,
 * because it sees headcount.h only; tests/twice.h holds the two equal. */
size_t hc_text_distance(struct hc_str a, struct hc_str b)
{
    size_t row[256];

    if (a.n > 255 || b.n > 255)
        return HC_TEXT_FAR;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t change = corner + (a.p[i - 1] != b.p[j - 1]);

            corner = row[j];
            row[j] = text_least(change,
                                text_least(row[j - 1], row[j]) + 1);
        }
    }
    return row[b.n];
}
