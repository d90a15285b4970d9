/* lua/nearest.c - the right name that somebody may have meant.
 *
 * hc_text_distance of core/base is the same table.  It stands here again
 * because this folder sees headcount.h only: the Lua module can be built
 * against an installed library.  tests/twice.h holds the two equal.
 */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

#define NEAREST_MAX 40              /* longer names are near to none */
#define NEAREST_FAR ((size_t)99)

static char nearest_letter(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's table, one row at a time; the cases of letters are equal. */
static size_t nearest_distance(const char *a, const char *b)
{
    size_t row[NEAREST_MAX + 1], an = strlen(a), bn = strlen(b);

    if (an > NEAREST_MAX || bn > NEAREST_MAX)
        return NEAREST_FAR;
    for (size_t j = 0; j <= bn; j++)
        row[j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t change = corner + (nearest_letter(a[i - 1]) !=
                                      nearest_letter(b[j - 1]));

            corner = row[j];
            if (row[j - 1] + 1 < change)
                change = row[j - 1] + 1;
            row[j] = row[j] + 1 < change ? row[j] + 1 : change;
        }
    }
    return row[bn];
}

void nearest_init(struct nearest *n, const char *name)
{
    size_t length = strlen(name);

    n->name = name;
    n->best = NULL;
    n->least = length > 5 ? 4 : length > 2 ? 3 : 2;
}

/* How many letters at the front of both are the same. */
static size_t nearest_same(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] != '\0' && nearest_letter(a[n]) == nearest_letter(b[n]))
        n++;
    return n;
}

static bool nearest_wins_tie(const struct nearest *n, const char *candidate)
{
    size_t same = nearest_same(n->name, candidate);
    size_t best = nearest_same(n->name, n->best);

    return same != best ? same > best : strcmp(candidate, n->best) < 0;
}

void nearest_try(struct nearest *n, const char *candidate)
{
    size_t d = nearest_distance(n->name, candidate);

    if (d < n->least || (d == n->least && n->best != NULL &&
                         nearest_wins_tie(n, candidate))) {
        n->least = d;
        n->best = candidate;
    }
}
