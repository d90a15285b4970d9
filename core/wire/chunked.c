/* wire/chunked.c - RFC 9112, 7.1, without a byte of tolerance: a reader that
 * guesses may see the body's end elsewhere than the server did, and would take
 * the rest for the answer to another request.
 *
 *   SIZE [EXTENSION] LINE_LF --> DATA DATA_CR DATA_LF --> SIZE ...
 *                        |
 *                        +-- size 0 --> TRAILER* END_LF --> DONE
 *
 *   chunk    = 1*HEXDIG ext CRLF data CRLF;  last = 1*"0" ext CRLF
 *   ext      = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted ) ] )
 *   trailers = *( token ":" value CRLF ) CRLF
 *
 * Lines end in CRLF; a lone CR or LF is an error.  Blanks (BWS) stand only
 * where the grammar has them: a size that is padded with blanks is an error.
 * The table chunk_next is the grammar of ext and of trailers.
 */
#include "wire/chunked.h"

#include <string.h>

#define CHUNK_DIGITS 16
/* A peer can cost us time with chunks of one byte that have a long extension
 * each.  Once the framing is larger than CHUNK_OVERHEAD, it may be at most
 * CHUNK_RATIO times the data. */
#define CHUNK_OVERHEAD ((uint64_t)64 << 10)
#define CHUNK_RATIO 16

static int chunk_wrong(struct headcount_error *e, const char *why)
{
    return hc_error_set(e, HEADCOUNT_EPROTOCOL,
                        "the chunked body is broken: %s", why);
}

/* The column of a byte in chunk_next: one of its own, or that of tchar, of
 * other text, of control characters. */
static const char chunk_columns[] = "\r; \t=\"\\:";

enum { CHUNK_TCHAR = 8, CHUNK_TEXT, CHUNK_COLUMNS };

/* The state behind a byte, CHUNK_FAILED (as 0) where the grammar has none. */
static const unsigned char chunk_next[][CHUNK_COLUMNS] = {
#define LF CHUNK_LINE_LF
#define EXT CHUNK_EXTENSION
#define NAM CHUNK_NAME
#define FST CHUNK_NAME_FIRST
#define BLK CHUNK_NAME_BLANK
#define VAL CHUNK_VALUE
#define EQU CHUNK_VALUE_FIRST
#define QUO CHUNK_QUOTED
#define END CHUNK_QUOTED_END
#define PAI CHUNK_QUOTED_PAIR
#define TNA CHUNK_TRAILER_NAME
#define TVA CHUNK_TRAILER_VALUE
    /*                        CR   ;   SP   HT   =    "    \    :  tchar text */
    [CHUNK_SIZE]          = { LF, FST, EXT, EXT, 0,   0,   0,   0,   0,   0 },
    [CHUNK_EXTENSION]     = { 0,  FST, EXT, EXT, 0,   0,   0,   0,   0,   0 },
    [CHUNK_NAME_FIRST]    = { 0,  0,   FST, FST, 0,   0,   0,   0,   NAM, 0 },
    [CHUNK_NAME]          = { LF, FST, BLK, BLK, EQU, 0,   0,   0,   NAM, 0 },
    [CHUNK_NAME_BLANK]    = { 0,  FST, BLK, BLK, EQU, 0,   0,   0,   0,   0 },
    [CHUNK_VALUE_FIRST]   = { 0,  0,   EQU, EQU, 0,   QUO, 0,   0,   VAL, 0 },
    [CHUNK_VALUE]         = { LF, FST, EXT, EXT, 0,   0,   0,   0,   VAL, 0 },
    [CHUNK_QUOTED]        = { 0,  QUO, QUO, QUO, QUO, END, PAI, QUO, QUO, QUO },
    [CHUNK_QUOTED_PAIR]   = { 0,  QUO, QUO, QUO, QUO, QUO, QUO, QUO, QUO, QUO },
    [CHUNK_QUOTED_END]    = { LF, FST, EXT, EXT, 0,   0,   0,   0,   0,   0 },
    [CHUNK_TRAILER]       = { CHUNK_END_LF, 0, 0, 0, 0, 0, 0,   0,   TNA, 0 },
    [CHUNK_TRAILER_NAME]  = { 0,  0,   0,   0,   0,   0,   0,   TVA, TNA, 0 },
    [CHUNK_TRAILER_VALUE] = { CHUNK_TRAILER_LF,
                                  TVA, TVA, TVA, TVA, TVA, TVA, TVA, TVA, TVA }
#undef LF
#undef EXT
#undef NAM
#undef FST
#undef BLK
#undef VAL
#undef EQU
#undef QUO
#undef END
#undef PAI
#undef TNA
#undef TVA
};

