/* base/text.h - bytes as text and back: a bounded formatter, hex,
 * percent-encoding, UTF-8.  No locale, no stdio. */
#ifndef HC_BASE_TEXT_H
#define HC_BASE_TEXT_H

#include <stdarg.h>

#include "base/buf.h"

/* The conversions of this house: %s %.*s %c %d %u %ld %lu %lld %llu %zu %x
 * %02d-style zero-padded width for d and u, %%.  Anything else is printed as
 * it stands.  Always terminates out (cap > 0); returns the length written,
 * cut to cap - 1.  Control characters of %s arguments become '?'. */
size_t hc_fmt(char *out, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
size_t hc_vfmt(char *out, size_t cap, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
/* The same onto a buf, uncut; hc_buf_fmt calls it. */
void hc_text_vfmt(struct hc_buf *out, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* How many bytes must be changed, added or taken away to turn one into the
 * other; HC_TEXT_FAR where one of them is longer than 255 bytes. */
#define HC_TEXT_FAR ((size_t)1000)
size_t hc_text_distance(struct hc_str a, struct hc_str b);

/* Lower case. */
void hc_text_hex(struct hc_buf *out, const void *p, size_t n);
void hc_hex(char *out, const unsigned char *p, size_t n); /* 2n, no NUL */
/* RFC 3986 unreserved stay, the rest becomes %XX (upper case). `keep` names
 * more bytes to leave alone ("/" for a path). */
void hc_text_percent(struct hc_buf *out, struct hc_str s, const char *keep);
/* HEADCOUNT_ESYNTAX (and out as it was) for a % without two hex digits. */
int hc_text_unpercent(struct hc_buf *out, struct hc_str s);
bool hc_text_is_utf8(struct hc_str s);          /* RFC 3629, no surrogates */
/* Length of the well-formed sequence at the front of s, 0 if there is none. */
size_t hc_text_utf8_length(struct hc_str s);
/* The character at the front; HC_TEXT_NONE where there is none. */
#define HC_TEXT_NONE UINT32_MAX
uint32_t hc_text_code(struct hc_str s);
/* A terminal shows it where it stands, and nothing else of it. */
bool hc_text_is_seen(uint32_t c);
/* Code point as UTF-8 into out[4]; its length. */
size_t hc_text_utf8(char out[4], uint32_t c);

#endif
