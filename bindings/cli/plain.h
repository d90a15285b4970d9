/* cli/plain.h - text that came from elsewhere, for a terminal. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Both name the options of the command line where the library's sentences name
 * its own members: --ca-bundle for config.ca_bundle. */

/* A '?' for each character that a terminal does not show where it stands
 * (controls, what turns the direction of a line, what has no width) and for
 * each byte that is no UTF-8. */
void plain_put(FILE *out, const char *text, size_t n);
/* The same piece by piece, for one who escapes them.  It begins with `text` and
 * `n`, and the rest zero. */
struct plain_walk {
    const char *text;                /* what is left                         */
    size_t n;
    const char *shown;               /* the piece, or an option for it       */
    size_t shown_n;
    bool seen;                       /* else a '?' is to stand for it        */
    bool within;                     /* a word: private                      */
};
/* False: there is no more. */
bool plain_next(struct plain_walk *w);
/* The same into `to`, cut to `size` bytes; `to` may be where `text` is.
 * Returns the length. */
size_t plain_copy(char *to, size_t size, const char *text, size_t n);
/* A report of the library, options for members; `to` has n bytes.  Returns the
 * length. */
size_t plain_report(char *to, const char *json, size_t n);
void plain_put_report(FILE *out, const char *json, size_t n);
/* JSON as it came, with such characters as \u escapes: they stand in texts. */
void plain_put_json(FILE *out, const char *json, size_t n);

#endif
