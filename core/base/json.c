/* base/json.c - the strict, resumable pull reader: grammar (RFC 8259), UTF-8
 * (RFC 3629), depth, size.  Slices and jsmn are in base/json_doc.c, the writer
 * is in base/json_put.c.
 *
 * Every state can be left at any byte.  Bytes of a string or a number are
 * appended in runs.  A value that is skipped or taken raw goes through the same
 * states but is not reported.
 *
 *   VALUE, FIRST_ELEMENT -> FIRST_KEY, FIRST_ELEMENT     [json_open]
 *                        -> STRING, NUMBER, WORD         [json_step_value]
 *   FIRST_KEY, KEY       -> STRING                       [json_step_key]
 *   STRING <-> UTF8, ESCAPE -> HEX -> STRING             one character
 *              HEX -> LOW_SLASH -> LOW_U -> HEX          a surrogate pair
 *   STRING               -> COLON -> VALUE               it was a key
 *   STRING, NUMBER, WORD, FIRST_... -> AFTER | ROOT_END  [json_value_end]
 *   AFTER                -> KEY, VALUE, AFTER, ROOT_END  [json_step_after]
 *   ROOT_END             -> TRAILING                     JSON_DONE was reported
 *
 * An error stays in `event` (negative; `why` has the words) and ends the
 * reading.
 */
#include "base/json.h"

#include <string.h>

#include "base/text.h"

enum json_state {
    JSON_IN_VALUE, JSON_IN_FIRST_ELEMENT, JSON_IN_FIRST_KEY, JSON_IN_KEY,
    JSON_IN_COLON, JSON_IN_AFTER, JSON_IN_TRAILING,     /* between tokens */
    JSON_IN_STRING, JSON_IN_UTF8, JSON_IN_ESCAPE, JSON_IN_HEX,
    JSON_IN_LOW_SLASH, JSON_IN_LOW_U,
    JSON_IN_NUMBER, JSON_IN_WORD,
    JSON_IN_ROOT_END
};

/* The reader reports values, skips the one that comes, or takes its raw bytes.
 * NEXT: that value has not begun yet. */
enum json_mode {
    JSON_TELLS, JSON_SKIPS_NEXT, JSON_TAKES_NEXT, JSON_SKIPS, JSON_TAKES
};

/* Low bits: PLAIN in a string (ASCII that stands for itself), BLANK between
 * tokens.  High bits: the column of json_number_next. */
#define JSON_PLAIN 1
#define JSON_BLANK 2

static const unsigned char json_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 2, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    3, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0x51, 1, 0x61, 0x31, 1,
    0x11, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
    0x21, 0x21, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 0x41, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
    1, 1, 1, 1, 1, 0x41, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

enum json_number {
    NUM_NONE, NUM_START, NUM_MINUS, NUM_ZERO, NUM_INT, NUM_DOT, NUM_FRAC,
    NUM_E, NUM_SIGN, NUM_EXP
};

static const unsigned char json_number_next[][7] = {
    /*              other  0         1-9       .        e E    +         - */
    [NUM_START] = { 0,     NUM_ZERO, NUM_INT,  0,       0,     0, NUM_MINUS },
    [NUM_MINUS] = { 0,     NUM_ZERO, NUM_INT,  0,       0,     0, 0 },
    [NUM_ZERO]  = { 0,     0,        0,        NUM_DOT, NUM_E, 0, 0 },
    [NUM_INT]   = { 0,     NUM_INT,  NUM_INT,  NUM_DOT, NUM_E, 0, 0 },
    [NUM_DOT]   = { 0,     NUM_FRAC, NUM_FRAC, 0,       0,     0, 0 },
    [NUM_FRAC]  = { 0,     NUM_FRAC, NUM_FRAC, 0,       NUM_E, 0, 0 },
    [NUM_E]     = { 0,     NUM_EXP,  NUM_EXP,  0,  0, NUM_SIGN, NUM_SIGN },
    [NUM_SIGN]  = { 0,     NUM_EXP,  NUM_EXP,  0,       0,     0, 0 },
    [NUM_EXP]   = { 0,     NUM_EXP,  NUM_EXP,  0,       0,     0, 0 }
};

