/* cli/json_rows.h - answers of the form {"NAME": [{...}, ...], ...}: each
 * object of each list, and the texts in it that are asked for.
 *
 *     rows_open(&rows, body, n, names, 2);
 *     while (rows_next(&rows))
 *         ...                    rows.list, rows.text[0], rows.text[1]
 *     rows_close(&rows);
 */
#ifndef CLI_JSON_ROWS_H
#define CLI_JSON_ROWS_H

#include "headcount.h"

#define ROWS_MAX 4

struct rows {
    char list[32];                   /* whose object it is                   */
    char *text[ROWS_MAX];            /* NULL where it has none               */
    size_t text_n[ROWS_MAX];
    /* private */
    headcount_json *json;
    const char *const *names;
    size_t names_n;
    int depth, field;
};

bool rows_open(struct rows *r, const void *body, size_t n,
               const char *const *names, size_t names_n);
/* False: no more.  Its texts live until the next call. */
bool rows_next(struct rows *r);
void rows_close(struct rows *r);

#endif
