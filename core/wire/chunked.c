/* wire/chunked.c - RFC 9112, 7.1, without a byte of tolerance: a reader that
 * guesses may see the body's end elsewhere than the server did, and would take
 * the rest for the answer to another request.
 *
 *   SIZE [EXTENSION] LINE_LF --> DATA DATA_CR DATA_LF --> SIZE ...
 *                        |
 *                        +-- size 0 --> TRAILER* END_LF --> DONE
 *
 *   chunk = 1*HEXDIG [ext] CRLF data CRLF;  last = 1*"0" [ext] CRLF
 *   trailers CRLF.  Lines end in CRLF; a lone CR or LF is an error.
 */
#include "wire/chunked.h"

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

static int chunk_size(struct hc_chunked *c, char byte,
                      struct headcount_error *e)
{
    int digit = hc_hex_value(byte);

    if (digit >= 0) {
        if (++c->digits > CHUNK_DIGITS)
            return chunk_wrong(e, "a size of more than 16 digits");
        c->left = c->left << 4 | (uint64_t)digit;
        return 0;
    }
    if (c->digits == 0)
        return chunk_wrong(e, "a size that is no number");
    if (byte == '\r')
        c->state = CHUNK_LINE_LF;
    else if (byte == ';' || byte == ' ' || byte == '\t')
        c->state = CHUNK_EXTENSION;
    else
        return chunk_wrong(e, "a size that is no number");
    return 0;
}

static int chunk_line(struct hc_chunked *c, char byte,
                      enum hc_chunked_state at_cr, struct headcount_error *e)
{
    if (byte == '\r')
        c->state = at_cr;
    else if (byte == '\n' || byte == '\0')
        return chunk_wrong(e, "a line that does not end in CRLF");
    return 0;
}

/* One byte of framing. */
static int chunk_step(struct hc_chunked *c, char byte,
                      struct headcount_error *e)
{
    bool lf = byte == '\n';

    switch (c->state) {
    case CHUNK_SIZE:
        return chunk_size(c, byte, e);
    case CHUNK_EXTENSION:
        return chunk_line(c, byte, CHUNK_LINE_LF, e);
    case CHUNK_LINE_LF:
        c->line = 0;
        c->digits = 0;
        c->state = c->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
        return lf ? 0 : chunk_wrong(e, "a CR without LF after a size");
    case CHUNK_DATA_CR:
        c->state = CHUNK_DATA_LF;
        return byte == '\r' ? 0 : chunk_wrong(e, "no CRLF after the data");
    case CHUNK_DATA_LF:
        c->line = 0;
        c->digits = 0;
        c->left = 0;
        c->state = CHUNK_SIZE;
        return lf ? 0 : chunk_wrong(e, "no CRLF after the data");
    case CHUNK_TRAILER:
        c->state = byte == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_LINE;
        return lf ? chunk_wrong(e, "a trailer line without CR") : 0;
    case CHUNK_TRAILER_LINE:
        return chunk_line(c, byte, CHUNK_TRAILER_LF, e);
    case CHUNK_TRAILER_LF:
        c->state = CHUNK_TRAILER;
        return lf ? 0 : chunk_wrong(e, "a CR without LF in a trailer");
    case CHUNK_END_LF:
        c->state = CHUNK_DONE;
        return lf ? 0 : chunk_wrong(e, "a CR without LF at the end");
    case CHUNK_DATA:
    case CHUNK_DONE:
    case CHUNK_FAILED:
        break;
    }
    return chunk_wrong(e, "it is over");
}

static bool chunk_is_trailer(const struct hc_chunked *c)
{
    return c->state == CHUNK_TRAILER || c->state == CHUNK_TRAILER_LINE ||
           c->state == CHUNK_TRAILER_LF || c->state == CHUNK_END_LF;
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