static unsigned char json_byte(const char *p)
{
    return (unsigned char)*p;
}

/* ---- errors, text, raw bytes ---- */

static void json_fail(struct hc_json *j, int code, const char *why)
{
    j->event = code;
    j->why = why;
}

static const char *json_wrong(struct hc_json *j, const char *p,
                              const char *why)
{
    json_fail(j, HEADCOUNT_ESYNTAX, why);
    return p;
}

static bool json_is_quiet(const struct hc_json *j)
{
    return j->mode >= JSON_SKIPS;
}

/* [from, p) did not fit into b.  Returns the first byte that did not, so that
 * the error is at the same byte however the input was split. */
static const char *json_overflow(struct hc_json *j, const struct hc_buf *b,
                                 const char *from, const char *p)
{
    size_t n = (size_t)(p - from), room = b->max - b->n;

    json_fail(j, b->err, b->err == HEADCOUNT_ENOMEM ? "no memory for a text" :
              b == &j->text ? "a key, string or number is too long"
                            : "a value is too long to be kept");
    return n > room ? from + room : from;
}

static inline const char *json_text_put(struct hc_json *j, const char *from,
                                        const char *p)
{
    if (from == p || json_is_quiet(j))
        return p;
    hc_buf_put(&j->text, from, (size_t)(p - from));
    return j->text.err == 0 ? p : json_overflow(j, &j->text, from, p);
}

/* The bytes consumed since `raw` belong to the value that is taken. */
static const char *json_raw_put(struct hc_json *j, const char *p)
{
    const char *from = j->raw;

    j->raw = p;
    hc_buf_put(j->capture, from, (size_t)(p - from));
    return j->capture->err == 0 ? p : json_overflow(j, j->capture, from, p);
}

/* ---- values begin and end ---- */

static void json_value_begin(struct hc_json *j, const char *p)
{
    j->values++;
    if (j->mode != JSON_SKIPS_NEXT && j->mode != JSON_TAKES_NEXT)
        return;
    j->mode = j->mode == JSON_SKIPS_NEXT ? JSON_SKIPS : JSON_TAKES;
    j->skip_depth = j->depth;
    j->raw = p;
}

/* The value that was skipped or taken ends before p. */
static const char *json_quiet_end(struct hc_json *j, const char *p)
{
    bool was_taken = j->mode == JSON_TAKES;

    j->mode = JSON_TELLS;
    j->text.n = 0;
    if (was_taken) {
        j->event = JSON_STRING;
        return json_raw_put(j, p);
    }
    if (j->state == JSON_IN_ROOT_END) {
        j->event = JSON_DONE;
        j->state = JSON_IN_TRAILING;
    }
    return p;
}

static inline const char *json_value_end(struct hc_json *j, const char *p,
                                         int event)
{
    j->state = j->depth > 0 ? JSON_IN_AFTER : JSON_IN_ROOT_END;
    if (json_is_quiet(j))
        return j->depth == j->skip_depth ? json_quiet_end(j, p) : p;
    j->event = event;
    return p;
}

static const char *json_open(struct hc_json *j, const char *p, bool object)
{
    unsigned char bit = (unsigned char)(1U << j->depth % 8);
    unsigned char *byte = &j->stack[j->depth / 8];

    if (j->depth == j->max_depth) {
        json_fail(j, HEADCOUNT_ELIMIT, "nested too deep");
        return p;
    }
    *byte = (unsigned char)(object ? *byte | bit : *byte & ~bit);
    j->depth++;
    j->in_object = object;
    j->state = object ? JSON_IN_FIRST_KEY : JSON_IN_FIRST_ELEMENT;
    if (!json_is_quiet(j))
        j->event = object ? JSON_OBJECT : JSON_ARRAY;
    return p + 1;
}

static const char *json_close(struct hc_json *j, const char *p)
{
    int event = j->in_object ? JSON_OBJECT_END : JSON_ARRAY_END;

    j->depth--;
    if (j->depth > 0) {
        unsigned top = j->depth - 1;

        j->in_object = (j->stack[top / 8] >> top % 8 & 1) != 0;
    }
    if (j->mode == JSON_SKIPS_NEXT || j->mode == JSON_TAKES_NEXT)
        j->mode = JSON_TELLS;
    return json_value_end(j, p + 1, event);
}

