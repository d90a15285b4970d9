/* bindings/lua/sandbox/match.c - Lua's patterns, matched within a number of
 * steps.
 *
 * A run walks subject and pattern side by side, one element of the pattern a
 * turn, and never calls itself.  Where a quantifier leaves a choice, the way
 * not taken is put on a stack; where the walk fails, the youngest of them is
 * taken.  So the C stack is the same for every pattern, and all that grows
 * has a fixed end: MATCH_DEPTH choices, MATCH_CAPTURES captures, the steps.
 *
 *   pattern = element*            "$" at the very end: the subject ends here
 *   element = single [*+-?] | "(" | ")" | "()" | "%1".."%9" | "%bxy" | "%f" set
 *
 * Each look at a byte costs a step.  Without steps the loops end early with an
 * answer that means nothing; run_walk() alone sees that, and returns
 * MATCH_SPENT before the answer is read.
 */
#include "sandbox/match_single.h"

/* A quantified single that could also have taken one more ("-") or one less
 * (all others).  Every choice on the stack has such a way left. */
struct choice {
    struct match_single single;
    size_t at;              /* subject: where the single stopped last */
    size_t least;           /* and where it has nothing to give back */
    size_t captures_n;      /* the captures as they were */
    uint32_t open;
};

struct run {
    struct match *m;
    size_t at, pat;         /* the next byte of the subject, of the pattern */
    uint32_t open;          /* bit i: captures[i] waits for its ")" */
    size_t choices_n;
    struct choice choices[MATCH_DEPTH];
};

/* The outcome of one element. */
enum turn { TURN_GOES, TURN_FAILS, TURN_BAD };

static enum turn bad(struct match *m, const char *error)
{
    m->error = error;
    return TURN_BAD;
}

/* ---- choices ---- */

static enum turn choice_put(struct run *r, struct match_single single,
                            size_t least)
{
    if (r->choices_n == MATCH_DEPTH)
        return bad(r->m, "pattern too complex");
    r->choices[r->choices_n++] = (struct choice){
        .single = single,
        .at = r->at,
        .least = least,
        .captures_n = r->m->captures_n,
        .open = r->open,
    };
    return TURN_GOES;
}

/* As many as there are; later, one less each time. */
static enum turn step_most(struct run *r, struct match_single single, char how)
{
    size_t least = how == '+' ? r->at + 1 : r->at;
    size_t most = how == '?' ? r->at + 1 : r->m->n;

    while (r->at < most && match_single_fits(r->m, single, r->at))
        r->at++;
    if (r->at < least)
        return TURN_FAILS;
    r->pat = single.after + 1;
    return r->at > least ? choice_put(r, single, least) : TURN_GOES;
}

/* None; later, one more each time. */
static enum turn step_least(struct run *r, struct match_single single)
{
    r->pat = single.after + 1;
    if (!match_single_fits(r->m, single, r->at))
        return TURN_GOES;
    return choice_put(r, single, r->at);
}

static enum turn step_single(struct run *r)
{
    struct match_single single;

    if (!match_single_get(r->m, r->pat, &single))
        return TURN_BAD;

    char how = single.after < r->m->pn ? r->m->p[single.after] : '\0';

    if (how == '-')
        return step_least(r, single);
    if (how == '*' || how == '+' || how == '?')
        return step_most(r, single, how);
    if (!match_single_fits(r->m, single, r->at))
        return TURN_FAILS;
    r->at++;
    r->pat = single.after;
    return TURN_GOES;
}

/* The youngest choice, the other way.  False if there is none. */
static bool run_back(struct run *r)
{
    if (r->choices_n == 0)
        return false;

    struct choice *choice = &r->choices[r->choices_n - 1];
    bool lasts;

    if (r->m->p[choice->single.after] == '-')
        lasts = match_single_fits(r->m, choice->single, ++choice->at);
    else
        lasts = --choice->at > choice->least;
    if (!lasts)
        r->choices_n--;
    r->at = choice->at;
    r->pat = choice->single.after + 1;
    r->open = choice->open;
    r->m->captures_n = choice->captures_n;
    return true;
}

/* ---- captures ---- */

static enum turn step_open(struct run *r)
{
    struct match *m = r->m;
    bool position = m->pn - r->pat > 1 && m->p[r->pat + 1] == ')';

    if (m->captures_n == MATCH_CAPTURES)
        return bad(m, "too many captures");
    m->captures[m->captures_n] = (struct match_capture){ r->at, 0, position };
    if (!position)
        r->open |= UINT32_C(1) << m->captures_n;
    m->captures_n++;
    r->pat += position ? 2 : 1;
    return TURN_GOES;
}

/* Closes the youngest that is open. */
static enum turn step_close(struct run *r)
{
    size_t i = r->m->captures_n;

    if (r->open == 0)
        return bad(r->m, "invalid pattern capture");
    do
        i--;
    while ((r->open >> i & 1) == 0);
    r->m->captures[i].n = r->at - r->m->captures[i].at;
    r->open &= ~(UINT32_C(1) << i);
    r->pat++;
    return TURN_GOES;
}

