/* cli/undo_log.h - the writes that a log of headcount has, one row for each
 * service: the count before the first of them and the count after the last.
 *
 *     {"time":...,"cluster":ARN,"event":"write","service":...,
 *      "before":1,"after":3,...}
 *
 * A line may have other text before its object, as exports of CloudWatch and
 * journald have; every other line is passed over.  Lines may stand in any
 * order.
 */
#ifndef CLI_UNDO_LOG_H
#define CLI_UNDO_LOG_H

#include "headcount.h"

struct undo_row {
    char *cluster, *service;       /* an ARN, a name; one block              */
    int64_t time, last;            /* of the first write and of the last one */
    int64_t before, after;
    int64_t found;                 /* the caller's, HEADCOUNT_UNKNOWN first  */
    size_t size;                   /* private: of that block                 */
    size_t line;                   /* private                                */
};

struct undo_log {
    struct undo_row *rows;         /* by cluster, then by service            */
    size_t n;
    size_t writes;                 /* good lines, also those before `since`  */
    size_t bad, bad_line;          /* lines of writes that cannot be read, and
                                      the first of them, from 1              */
    /* private */
    size_t room;
    const struct headcount_system *system;
};

/* 0 or HEADCOUNT_ENOMEM; always fini.  Writes before `since` (microseconds
 * since 1970) are counted and make no row.  `system` gives the memory and
 * outlives the log. */
int undo_log_read(struct undo_log *l, const char *text, size_t n,
                  int64_t since, const struct headcount_system *system);
void undo_log_fini(struct undo_log *l);

#endif
