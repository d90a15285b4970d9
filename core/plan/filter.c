/* plan/filter.c - the filter that selects the hosts of a count.
 *
 * ECS evaluates the language; this file only joins terms.  A term is put into
 * brackets, so its own quotes and brackets must match: otherwise a term could
 * close our bracket and change the meaning of the whole filter.
 */
#include "plan/filter.h"

#define FILTER_NESTED 64

static bool filter_is_identifier(char c)
{
    c = hc_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '.' || c == '_' || c == '-' || c == '/';
}

/* The index after the quoted text that begins at i; 0 if the quote is not
 * closed. */
static size_t filter_after_quote(struct hc_str s, size_t i)
{
    char quote = s.p[i++];

    for (; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == quote)
            return i + 1;
    }
    return 0;
}

static bool filter_is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool filter_has_control(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return true;
    return false;
}

/* `stack` has one bit per open bracket: 1 for [, 0 for (. */
static const char *filter_brackets(struct hc_str s)
{
    uint64_t stack = 0;
    size_t depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (filter_is_quote(c)) {
            i = filter_after_quote(s, i);
            if (i == 0)
                return "a quote in it is not closed";
            i--;
        } else if (c == '(' || c == '[') {
            if (depth++ == FILTER_NESTED)
                return "its brackets are nested too deep";
            stack = stack << 1 | (c == '[');
        } else if (c == ')' || c == ']') {
            if (depth == 0 || (stack & 1) != (c == ']'))
                return "its brackets do not match";
            depth--;
            stack >>= 1;
        }
    }
    return depth == 0 ? NULL : "a bracket in it is not closed";
}

int hc_filter_check(struct hc_str term, struct headcount_error *e)
{
    struct hc_str shown = hc_str_n(term.p, term.n > 200 ? 200 : term.n);
    const char *why = filter_has_control(term)
                          ? "it holds a control character"
                          : filter_brackets(term);

    if (why == NULL && hc_str_trim(term).n == 0)
        why = "it is empty";
    if (why == NULL && term.n > HC_FILTER_BYTES / 2)
        why = "it is too long";
    return why == NULL ? 0
                       : hc_error_set(e, HEADCOUNT_ESYNTAX,
                                      "the expression \"%.*s\" cannot "
                                      "be used as a filter: %s",
                                      HC_STR_ARG(shown), why);
}

int hc_filter_add(struct hc_filter *f, struct hc_str term,
                  struct headcount_error *e)
{
    size_t at = 0;

    term = hc_str_trim(term);
    if (term.n == 0)
        return 0;

    int err = hc_filter_check(term, e);

    if (err < 0)
        return err;
    while (at < f->n && hc_str_cmp(f->terms[at], term) < 0)
        at++;
    if (at < f->n && hc_str_eq(f->terms[at], term))
        return 0;
    if (f->n == HC_FILTER_TERMS)
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "a filter has at most %d terms", HC_FILTER_TERMS);
    for (size_t i = f->n++; i > at; i--)
        f->terms[i] = f->terms[i - 1];
    f->terms[at] = term;
    return 0;
}

void hc_filter_put(struct hc_buf *out, const struct hc_filter *f)
{
    if (f->n == 1) {
        hc_buf_str(out, f->terms[0]);
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        hc_buf_text(out, i > 0 ? " and (" : "(");
        hc_buf_str(out, f->terms[i]);
        hc_buf_chr(out, ')');
    }
}

/* These subjects of the query language change when ECS starts or stops a task,
 * or when an agent disconnects, which it does several times per hour. */
static bool filter_word_moves(struct hc_str word)
{
    return hc_str_eqi(word, HC_STR("task:group")) ||
           hc_str_eqi(word, HC_STR("runningTasksCount")) ||
           hc_str_eqi(word, HC_STR("agentConnected"));
}

bool hc_filter_moves(struct hc_str term)
{
    size_t i = 0;

    while (i < term.n) {
        size_t from = i;

        if (filter_is_quote(term.p[i])) {
            i = filter_after_quote(term, i);
            if (i == 0)
                return false;
            continue;
        }
        while (i < term.n && filter_is_identifier(term.p[i]))
            i++;
        if (filter_word_moves(hc_str_n(term.p + from, i - from)))
            return true;
        if (i == from)
            i++;
    }
    return false;
}