/* One byte of a size's end, an extension or a trailer. */
static int chunk_line(struct hc_chunked *c, char byte,
                      struct headcount_error *e)
{
    const char *own = memchr(chunk_columns, byte, sizeof(chunk_columns) - 1);
    size_t column = own != NULL ? (size_t)(own - chunk_columns)
                    : hc_chunked_is_tchar(byte) ? CHUNK_TCHAR : CHUNK_TEXT;
    enum hc_chunked_state was = c->state;

    c->state = chunk_next[was][column];
    if (c->state != 0 && (own != NULL || hc_chunked_is_text(byte)))
        return 0;
    return chunk_wrong(e, was == CHUNK_SIZE ? "a size that is no number"
                          : was < CHUNK_TRAILER
                              ? "blanks or an extension behind a size that "
                                "RFC 9112 does not have"
                              : "a trailer line that is no header");
}

static int chunk_size(struct hc_chunked *c, char byte,
                      struct headcount_error *e)
{
    int digit = hc_hex_value(byte);

    if (digit < 0 && c->digits > 0)
        return chunk_line(c, byte, e);
    if (digit < 0)
        return chunk_wrong(e, "a size that is no number");
    if (++c->digits > CHUNK_DIGITS)
        return chunk_wrong(e, "a size of more than 16 digits");
    c->left = c->left << 4 | (uint64_t)digit;
    return 0;
}

/* The state behind an LF; the byte before it was CR. */
static enum hc_chunked_state chunk_after_lf(struct hc_chunked *c)
{
    if (c->state == CHUNK_END_LF)
        return CHUNK_DONE;
    if (c->state == CHUNK_TRAILER_LF)
        return CHUNK_TRAILER;
    c->line = 0;
    c->digits = 0;
    if (c->state == CHUNK_LINE_LF)
        return c->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
    c->left = 0;
    return CHUNK_SIZE;
}

/* One byte of framing. */
static int chunk_step(struct hc_chunked *c, char byte,
                      struct headcount_error *e)
{
    if (c->state == CHUNK_SIZE)
        return chunk_size(c, byte, e);
    if (c->state <= CHUNK_TRAILER_VALUE)
        return chunk_line(c, byte, e);
    if (byte != (c->state == CHUNK_DATA_CR ? '\r' : '\n'))
        return chunk_wrong(e, "a line or a chunk that does not end in CRLF");
    c->state = c->state == CHUNK_DATA_CR ? CHUNK_DATA_LF : chunk_after_lf(c);
    return 0;
}

static bool chunk_is_trailer(const struct hc_chunked *c)
{
    return c->state >= CHUNK_TRAILER && c->state <= CHUNK_END_LF;
}

static int chunk_limits(const struct hc_chunked *c, struct headcount_error *e)
{
    if (c->line > (chunk_is_trailer(c) ? HC_CHUNK_TRAILERS : HC_CHUNK_LINE))
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "the chunked body has too long a line of framing");
    if (c->framing > CHUNK_OVERHEAD && c->framing / CHUNK_RATIO > c->data)
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "the chunked body is nearly all framing");
    return 0;
}

static void chunk_data(struct hc_chunked *c, struct hc_str *in,
                       struct hc_str *span)
{
    size_t n = c->left < in->n ? (size_t)c->left : in->n;

    *span = hc_str_n(in->p, n);
    *in = hc_str_from(*in, n);
    c->left -= n;
    c->data += n;
    if (c->left == 0)
        c->state = CHUNK_DATA_CR;
}

int hc_chunked_feed(struct hc_chunked *c, struct hc_str *in,
                    struct hc_str *span, struct headcount_error *e)
{
    int err = c->state == CHUNK_FAILED ? chunk_wrong(e, "it is over") : 0;

    *span = (struct hc_str){ NULL, 0 };
    while (err == 0 && in->n > 0 && c->state != CHUNK_DONE) {
        if (c->state == CHUNK_DATA) {
            chunk_data(c, in, span);
            return 0;
        }
        c->line++;
        c->framing++;
        err = chunk_step(c, in->p[0], e);
        if (err == 0)
            err = chunk_limits(c, e);
        *in = hc_str_from(*in, 1);
    }
    if (err < 0)
        c->state = CHUNK_FAILED;
    return err;
}
