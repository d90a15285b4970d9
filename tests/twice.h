/* tests/twice.h - the cases of what stands twice.
 *
 * bindings/lua sees headcount.h only, so that the Lua module can be built
 * against an installed library.  It has a glob and a distance of words of its
 * own, then, as core/base has.  These cases hold the two of each equal.
 */
#ifndef TWICE_H
#define TWICE_H

#include <stdbool.h>
#include <stddef.h>

/* hc_str_glob and facts_glob.  No case takes 64 steps: see facts_glob. */
static const struct twice_glob {
    const char *pattern, *text;
    bool want;
} twice_globs[] = {
    { "", "", true },
    { "", "a", false },
    { "*", "", true },
    { "*", "anything", true },
    { "**", "a", true },
    { "?", "", false },
    { "?", "a", true },
    { "?", "ab", false },
    { "sandbox-*", "sandbox-1", true },
    { "sandbox-*", "sandbox", false },
    { "*-prod", "eu-prod", true },
    { "*-prod", "eu-prod-2", false },
    { "a*b*c", "a-b-b-c", true },
    { "a*b*c", "a-b-b-d", false },
    { "a?c*", "abc", true },
    { "*a", "aaab", false },
    { "a*", "A", false },
    { "[a]", "a", false },
    { "a\\*", "a\\x", true }
};

/* hc_text_distance and nearest_try; in lower case, because the latter does not
 * tell the cases of letters apart. */
static const struct twice_distance {
    const char *a, *b;
    size_t far;
} twice_distances[] = {
    { "", "", 0 },
    { "", "abc", 3 },
    { "abc", "", 3 },
    { "abc", "abc", 0 },
    { "wbe", "web", 2 },
    { "dry-run", "dry_run", 1 },
    { "kitten", "sitting", 3 },
    { "prod", "prod-eu", 3 }
};

#endif
