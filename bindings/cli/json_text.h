/* cli/json_text.h - any bytes as the inside of a JSON text. */
#ifndef CLI_JSON_TEXT_H
#define CLI_JSON_TEXT_H

#include <stdio.h>

/* Escaped, without the quotes, as is what a terminal would not show; what is no
 * UTF-8 becomes U+FFFD. */
void json_text_put(FILE *out, const char *text, size_t n);
/* "name":"text" */
void json_text_member(FILE *out, const char *name, const char *text);

#endif