/* ---- numbers and words ---- */

static bool json_number_is_whole(unsigned at)
{
    return at == NUM_ZERO || at == NUM_INT || at == NUM_FRAC || at == NUM_EXP;
}

static const char *json_step_number(struct hc_json *j, const char *p,
                                    const char *end)
{
    const char *from = p;
    unsigned at = j->sub;

    for (; p < end; p++) {
        unsigned next = json_number_next[at][json_class[json_byte(p)] >> 4];

        if (next == NUM_NONE)
            break;
        at = next;
    }
    j->sub = at;
    p = json_text_put(j, from, p);
    if (p == end || j->event < 0)
        return p;
    if (!json_number_is_whole(at))
        return json_wrong(j, p, "a number lacks a digit");
    return json_value_end(j, p, JSON_NUMBER);
}

static const char *json_step_word(struct hc_json *j, const char *p,
                                  const char *end)
{
    const char *word = j->code == JSON_TRUE ? "true"
                       : j->code == JSON_FALSE ? "false" : "null";

    for (; p < end && word[j->sub] != '\0'; p++, j->sub++)
        if (*p != word[j->sub])
            return json_wrong(j, p, "neither true, false nor null");
    return word[j->sub] == '\0' ? json_value_end(j, p, (int)j->code) : p;
}

/* ---- strings ---- */

static const char *json_string_end(struct hc_json *j, const char *p)
{
    if (!j->is_key)
        return json_value_end(j, p + 1, JSON_STRING);
    j->keys++;
    j->state = JSON_IN_COLON;
    if (!json_is_quiet(j))
        j->event = JSON_KEY;
    return p + 1;
}

/* Looks at eight bytes at once: the top bit of each byte of the result is set
 * where that byte is not plain.  This is right up to the first such byte; the
 * subtraction may borrow from those after it, and nobody looks at them.  Most
 * bytes of an answer are in strings, and this is half of the reader's whole
 * cost. */
#define JSON_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t json_not_plain(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    uint64_t w = (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
                 (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
                 (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
                 (uint64_t)b[7] << 56;

    return (w | (w - JSON_EACH(0x20)) |
            ((w ^ JSON_EACH('"')) - JSON_EACH(1)) |
            ((w ^ JSON_EACH('\\')) - JSON_EACH(1))) & JSON_EACH(0x80);
}

static const char *json_plain_run(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t found = json_not_plain(p);

        if (found != 0)
            return p + __builtin_ctzll(found) / 8;
    }
    while (p < end && (json_class[json_byte(p)] & JSON_PLAIN) != 0)
        p++;
    return p;
}

/* Bytes that stand for themselves, whole UTF-8 sequences with them. */
static const char *json_string_run(const char *p, const char *end)
{
    for (;;) {
        p = json_plain_run(p, end);
        if (p == end || json_byte(p) < 0x80)
            return p;

        size_t n = hc_text_utf8_length(hc_str_n(p, (size_t)(end - p)));

        if (n == 0)
            return p;
        p += n;
    }
}

/* A sequence that is cut or wrong is read byte by byte, so that the error is at
 * the same byte however the input was split.  low and top are the bounds of the
 * next byte (the table in base/text.c). */
static const char *json_utf8_begin(struct hc_json *j, const char *p)
{
    unsigned char lead = json_byte(p);

    if (lead < 0xC2 || lead > 0xF4)
        return json_wrong(j, p, "a string is not UTF-8");
    j->low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    j->top = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    j->sub = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    j->state = JSON_IN_UTF8;
    return json_text_put(j, p, p + 1);
}

static const char *json_step_utf8(struct hc_json *j, const char *p)
{
    if (json_byte(p) < j->low || json_byte(p) > j->top)
        return json_wrong(j, p, "a string is not UTF-8");
    j->low = 0x80;
    j->top = 0xBF;
    if (--j->sub == 0)
        j->state = JSON_IN_STRING;
    return json_text_put(j, p, p + 1);
}