/* "%1".."%9": the bytes of that capture again.  "%0" is none. */
static enum turn step_again(struct run *r)
{
    static const char *const errors[10] = {
        "invalid capture index %0", "invalid capture index %1",
        "invalid capture index %2", "invalid capture index %3",
        "invalid capture index %4", "invalid capture index %5",
        "invalid capture index %6", "invalid capture index %7",
        "invalid capture index %8", "invalid capture index %9",
    };
    struct match *m = r->m;
    size_t digit = (size_t)(m->p[r->pat + 1] - '0');

    if (digit == 0 || digit > m->captures_n || (r->open >> (digit - 1) & 1))
        return bad(m, errors[digit]);

    struct match_capture capture = m->captures[digit - 1];

    if (capture.position || capture.n > m->n - r->at)
        return TURN_FAILS;
    for (size_t i = 0; i < capture.n; i++)
        if (!match_pay(m) || m->s[capture.at + i] != m->s[r->at + i])
            return TURN_FAILS;
    r->at += capture.n;
    r->pat += 2;
    return TURN_GOES;
}

/* ---- the walk ---- */

/* "%bxy": from an x to the y that balances it.  If both are the same byte,
 * the next one is the end. */
static enum turn step_balance(struct run *r)
{
    struct match *m = r->m;
    size_t depth = 1;

    if (m->pn - r->pat < 4)
        return bad(m, "malformed pattern (missing arguments to '%b')");

    char x = m->p[r->pat + 2], y = m->p[r->pat + 3];

    if (r->at == m->n || m->s[r->at] != x)
        return TURN_FAILS;
    for (size_t i = r->at + 1; i < m->n && match_pay(m); i++) {
        if (m->s[i] == y && --depth == 0) {
            r->at = i + 1;
            r->pat += 4;
            return TURN_GOES;
        }
        if (m->s[i] == x)
            depth++;
    }
    return TURN_FAILS;
}

/* "%f[set]": here the set begins to match.  A NUL stands before the subject
 * and after it. */
static enum turn step_frontier(struct run *r)
{
    struct match *m = r->m;
    size_t at = r->pat + 2;
    struct match_single set;

    if (at == m->pn || m->p[at] != '[')
        return bad(m, "missing '[' after '%f' in pattern");
    if (!match_single_get(m, at, &set))
        return TURN_BAD;

    char before = r->at > 0 ? m->s[r->at - 1] : '\0';
    char here = r->at < m->n ? m->s[r->at] : '\0';

    if (match_set_has(m, set, before) || !match_set_has(m, set, here))
        return TURN_FAILS;
    r->pat = set.after;
    return TURN_GOES;
}

static enum turn step_percent(struct run *r)
{
    char what = r->m->pn - r->pat > 1 ? r->m->p[r->pat + 1] : '\0';

    if (what == 'b')
        return step_balance(r);
    if (what == 'f')
        return step_frontier(r);
    return what >= '0' && what <= '9' ? step_again(r) : step_single(r);
}

static enum turn step_end(struct run *r)
{
    if (r->m->pn - r->pat > 1)
        return step_single(r);
    if (r->at < r->m->n)
        return TURN_FAILS;
    r->pat++;
    return TURN_GOES;
}

static enum turn run_step(struct run *r)
{
    switch (r->m->p[r->pat]) {
    case '(': return step_open(r);
    case ')': return step_close(r);
    case '%': return step_percent(r);
    case '$': return step_end(r);
    default:  return step_single(r);
    }
}

static enum match_result run_walk(struct run *r)
{
    struct match *m = r->m;

    while (match_pay(m) && r->pat < m->pn) {
        enum turn turn = run_step(r);

        if (m->steps == 0)
            break;
        if (turn == TURN_BAD)
            return MATCH_BAD;
        if (turn == TURN_FAILS && !run_back(r))
            return MATCH_NO;
    }
    if (m->steps == 0) {
        m->error = NULL;
        return MATCH_SPENT;
    }
    if (r->open == 0)
        return MATCH_YES;
    m->error = "unfinished capture";
    return MATCH_BAD;
}

/* The pattern from its byte `pat` on. */
static enum match_result match_from(struct match *m, size_t pat, size_t at,
                                    size_t *end)
{
    struct run r;           /* choices[] is filled as it is used */

    r.m = m;
    r.at = at;
    r.pat = pat;
    r.open = 0;
    r.choices_n = 0;
    m->captures_n = 0;
    m->error = NULL;

    enum match_result result = run_walk(&r);

    if (result == MATCH_YES)
        *end = r.at;
    else
        m->captures_n = 0;
    return result;
}

enum match_result match_at(struct match *m, size_t at, size_t *end)
{
    return at <= m->n ? match_from(m, 0, at, end) : MATCH_NO;
}

enum match_result match_find(struct match *m, size_t at, size_t *from,
                             size_t *end)
{
    bool anchored = m->pn > 0 && m->p[0] == '^';
    enum match_result result = MATCH_NO;

    for (*from = at; *from <= m->n; ++*from) {
        result = match_from(m, anchored ? 1 : 0, *from, end);
        if (result != MATCH_NO || anchored)
            return result;
    }
    return result;
}
