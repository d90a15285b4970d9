/* cli/replace.h - a file that is replaced as a whole: a reader sees the old one
 * or the new one.
 *
 * It is written by way of FILE.new beside it.  Where the path is a link, what
 * the link points to is replaced, and the link stays.  Nothing but a regular
 * file is replaced, and none that is standard input, output or error.
 */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

#define REPLACE_WHY 600

/* False: why it cannot be; what is there stays. */
bool replace_file(const char *path, const char *text, size_t n,
                  char why[static REPLACE_WHY]);
/* The same; only its owner may read the new file. */
bool replace_private(const char *path, const char *text, size_t n,
                     char why[static REPLACE_WHY]);
/* Whether it could be; changes nothing. */
bool replace_try(const char *path, char why[static REPLACE_WHY]);

/* Two files that can be replaced are one, or one is the other's FILE.new: each
 * would take the other away. */
bool replace_would_clash(const char *one, const char *two);

#endif