static const char *json_step_string(struct hc_json *j, const char *p,
                                    const char *end)
{
    const char *from = p;

    p = json_string_run(p, end);
    p = json_text_put(j, from, p);
    if (p == end || j->event < 0)
        return p;
    if (*p == '"')
        return json_string_end(j, p);
    if (json_byte(p) >= 0x80)
        return json_utf8_begin(j, p);
    if (*p != '\\')
        return json_wrong(j, p, "a control character in a string");
    j->state = JSON_IN_ESCAPE;
    return p + 1;
}

static const char *json_string_begin(struct hc_json *j, const char *p,
                                     const char *end, bool is_key)
{
    j->state = JSON_IN_STRING;
    j->is_key = is_key;
    j->high = 0;
    j->text.n = 0;
    return json_step_string(j, p + 1, end);
}

static const char *json_hex_begin(struct hc_json *j, const char *p)
{
    j->state = JSON_IN_HEX;
    j->sub = 4;
    j->code = 0;
    return p + 1;
}

static const char *json_step_escape(struct hc_json *j, const char *p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = *p != '\0' ? strchr(from, *p) : NULL;

    if (*p == 'u')
        return json_hex_begin(j, p);
    if (at == NULL)
        return json_wrong(j, p, "no such escape in a string");
    j->state = JSON_IN_STRING;
    json_text_put(j, to + (at - from), to + (at - from) + 1);
    return p + 1;
}

/* Four digits were read: a character, or half of a surrogate pair.  Not
 * inlined: because of its array the stack protector would check every call of
 * hc_json_next. */
__attribute__((noinline))
static const char *json_hex_end(struct hc_json *j, const char *p)
{
    bool is_low = j->code >= 0xDC00 && j->code <= 0xDFFF;
    bool is_high = j->code >= 0xD800 && j->code <= 0xDBFF;
    char u[4];

    if (is_low != (j->high != 0))
        return json_wrong(j, p, "half of a surrogate pair in a string");
    if (is_high) {
        j->high = j->code;
        j->state = JSON_IN_LOW_SLASH;
        return p + 1;
    }
    if (is_low)
        j->code = 0x10000 + ((j->high - 0xD800) << 10) + (j->code - 0xDC00);
    j->high = 0;
    j->state = JSON_IN_STRING;
    json_text_put(j, u, u + hc_text_utf8(u, j->code));
    return p + 1;
}

static const char *json_step_hex(struct hc_json *j, const char *p)
{
    int digit = hc_hex_value(*p);

    if (digit < 0)
        return json_wrong(j, p, "\\u needs four hex digits");
    j->code = j->code << 4 | (uint32_t)digit;
    return --j->sub == 0 ? json_hex_end(j, p) : p + 1;
}

static const char *json_step_low(struct hc_json *j, const char *p, char due)
{
    if (*p != due)
        return json_wrong(j, p, "half of a surrogate pair in a string");
    if (due == 'u')
        return json_hex_begin(j, p);
    j->state = JSON_IN_LOW_U;
    return p + 1;
}

/* ---- between tokens: *p is not blank ---- */

static const char *json_word_begin(struct hc_json *j, const char *p, int event)
{
    j->state = JSON_IN_WORD;
    j->code = (uint32_t)event;
    j->sub = 1;
    return p + 1;
}

static const char *json_step_value(struct hc_json *j, const char *p,
                                   const char *end)
{
    if (*p == ']' && j->state == JSON_IN_FIRST_ELEMENT)
        return json_close(j, p);
    json_value_begin(j, p);
    switch (*p) {
    case '"': return json_string_begin(j, p, end, false);
    case '{': return json_open(j, p, true);
    case '[': return json_open(j, p, false);
    case 't': return json_word_begin(j, p, JSON_TRUE);
    case 'f': return json_word_begin(j, p, JSON_FALSE);
    case 'n': return json_word_begin(j, p, JSON_NULL);
    default:  break;
    }
    if (*p != '-' && (*p < '0' || *p > '9'))
        return json_wrong(j, p, "a value is due");
    j->state = JSON_IN_NUMBER;
    j->sub = NUM_START;
    j->text.n = 0;
    return p;
}

