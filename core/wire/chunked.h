/* wire/chunked.h - the chunked transfer coding, taken apart (RFC 9112, 7.1).
 * Fed pieces of any size, it gives the same spans' bytes and the same error. */
#ifndef HC_WIRE_CHUNKED_H
#define HC_WIRE_CHUNKED_H

#include <string.h>

#include "base/err.h"
#include "base/str.h"

#define HC_CHUNK_LINE 4096               /* size and extension               */
#define HC_CHUNK_TRAILERS 8192

enum hc_chunked_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,                     /* blanks, then ';'                 */
    CHUNK_NAME_FIRST, CHUNK_NAME,        /* of an extension                  */
    CHUNK_NAME_BLANK,                    /* behind it: '=' or ';'            */
    CHUNK_VALUE_FIRST, CHUNK_VALUE,
    CHUNK_QUOTED, CHUNK_QUOTED_PAIR, CHUNK_QUOTED_END,
    CHUNK_TRAILER, CHUNK_TRAILER_NAME, CHUNK_TRAILER_VALUE,
    CHUNK_TRAILER_LF, CHUNK_END_LF, CHUNK_LINE_LF,
    CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF, CHUNK_DONE, CHUNK_FAILED
};

struct hc_chunked {                      /* all zero: at the start           */
    enum hc_chunked_state state;
    uint64_t left;                       /* of the chunk at hand             */
    unsigned digits;
    size_t line;                         /* bytes of this line, of trailers  */
    uint64_t framing, data;              /* for the overhead guard           */
};

/* Takes bytes off the front of `in` up to and including one span of data
 * (*span, maybe empty), or to the end of `in`, or to the end of the body
 * (CHUNK_DONE; the rest stays in `in`).  0, HEADCOUNT_EPROTOCOL or
 * HEADCOUNT_ELIMIT. */
int hc_chunked_feed(struct hc_chunked *c, struct hc_str *in,
                    struct hc_str *span, struct headcount_error *e);

/* Whether a byte may stand in a name (tchar of RFC 9110, 5.6.2), or in a value
 * or a quoted text (no control character but the tab).  They stand here because
 * each byte of each head is looked at. */
static inline bool hc_chunked_is_tchar(char c)
{
    const char low = (char)(c | 0x20);

    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           (c != '\0' && strchr("!#$%&'*+.^_`|~", c) != NULL);
}

static inline bool hc_chunked_is_text(char c)
{
    return ((unsigned char)c >= 0x20 && c != 0x7f) || c == '\t';
}

#endif
