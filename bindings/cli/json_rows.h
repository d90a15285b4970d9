/* cli/json_rows.h - answers of the form {"NAME": [{...}, ...], ...}: each
 * object of each list, and the texts in it that are asked for.
 *
 *     json_rows_open(&rows, body, n, names, 2);
 *     while (json_rows_next(&rows))
 *         ...                    rows.list, rows.text[0], rows.text[1]
 *     json_rows_close(&rows);
 */
#ifndef CLI_JSON_ROWS_H
#define CLI_JSON_ROWS_H

#include "headcount.h"

#define ROWS_MAX 4

struct json_rows {
    char list[32];                   /* whose object it is                   */
    char *text[ROWS_MAX];            /* NULL where it has none               */
    size_t text_n[ROWS_MAX];
    /* private */
    headcount_json *json;
    const char *const *names;
    size_t names_n;
    int depth, field;
};

bool json_rows_open(struct json_rows *r, const void *body, size_t n,
               const char *const *names, size_t names_n);
/* False: no more.  Its texts live until the next call. */
bool json_rows_next(struct json_rows *r);
void json_rows_close(struct json_rows *r);

#endif
