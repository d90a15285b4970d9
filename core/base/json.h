/* base/json.h - JSON in (a strict, resumable pull reader; jsmn on slices it
 * validated) and JSON out (a writer onto a buf).
 *
 * The reader is the validator: RFC 8259 grammar, UTF-8, depth and size, one
 * root value, nothing after it.  It is fed pieces of any size, down to one
 * byte, and gives the same events and the same errors at the same byte.
 * Duplicate keys are the caller's matter: the reader reports each,
 * hc_json_find takes the last.
 *
 *   in-bytes --> hc_json_next --> JSON_KEY, JSON_STRING, ...
 *                     |
 *                     +-- capture: raw bytes of one value into a buf,
 *                         validated, for hc_json_doc (jsmn) to tokenise
 */
#ifndef HC_BASE_JSON_H
#define HC_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

#define HC_JSON_DEPTH 128

enum hc_json_event {
    JSON_MORE = 1,      /* all of `in` was used; feed more           */
    JSON_OBJECT, JSON_OBJECT_END,
    JSON_ARRAY, JSON_ARRAY_END,
    JSON_KEY,           /* text = decoded key                        */
    JSON_STRING,        /* text = decoded string                     */
    JSON_NUMBER,        /* text = the number as it stands            */
    JSON_TRUE, JSON_FALSE, JSON_NULL,
    JSON_DONE           /* once, after the root value is complete:
                           only white space may follow               */
};

struct hc_json {
    struct hc_buf text;              /* the current key, string or number */
    struct hc_buf *capture;          /* where hc_json_take puts raw bytes */
    uint64_t at;                     /* bytes consumed so far             */
    unsigned max_depth, depth;       /* depth = open containers           */
    int state;                       /* private to json.c from here       */
    int mode;
    int event;
    unsigned sub;
    unsigned skip_depth;
    uint32_t code, high;
    unsigned char low, top;
    bool in_object, is_key;
    const char *raw;
    const char *why;
    unsigned char stack[HC_JSON_DEPTH / 8];   /* bit set = object         */
    uint64_t max_bytes;
    uint64_t keys, values;           /* seen so far, the skipped ones too */
};

/* max_text bounds one key or string. */
void hc_json_init(struct hc_json *j, const struct hc_alloc *a,
                  uint64_t max_bytes, unsigned max_depth, size_t max_text);
void hc_json_fini(struct hc_json *j);

/* The next event, or HEADCOUNT_ESYNTAX, HEADCOUNT_ELIMIT, HEADCOUNT_ENOMEM
 * (e says where: byte offset and what was expected).  `in` shrinks from the
 * front; what remains was not looked at yet.  After JSON_DONE only white
 * space is accepted: it gives JSON_MORE.  An error stays: later calls answer
 * it again. */
int hc_json_next(struct hc_json *j, struct hc_str *in,
                 struct headcount_error *e);
/* Text of the last KEY, STRING or NUMBER; valid until the next call. */
struct hc_str hc_json_text(const struct hc_json *j);
/* Call right after KEY (or where a value is due in an array, or before the
 * root): the next value, however deep, is validated and dropped; no event
 * comes for it.  If the array ends instead, its end is reported as usual. */
void hc_json_skip(struct hc_json *j);
/* Call at the same places: the raw bytes of the next value are appended to
 * `out` (bounded by out->max), validated, no event for it but JSON_STRING with
 * empty text when it is complete. */
void hc_json_take(struct hc_json *j, struct hc_buf *out);
/* The input ended here: 0 if the document is whole, else
 * HEADCOUNT_ETRUNCATED or (nothing but white space was fed)
 * HEADCOUNT_ESYNTAX.  A number as the root has no byte after it to end it:
 * it is whole here without an event, its text stands in hc_json_text. */
int hc_json_end(const struct hc_json *j, struct headcount_error *e);

/* ---- a slice that is known to be valid, tokenised by jsmn ---- */

struct hc_json_doc {
    struct hc_str text;              /* borrowed: must outlive the doc */
    void *tokens;                    /* jsmntok_t[]                    */
    size_t n, cap;
    const struct hc_alloc *alloc;
};

/* Validates with the reader first, then tokenises; at most max_tokens (a key
 * is one, a value is one), at most HC_JSON_DOC bytes. */
#define HC_JSON_DOC ((size_t)64 << 20)

int hc_json_doc_init(struct hc_json_doc *d, const struct hc_alloc *a,
                     struct hc_str text, size_t max_tokens,
                     struct headcount_error *e);
void hc_json_doc_fini(struct hc_json_doc *d);

/* Values are token indexes; 0 is the root, -1 "absent" and answered by every
 * getter with "absent" again. */
enum hc_json_kind { KIND_NONE, KIND_NULL, KIND_BOOL, KIND_NUMBER, KIND_STRING,
                    KIND_ARRAY, KIND_OBJECT };
enum hc_json_kind hc_json_kind(const struct hc_json_doc *d, int v);
int hc_json_find(const struct hc_json_doc *d, int object, const char *key);
/* The same for a name in any case of ASCII, as it stands in the text. */
int hc_json_find_any(const struct hc_json_doc *d, int object,
                     struct hc_str key);
/* Elements of an array, keys of an object. */
size_t hc_json_count(const struct hc_json_doc *d, int v);
int hc_json_first(const struct hc_json_doc *d, int v);   /* element, key, -1 */
/* The sibling after v: in an array the next element; in an object (v is a
 * key) the next key; -1 at the end.  `container` is the parent. */
int hc_json_after(const struct hc_json_doc *d, int container, int v);
int hc_json_value(const struct hc_json_doc *d, int key);  /* of this key */
/* The bytes as they stand; of a string: between the quotes, undecoded. */
struct hc_str hc_json_raw(const struct hc_json_doc *d, int v);
/* Decoded string appended to out; 0, HEADCOUNT_ESYNTAX if v is no string. */
int hc_json_string(const struct hc_json_doc *d, int v, struct hc_buf *out);
/* True if v is a string that equals z (escapes decoded). */
bool hc_json_is(const struct hc_json_doc *d, int v, const char *z);
/* An integer number that fits; false otherwise (1.0 and 1e2 are accepted,
 * 1.5 is not). */
bool hc_json_int(const struct hc_json_doc *d, int v, int64_t *out);
bool hc_json_bool(const struct hc_json_doc *d, int v, bool *out);

/* Number text as an integer, as above. */
bool hc_json_number_int(struct hc_str text, int64_t *out);

/* ---- out ---- */

/* The character at the front of *s as it stands inside a string; *s begins
 * behind it afterwards.  A character that a terminal does not show is escaped,
 * a byte that is no UTF-8 becomes U+FFFD.  Returns the length. */
#define HC_JSON_ESCAPE 13
size_t hc_json_escape(char out[HC_JSON_ESCAPE], struct hc_str *s);
/* All of them, quoted. */
void hc_json_put_str(struct hc_buf *out, struct hc_str s);
void hc_json_put_key(struct hc_buf *out, const char *key);  /* "key": */
/* "key":"value" with a comma before it where one is due. */
void hc_json_put_member(struct hc_buf *out, const char *key,
                        struct hc_str value);
void hc_json_put_member_int(struct hc_buf *out, const char *key, int64_t value);
void hc_json_put_comma(struct hc_buf *out);   /* not after { [ : or nothing */

#endif
