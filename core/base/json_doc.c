/* base/json_doc.c - a slice of JSON as a tree of jsmn's tokens.
 *
 * jsmn does not validate (it accepts {"a"}, [01], [1,,2]), so the reader goes
 * over the slice first and jsmn only says where the tokens are.  Without
 * JSMN_PARENT_LINKS jsmn searches backwards at each closing bracket: 200,000
 * objects in an array took 10.8 s, with it 5 ms.  After the parse `parent` is
 * of no more use to jsmn; it then holds the index after the token's value, so
 * that a walk over siblings steps over what is in them:
 *
 *   {"a":[1,2],"b":3}     0 object, 1 "a", 2 array, 3 1, 4 2, 5 "b", 6 3
 *   parent becomes           7        5       5       4    5     7     7
 */
#include "base/json.h"

#include <limits.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "base/text.h"

/* Offsets and counts of jsmn are int. */
_Static_assert(HC_JSON_DOC < INT_MAX, "jsmn's offsets must hold it");

static jsmntok_t *doc_tokens(const struct hc_json_doc *d)
{
    return d->tokens;
}

static const jsmntok_t *doc_token(const struct hc_json_doc *d, int v)
{
    return v >= 0 && (size_t)v < d->n ? &doc_tokens(d)[v] : NULL;
}

/* ---- init ---- */

/* Sets *count to the number of tokens there will be. */
static int doc_validate(const struct hc_json_doc *d, size_t *count,
                        struct headcount_error *e)
{
    struct hc_json j;
    struct hc_str in = d->text;

    hc_json_init(&j, d->alloc, in.n, HC_JSON_DEPTH, 0);
    hc_json_skip(&j);

    int err = hc_json_next(&j, &in, e);

    while (err > 0 && in.n > 0)
        err = hc_json_next(&j, &in, e);
    if (err > 0)
        err = hc_json_end(&j, e);
    *count = (size_t)(j.keys + j.values);
    hc_json_fini(&j);
    return err;
}