static const char *json_step_key(struct hc_json *j, const char *p,
                                 const char *end)
{
    if (*p == '"')
        return json_string_begin(j, p, end, true);
    if (*p == '}' && j->state == JSON_IN_FIRST_KEY)
        return json_close(j, p);
    return json_wrong(j, p, j->state == JSON_IN_FIRST_KEY
                                ? "a key or } is due" : "a key is due");
}

static const char *json_step_colon(struct hc_json *j, const char *p,
                                   const char *end)
{
    if (*p != ':')
        return json_wrong(j, p, "a colon is due");
    j->state = JSON_IN_VALUE;
    p++;
    /* The value mostly follows at once: no round through json_run for it. */
    return p < end && *p > ' ' ? json_step_value(j, p, end) : p;
}

static const char *json_step_after(struct hc_json *j, const char *p,
                                   const char *end)
{
    if (*p == ',') {
        j->state = j->in_object ? JSON_IN_KEY : JSON_IN_VALUE;
        p++;
        return j->in_object && p < end && *p == '"'
            ? json_step_key(j, p, end) : p;
    }
    if (*p == (j->in_object ? '}' : ']'))
        return json_close(j, p);
    return json_wrong(j, p, j->in_object ? "a comma or } is due"
                                         : "a comma or ] is due");
}

static const char *json_blank_run(const char *p, const char *end)
{
    while (p < end && (json_class[json_byte(p)] & JSON_BLANK) != 0)
        p++;
    return p;
}

/* A number that is not negative and has no exponent, true, false or null: its
 * end; NULL: another value, or it may go on behind `end`. */
static const char *json_short_value(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && *q >= '0' && *q <= '9')
        q++;
    if (*p == '0' && q != p + 1)
        return NULL;
    if (q > p && end - q > 1 && q[0] == '.' && q[1] >= '0' && q[1] <= '9')
        for (q++; q < end && *q >= '0' && *q <= '9';)
            q++;
    if (q == p && end - p > 5)
        q = memcmp(p, "false", 5) == 0 ? p + 5
            : memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0 ? p + 4
                                                                     : p;
    return q > p && q < end && (*q == ',' || *q == '}') ? q : NULL;
}

/* In an object that nobody reads most members have the form ,"name":"text" or
 * ,"name":12, without an escape in them: one loop passes those.  The states
 * read a member of another form, or one that may go on behind `end`. */
static const char *json_pass_members(struct hc_json *j, const char *p,
                                     const char *end)
{
    while (end - p > 5 && p[0] == ',' && p[1] == '"') {
        const char *q = json_plain_run(p + 2, end);

        if (end - q < 4 || q[0] != '"' || q[1] != ':')
            break;
        q += 2;
        if (*q == '"') {
            q = json_plain_run(q + 1, end);
            q = q < end && *q == '"' ? q + 1 : NULL;
        } else {
            q = json_short_value(q, end);
        }
        if (q == NULL)
            break;
        j->keys++;
        j->values++;
        p = q;
    }
    return p;
}

static const char *json_run(struct hc_json *j, const char *p, const char *end)
{
    while (j->event == 0 && p < end) {
        if (j->state == JSON_IN_AFTER && j->in_object && *p == ',' &&
            json_is_quiet(j)) {
            p = json_pass_members(j, p, end);
            if (p == end)
                break;
        }
        if (j->state <= JSON_IN_TRAILING && *p <= ' ') {
            p = json_blank_run(p, end);
            if (p == end)
                break;
        }
        switch ((enum json_state)j->state) {
        case JSON_IN_VALUE:
        case JSON_IN_FIRST_ELEMENT: p = json_step_value(j, p, end);       break;
        case JSON_IN_FIRST_KEY:
        case JSON_IN_KEY:           p = json_step_key(j, p, end);         break;
        case JSON_IN_COLON:         p = json_step_colon(j, p, end);      break;
        case JSON_IN_AFTER:         p = json_step_after(j, p, end);      break;
        case JSON_IN_STRING:        p = json_step_string(j, p, end); break;
        case JSON_IN_UTF8:          p = json_step_utf8(j, p);        break;
        case JSON_IN_ESCAPE:        p = json_step_escape(j, p);      break;
        case JSON_IN_HEX:           p = json_step_hex(j, p);         break;
        case JSON_IN_LOW_SLASH:     p = json_step_low(j, p, '\\');   break;
        case JSON_IN_LOW_U:         p = json_step_low(j, p, 'u');    break;
        case JSON_IN_NUMBER:        p = json_step_number(j, p, end); break;
        case JSON_IN_WORD:          p = json_step_word(j, p, end);   break;
        case JSON_IN_ROOT_END:
        case JSON_IN_TRAILING:
            p = json_wrong(j, p, "something stands after the value");
            break;
        }
    }
    return p;
}

