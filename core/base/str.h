/* base/str.h - borrowed bytes: a pointer and a length, no terminator.
 *
 * A hc_str lives as long as the bytes it points into.  {NULL, 0} is "absent"
 * and equals the empty string in every comparison.
 */
#ifndef HC_BASE_STR_H
#define HC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hc_str {
    const char *p;
    size_t n;
};

#define HC_STR(lit) ((struct hc_str){ (lit), sizeof(lit) - 1 })
/* For "%.*s": HC_STR_ARG(s) */
#define HC_STR_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).n ? (s).p : "")

struct hc_str hc_str(const char *z);                 /* NULL gives {NULL,0} */
struct hc_str hc_str_n(const void *p, size_t n);
bool hc_str_eq(struct hc_str a, struct hc_str b);
bool hc_str_eqz(struct hc_str a, const char *z);
bool hc_str_eqi(struct hc_str a, struct hc_str b);   /* ASCII case folded   */
/* s is one of the words, which have a blank between them. */
bool hc_str_is_word(struct hc_str s, const char *words);
bool hc_str_is_wordi(struct hc_str s, const char *words);  /* case folded   */
int hc_str_cmp(struct hc_str a, struct hc_str b);    /* bytewise, like memcmp */
bool hc_str_starts(struct hc_str s, struct hc_str prefix);
bool hc_str_ends(struct hc_str s, struct hc_str suffix);
size_t hc_str_find(struct hc_str s, char c);         /* index, or s.n       */
struct hc_str hc_str_from(struct hc_str s, size_t at);          /* s[at..]  */
/* Without the UTF-8 byte order mark that editors put before a text. */
struct hc_str hc_str_unmarked(struct hc_str s);
struct hc_str hc_str_trim(struct hc_str s);      /* SP and HTAB, both ends */
/* The bytes as they are, as many as fit, and a NUL; cap > 0. */
void hc_str_copy(char *to, size_t cap, struct hc_str s);
/* Takes the part before the first `sep` off the front of *s, and the `sep` with
 * it; all of *s if there is no `sep`. */
struct hc_str hc_str_cut(struct hc_str *s, char sep);
/* The first of texts that stand in a row, each with its NUL; *at moves behind
 * it. */
const char *hc_str_next(const char **at);
/* Whole string must be decimal digits (hex: hex digits) that fit. */
bool hc_str_u64(struct hc_str s, uint64_t *out);
bool hc_str_hex_u64(struct hc_str s, uint64_t *out);
char hc_lower(char c);                               /* ASCII only          */
int hc_hex_value(char c);                            /* -1: no hex digit    */
/* FNV-1a, for tables in memory: begin with HC_STR_HASH, or go on with the
 * hash of the text before. */
#define HC_STR_HASH 14695981039346656037U
uint64_t hc_str_hash(uint64_t hash, struct hc_str s);
/* Glob with '*' and '?' only, bytewise, no recursion. */
bool hc_str_glob(struct hc_str pattern, struct hc_str s);

#endif