static bool doc_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct hc_str doc_trim(struct hc_str s)
{
    while (s.n > 0 && doc_is_blank(s.p[0]))
        s = hc_str_from(s, 1);
    while (s.n > 0 && doc_is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* From the last token to the first, because the index after a value is found
 * by way of the tokens inside it.  A key ends where its value ends. */
static void doc_link(struct hc_json_doc *d)
{
    jsmntok_t *tokens = doc_tokens(d);

    for (size_t i = d->n; i-- > 0; ) {
        size_t next = i + 1;

        if (tokens[i].type == JSMN_STRING && tokens[i].size > 0)
            next = (size_t)tokens[next].parent;
        else
            while (next < d->n && tokens[next].start < tokens[i].end)
                next = (size_t)tokens[next].parent;
        tokens[i].parent = (int)next;
    }
}

static int doc_tokenise(struct hc_json_doc *d, size_t count,
                        struct headcount_error *e)
{
    struct hc_str root = doc_trim(d->text);
    jsmntok_t *tokens = hc_alloc_array(d->alloc, count, sizeof(*tokens));
    jsmn_parser parser;

    if (tokens == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "no memory for %zu JSON tokens", count);
    d->tokens = tokens;
    d->cap = count;
    if (root.p[0] != '{' && root.p[0] != '[' && root.p[0] != '"') {
        /* In strict mode jsmn wants a byte after a number or a word, so the
         * token of a root that is one is made by hand. */
        int start = (int)(root.p - d->text.p);

        tokens[0] = (jsmntok_t){ .type = JSMN_PRIMITIVE, .start = start,
                                 .end = start + (int)root.n };
    } else {
        jsmn_init(&parser);
        if (jsmn_parse(&parser, d->text.p, d->text.n, tokens,
                       (unsigned)count) != (int)count)
            return hc_error_set(e, HEADCOUNT_ESYNTAX,
                                "JSON: it cannot be tokenised");
    }
    d->n = count;
    doc_link(d);
    return 0;
}

int hc_json_doc_init(struct hc_json_doc *d, const struct hc_alloc *a,
                     struct hc_str text, size_t max_tokens,
                     struct headcount_error *e)
{
    size_t count;

    *d = (struct hc_json_doc){ .text = text, .alloc = a };
    if (text.n > HC_JSON_DOC)
        return hc_error_set(e, HEADCOUNT_ELIMIT, "JSON: %zu bytes are too many",
                            text.n);

    int err = doc_validate(d, &count, e);

    if (err == 0 && count > max_tokens)
        err = hc_error_set(e, HEADCOUNT_ELIMIT,
                           "JSON: %zu keys and values are more "
                           "than the %zu that are read here",
                           count, max_tokens);
    if (err == 0)
        err = doc_tokenise(d, count, e);
    if (err < 0)
        hc_json_doc_fini(d);
    return err;
}

void hc_json_doc_fini(struct hc_json_doc *d)
{
    hc_free(d->alloc, d->tokens, d->cap * sizeof(jsmntok_t));
    d->tokens = NULL;
    d->n = 0;
    d->cap = 0;
}

/* ---- walking ---- */

struct hc_str hc_json_raw(const struct hc_json_doc *d, int v)
{
    const jsmntok_t *t = doc_token(d, v);

    if (t == NULL)
        return (struct hc_str){ NULL, 0 };
    return hc_str_n(d->text.p + t->start, (size_t)(t->end - t->start));
}

enum hc_json_kind hc_json_kind(const struct hc_json_doc *d, int v)
{
    const jsmntok_t *t = doc_token(d, v);

    if (t == NULL)
        return KIND_NONE;
    switch (t->type) {
    case JSMN_OBJECT:    return KIND_OBJECT;
    case JSMN_ARRAY:     return KIND_ARRAY;
    case JSMN_STRING:    return KIND_STRING;
    case JSMN_PRIMITIVE: break;
    case JSMN_UNDEFINED: return KIND_NONE;
    }
    switch (d->text.p[t->start]) {
    case 'n': return KIND_NULL;
    case 't':
    case 'f': return KIND_BOOL;
    default:  return KIND_NUMBER;
    }
}

static bool doc_is_container(const jsmntok_t *t)
{
    return t != NULL && (t->type == JSMN_OBJECT || t->type == JSMN_ARRAY);
}

size_t hc_json_count(const struct hc_json_doc *d, int v)
{
    const jsmntok_t *t = doc_token(d, v);

    return doc_is_container(t) ? (size_t)t->size : 0;
}

int hc_json_first(const struct hc_json_doc *d, int v)
{
    return hc_json_count(d, v) > 0 ? v + 1 : -1;
}

int hc_json_after(const struct hc_json_doc *d, int container, int v)
{
    const jsmntok_t *t = doc_token(d, v);
    const jsmntok_t *parent = doc_token(d, container);

    if (t == NULL || !doc_is_container(parent) || v <= container)
        return -1;
    return t->parent < parent->parent ? t->parent : -1;
}

int hc_json_value(const struct hc_json_doc *d, int key)
{
    const jsmntok_t *t = doc_token(d, key);

    return t != NULL && t->type == JSMN_STRING && t->size > 0 ? key + 1 : -1;
}

int hc_json_find(const struct hc_json_doc *d, int object, const char *key)
{
    int found = -1;

    if (hc_json_kind(d, object) != KIND_OBJECT)
        return -1;
    for (int k = hc_json_first(d, object); k >= 0;
         k = hc_json_after(d, object, k))
        if (hc_json_is(d, k, key))
            found = hc_json_value(d, k);
    return found;
}

int hc_json_find_any(const struct hc_json_doc *d, int object,
                     struct hc_str key)
{
    int found = -1;

    if (hc_json_kind(d, object) != KIND_OBJECT)
        return -1;
    for (int k = hc_json_first(d, object); k >= 0;
         k = hc_json_after(d, object, k))
        if (hc_str_eqi(hc_json_raw(d, k), key))
            found = hc_json_value(d, k);
    return found;
}

/* ---- strings: validated, so an escape is whole and a pair has two ---- */

static uint32_t doc_hex4(const char *p)
{
    uint32_t v = 0;

    for (size_t i = 0; i < 4; i++)
        v = v << 4 | (uint32_t)hc_hex_value(p[i]);
    return v;
}

/* The escape at the front of *raw as UTF-8 in out; its length. */
static size_t doc_get_escape(struct hc_str *raw, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    if (raw->p[1] != 'u') {
        out[0] = to[strchr(from, raw->p[1]) - from];
        *raw = hc_str_from(*raw, 2);
        return 1;
    }

    uint32_t c = doc_hex4(raw->p + 2);

    *raw = hc_str_from(*raw, 6);
    if (c >= 0xD800 && c <= 0xDBFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (doc_hex4(raw->p + 2) - 0xDC00);
        *raw = hc_str_from(*raw, 6);
    }
    return hc_text_utf8(out, c);
}

/* The next piece of a string: a run of plain bytes, or one escape in four. */
static struct hc_str doc_get_piece(struct hc_str *raw, char four[4])
{
    size_t plain = hc_str_find(*raw, '\\');
    struct hc_str run = hc_str_n(raw->p, plain);

    if (plain == 0)
        return hc_str_n(four, doc_get_escape(raw, four));
    *raw = hc_str_from(*raw, plain);
    return run;
}

int hc_json_string(const struct hc_json_doc *d, int v, struct hc_buf *out)
{
    struct hc_str raw = hc_json_raw(d, v);
    char four[4];

    if (hc_json_kind(d, v) != KIND_STRING)
        return HEADCOUNT_ESYNTAX;
    while (raw.n > 0)
        hc_buf_str(out, doc_get_piece(&raw, four));
    return hc_buf_error(out);
}

bool hc_json_is(const struct hc_json_doc *d, int v, const char *z)
{
    struct hc_str raw = hc_json_raw(d, v), want = hc_str(z);
    char four[4];

    /* An escape is never shorter than what it stands for. */
    if (hc_json_kind(d, v) != KIND_STRING || raw.n < want.n)
        return false;
    while (raw.n > 0) {
        struct hc_str piece = doc_get_piece(&raw, four);

        if (!hc_str_starts(want, piece))
            return false;
        want = hc_str_from(want, piece.n);
    }
    return want.n == 0;
}

/* ---- numbers and booleans ---- */

bool hc_json_bool(const struct hc_json_doc *d, int v, bool *out)
{
    if (hc_json_kind(d, v) != KIND_BOOL)
        return false;
    *out = hc_json_raw(d, v).p[0] == 't';
    return true;
}

bool hc_json_int(const struct hc_json_doc *d, int v, int64_t *out)
{
    return hc_json_kind(d, v) == KIND_NUMBER &&
           hc_json_number_int(hc_json_raw(d, v), out);
}

/* The digits of a number as magnitude times ten to the power of `tens`.  Zeros
 * stay in `tens` until another digit follows them, so that 1.000 with however
 * many zeros does not run out of 64 bits. */
struct doc_decimal {
    uint64_t magnitude;
    int64_t tens;
    bool fits;
};

static void doc_times_ten(struct doc_decimal *n)
{
    n->fits = n->fits && n->magnitude <= UINT64_MAX / 10;
    n->magnitude *= 10;
}

/* The magnitude does not end in a zero, so with a power below 0 the number has
 * a fraction and is no integer. */
static bool doc_decimal_int(struct doc_decimal *n, bool minus, int64_t *out)
{
    uint64_t top = (uint64_t)INT64_MAX + (minus ? 1 : 0);

    if (n->magnitude == 0 && n->fits) {
        *out = 0;
        return true;
    }
    for (; n->fits && n->tens > 0; n->tens--)
        doc_times_ten(n);
    if (!n->fits || n->tens < 0 || n->magnitude > top)
        return false;
    *out = minus ? -(int64_t)(n->magnitude - 1) - 1 : (int64_t)n->magnitude;
    return true;
}

static void doc_put_digit(struct doc_decimal *n, unsigned digit)
{
    if (digit == 0) {
        n->tens += n->magnitude > 0 ? 1 : 0;
        return;
    }
    for (; n->fits && n->tens > 0; n->tens--)
        doc_times_ten(n);
    doc_times_ten(n);
    n->fits = n->fits && n->magnitude <= UINT64_MAX - digit;
    n->magnitude += digit;
}

/* Digits off the front of *s; how many there were. */
static size_t doc_get_digits(struct hc_str *s, struct doc_decimal *n)
{
    size_t i = 0;

    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
        doc_put_digit(n, (unsigned)(s->p[i] - '0'));
    *s = hc_str_from(*s, i);
    return i;
}

/* The power after e or E.  It stops at about a billion: no text that is read
 * has so many digits that they could make up for more. */
static bool doc_get_power(struct hc_str s, int64_t *power)
{
    bool minus = s.n > 0 && s.p[0] == '-';

    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
        s = hc_str_from(s, 1);
    *power = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (*power < 1000000000)
            *power = *power * 10 + (s.p[i] - '0');
    }
    if (minus)
        *power = -*power;
    return s.n > 0;
}

bool hc_json_number_int(struct hc_str text, int64_t *out)
{
    bool minus = text.n > 0 && text.p[0] == '-';
    struct doc_decimal n = { .fits = text.n < 1000000000 };
    int64_t power = 0;

    if (minus)
        text = hc_str_from(text, 1);
    if (doc_get_digits(&text, &n) == 0)
        return false;
    if (text.n > 0 && text.p[0] == '.') {
        text = hc_str_from(text, 1);

        size_t digits = doc_get_digits(&text, &n);

        if (digits == 0)
            return false;
        n.tens -= (int64_t)digits;
    }
    if (text.n > 0 && (hc_lower(text.p[0]) != 'e' ||
                       !doc_get_power(hc_str_from(text, 1), &power)))
        return false;
    n.tens += power;
    return doc_decimal_int(&n, minus, out);
}