/* ---- what others call ---- */

void hc_json_init(struct hc_json *j, const struct hc_alloc *a,
                  uint64_t max_bytes, unsigned max_depth, size_t max_text)
{
    *j = (struct hc_json){
        .max_bytes = max_bytes,
        .max_depth = max_depth < HC_JSON_DEPTH ? max_depth : HC_JSON_DEPTH,
        .state = JSON_IN_VALUE,
        .mode = JSON_TELLS
    };
    hc_buf_init(&j->text, a, max_text);
}

void hc_json_fini(struct hc_json *j)
{
    hc_buf_fini(&j->text);
}

static int json_report(const struct hc_json *j, struct headcount_error *e)
{
    return hc_error_set(e, j->event, "JSON: %s (byte %llu)", j->why,
                        (unsigned long long)j->at);
}

/* The part of `in` that max_bytes allows, through the states. */
static void json_feed(struct hc_json *j, struct hc_str *in)
{
    uint64_t left = j->max_bytes - j->at;
    size_t n = in->n < left ? in->n : (size_t)left;

    j->event = 0;
    if (n > 0) {
        j->raw = in->p;

        const char *p = json_run(j, in->p, in->p + n);

        /* Also after an error at p: if the bytes before p are too many for
         * `capture`, that error stands at an earlier byte and is the one to
         * report. */
        if (j->mode == JSON_TAKES)
            p = json_raw_put(j, p);
        j->at += (size_t)(p - in->p);
        in->n -= (size_t)(p - in->p);
        in->p = p;
    }
    if (j->event == 0 && in->n > 0)
        json_fail(j, HEADCOUNT_ELIMIT, "the document is too long");
}

int hc_json_next(struct hc_json *j, struct hc_str *in,
                 struct headcount_error *e)
{
    if (j->event < 0)
        return json_report(j, e);
    if (j->state == JSON_IN_ROOT_END) {
        j->state = JSON_IN_TRAILING;
        return JSON_DONE;
    }
    json_feed(j, in);
    if (j->event < 0)
        return json_report(j, e);
    return j->event != 0 ? j->event : JSON_MORE;
}

struct hc_str hc_json_text(const struct hc_json *j)
{
    return hc_buf_view(&j->text);
}

void hc_json_skip(struct hc_json *j)
{
    j->mode = JSON_SKIPS_NEXT;
}

void hc_json_take(struct hc_json *j, struct hc_buf *out)
{
    j->mode = JSON_TAKES_NEXT;
    j->capture = out;
}

static bool json_is_whole(const struct hc_json *j)
{
    return j->state == JSON_IN_ROOT_END || j->state == JSON_IN_TRAILING ||
           (j->state == JSON_IN_NUMBER && j->depth == 0 &&
            json_number_is_whole(j->sub));
}

int hc_json_end(const struct hc_json *j, struct headcount_error *e)
{
    if (j->event < 0)
        return json_report(j, e);
    if (json_is_whole(j))
        return 0;
    if (j->state == JSON_IN_VALUE && j->depth == 0)
        return hc_error_set(e, HEADCOUNT_ESYNTAX,
                            "JSON: there is none, the text is empty");
    return hc_error_set(e, HEADCOUNT_ETRUNCATED,
                        "JSON: it ends after byte %llu, "
                        "before its value is whole",
                        (unsigned long long)j->at);
}
