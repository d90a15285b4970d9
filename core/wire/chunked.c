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
 * The states from EXTENSION to QUOTED_END are the grammar of ext.
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

bool hc_chunked_is_tchar(char c)
{
    char low = hc_lower(c);

    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool hc_chunked_is_text(char c)
{
    return ((unsigned char)c >= 0x20 && c != 0x7f) || c == '\t';
}

/* The state behind a byte that ends a size, a name or a value. */
static enum hc_chunked_state chunk_after(char byte, enum hc_chunked_state blank)
{
    switch (byte) {
    case '\r': return CHUNK_LINE_LF;
    case ';':  return CHUNK_NAME_FIRST;
    case ' ':
    case '\t': return blank;
    default:   return CHUNK_FAILED;
    }
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
    c->state = chunk_after(byte, CHUNK_EXTENSION);
    if (c->digits == 0 || c->state == CHUNK_FAILED)
        return chunk_wrong(e, "a size that is no number");
    return 0;
}

/* The state behind one byte of an extension; CHUNK_FAILED: it is none. */
static enum hc_chunked_state chunk_extension(enum hc_chunked_state at,
                                             char byte)
{
    enum hc_chunked_state after_name = byte == '=' ? CHUNK_VALUE_FIRST
                                     : chunk_after(byte, CHUNK_NAME_BLANK);
    bool blank = byte == ' ' || byte == '\t';
    bool name = hc_chunked_is_tchar(byte);

    if (at == CHUNK_EXTENSION)
        return byte == ';' ? CHUNK_NAME_FIRST : blank ? at : CHUNK_FAILED;
    if (at == CHUNK_NAME_FIRST)
        return blank ? at : name ? CHUNK_NAME : CHUNK_FAILED;
    if (at == CHUNK_NAME)
        return name ? at : after_name;
    if (at == CHUNK_NAME_BLANK)
        return byte == '\r' ? CHUNK_FAILED : after_name;
    if (at == CHUNK_VALUE_FIRST)
        return blank ? at : byte == '"' ? CHUNK_QUOTED
               : name ? CHUNK_VALUE : CHUNK_FAILED;
    if (at == CHUNK_QUOTED && byte == '"')
        return CHUNK_QUOTED_END;
    if (at == CHUNK_QUOTED && byte == '\\')
        return CHUNK_QUOTED_PAIR;
    if (at == CHUNK_QUOTED || at == CHUNK_QUOTED_PAIR)
        return hc_chunked_is_text(byte) ? CHUNK_QUOTED : CHUNK_FAILED;
    return at == CHUNK_VALUE && name ? at : chunk_after(byte, CHUNK_EXTENSION);
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
    case CHUNK_NAME_FIRST:
    case CHUNK_NAME:
    case CHUNK_NAME_BLANK:
    case CHUNK_VALUE_FIRST:
    case CHUNK_VALUE:
    case CHUNK_QUOTED:
    case CHUNK_QUOTED_PAIR:
    case CHUNK_QUOTED_END:
        c->state = chunk_extension(c->state, byte);
        return c->state != CHUNK_FAILED ? 0
               : chunk_wrong(e, "blanks or an extension behind a size that "
                                "RFC 9112 does not allow");
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
        c->state = byte == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_NAME;
        return byte == '\r' || hc_chunked_is_tchar(byte) ? 0
               : chunk_wrong(e, "a trailer line without a proper name");
    case CHUNK_TRAILER_NAME:
        c->state = byte == ':' ? CHUNK_TRAILER_VALUE : CHUNK_TRAILER_NAME;
        return byte == ':' || hc_chunked_is_tchar(byte) ? 0
               : chunk_wrong(e, "a trailer line without a proper name");
    case CHUNK_TRAILER_VALUE:
        c->state = byte == '\r' ? CHUNK_TRAILER_LF : CHUNK_TRAILER_VALUE;
        return byte == '\r' || hc_chunked_is_text(byte) ? 0
               : chunk_wrong(e, "a control character in a trailer line");
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
