/* cli/trace.h - the attempts of a verb as an HTTP archive, HAR 1.2 (--trace).
 *
 * Heads are those of struct headcount_trace: no secret is in them.  Bodies are
 * sizes alone.  Members that HAR does not know begin with `_`: _operation,
 * _attempt, _waited (ms in the pool's line), _reused, _resumed, _cluster,
 * _region, _error.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include "headcount.h"

#define TRACE_MOST ((size_t)4096)       /* entries: the newest ones are kept  */
#define TRACE_ENTRY ((size_t)16 << 10)  /* bytes of one; a longer one is put
                                           without headers, or not at all     */

struct trace_entry {
    int64_t start;
    uint64_t number;
    char *text;
};

struct trace {                          /* all zero but the path: nothing yet */
    const char *path;                   /* NULL: no trace is wanted           */
    struct trace_entry *entries;
    size_t n, cap;
    uint64_t seen;                      /* attempts                           */
    int64_t epoch;                      /* 1970 to the monotonic clock's 0    */
    int64_t first;                      /* when the first client was made     */
};

/* False, with a complaint: the file could not be written at the end. */
bool trace_try(const struct trace *t);
/* The hook of struct headcount_system; ud is a struct trace. */
void trace_note(void *ud, const struct headcount_trace *attempt);
/* Puts the entry of an attempt that began at `wall` (us since 1970).  A script
 * may have several clients, and each numbers its connections from 1: those of
 * the first one, made at `first`, have their number alone. */
void trace_put_entry(FILE *out, const struct headcount_trace *attempt,
                     int64_t wall, int64_t first);
/* Puts the whole file. */
void trace_put(FILE *out, struct trace *t);
/* Replaces the file, which only its owner may read; false, with a complaint,
 * where that fails.  Frees what *t has. */
bool trace_end(struct trace *t);

#endif
