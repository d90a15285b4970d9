/* ecs/query.c - the cluster query language, answered while it is read.
 *
 *   or       = and { ("||" | "or") and }
 *   and      = not { ("&&" | "and") not }
 *   not      = { "!" | "not" } ( "(" or ")" | single )
 *   single   = subject operator [ argument | list ]
 *   list     = "[" argument { "," argument } "]"
 *   argument = quoted | word
 *   quoted   = one of " or ', bytes but that one and ( ), the same again
 *   word     = bytes but blanks ( ) [ ] , " ' and up to && or ||; the first is
 *              none of = ! < > ~   (of a pattern: [ ] , and those too)
 *
 * Source: ECS Developer Guide, "Cluster query language"; tests/peers/
 * ecs_query.py speaks the same.  All of the text is read and both sides of
 * "and" and "or" are asked, so that whether it is an expression never hangs on
 * the host.  Nothing is kept but the place: no memory, one pass, and brackets
 * are the one thing that calls deeper.
 *
 * Blanks are those of ASCII.  Attributes are text, and equal when their bytes
 * are; > >= < <= order them as query_value.h has it.
 */
#include "ecs/query.h"

#include "base/text.h"
#include "ecs/query_value.h"

#define QUERY_SHOWN 200               /* bytes of an expression in a sentence */

enum query_verb { QUERY_EQUAL, QUERY_MORE, QUERY_LESS, QUERY_MORE_EQUAL,
                  QUERY_LESS_EQUAL, QUERY_IN, QUERY_EXISTS, QUERY_LIKE };

enum {
    QUERY_EQUALS = 1 << QUERY_EQUAL,
    QUERY_ORDERS = 1 << QUERY_MORE | 1 << QUERY_LESS |
                   1 << QUERY_MORE_EQUAL | 1 << QUERY_LESS_EQUAL,
    QUERY_TEXTS = QUERY_EQUALS | 1 << QUERY_IN | 1 << QUERY_LIKE
};

static const struct query_operator {
    const char *sign;
    enum query_verb verb;
    bool opposite;
} query_operators[] = {
    { "==", QUERY_EQUAL, false }, { "equals", QUERY_EQUAL, false },
    { "!=", QUERY_EQUAL, true }, { "not_equals", QUERY_EQUAL, true },
    { ">=", QUERY_MORE_EQUAL, false },
    { "greater_than_equal", QUERY_MORE_EQUAL, false },
    { "<=", QUERY_LESS_EQUAL, false },
    { "less_than_equal", QUERY_LESS_EQUAL, false },
    { ">", QUERY_MORE, false }, { "greater_than", QUERY_MORE, false },
    { "<", QUERY_LESS, false }, { "less_than", QUERY_LESS, false },
    { "in", QUERY_IN, false },
    { "!in", QUERY_IN, true }, { "not_in", QUERY_IN, true },
    { "exists", QUERY_EXISTS, false },
    { "!exists", QUERY_EXISTS, true }, { "not_exists", QUERY_EXISTS, true },
    { "=~", QUERY_LIKE, false }, { "matches", QUERY_LIKE, false },
    { "!~", QUERY_LIKE, true }, { "not_matches", QUERY_LIKE, true },
};

enum query_kind { QUERY_ATTRIBUTE, QUERY_GROUP, QUERY_CONNECTED, QUERY_EC2_ID,
                  QUERY_VERSION, QUERY_REGISTERED, QUERY_RUNNING };

static const struct query_subject {
    const char *name;
    enum query_kind kind;
    unsigned verbs;
} query_subjects[] = {
    { "attribute:", QUERY_ATTRIBUTE,
      QUERY_TEXTS | QUERY_ORDERS | 1 << QUERY_EXISTS },
    { "task:group", QUERY_GROUP, QUERY_TEXTS },
    { "agentConnected", QUERY_CONNECTED, QUERY_TEXTS },
    { "ec2InstanceId", QUERY_EC2_ID, QUERY_TEXTS },
    { "agentVersion", QUERY_VERSION, QUERY_EQUALS | QUERY_ORDERS },
    { "registeredAt", QUERY_REGISTERED, QUERY_EQUALS | QUERY_ORDERS },
    { "runningTasksCount", QUERY_RUNNING, QUERY_EQUALS | QUERY_ORDERS },
};

struct query {
    struct hc_str text;
    size_t at;
    unsigned depth;
    const struct hc_ecs_host *host;
    struct hc_str beyond;             /* the first term without an answer  */
    const char *why;                  /* it has none; NULL: there is none  */
    struct headcount_error *e;
};

struct query_term {
    size_t from;
    const struct query_subject *subject;
    struct hc_str name;               /* of the attribute                  */
    enum query_verb verb;
    bool opposite;
    struct hc_str argument;           /* that is compared now; `place` is  */
    size_t place;                     /* where it begins                   */
};

/* ---- what goes wrong ---- */

static struct hc_str query_shown(struct hc_str s)
{
    return hc_str_n(s.p, s.n > QUERY_SHOWN ? QUERY_SHOWN : s.n);
}

static int query_fail(struct query *q, int code, size_t at, const char *why)
{
    return hc_error_set(q->e, code, "%s at byte %zu of the expression "
                        "\"%.*s\"", why, at, HC_STR_ARG(query_shown(q->text)));
}

static int query_refuse(struct query *q, size_t at, const char *why)
{
    return query_fail(q, HEADCOUNT_ESYNTAX, at, why);
}

/* Reading goes on: what follows may be no expression. */
static void query_leave(struct query *q, const struct query_term *t,
                        const char *why)
{
    if (q->why != NULL)
        return;
    q->beyond = hc_str_n(q->text.p + t->from, q->at - t->from);
    q->why = why;
}

/* ---- bytes ---- */

static bool query_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Letters beyond ASCII do not end a word either. */
static bool query_is_word(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           query_is_digit(c) || c == '_' || c >= 0x80;
}

static bool query_is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool query_is_among(int c, const char *set)
{
    while (*set != '\0' && c != *set)
        set++;
    return *set != '\0';
}

/* The byte that stands `ahead` of here; -1 is the end. */
static int query_byte(const struct query *q, size_t ahead)
{
    return ahead < q->text.n - q->at ? (unsigned char)q->text.p[q->at + ahead]
                                     : -1;
}

static void query_skip(struct query *q)
{
    while (query_is_blank(query_byte(q, 0)))
        q->at++;
}

static bool query_sees(const struct query *q, struct hc_str what)
{
    return hc_str_starts(hc_str_from(q->text, q->at), what);
}

/* After blanks, as all that takes and gets. */
static bool query_take(struct query *q, const char *sign)
{
    struct hc_str what = hc_str(sign);

    query_skip(q);
    if (!query_sees(q, what))
        return false;
    q->at += what.n;
    return true;
}

/* A word before a blank, the end or one of `before`. */
static bool query_take_word(struct query *q, const char *word,
                            const char *before)
{
    struct hc_str what = hc_str(word);

    query_skip(q);
    if (!query_sees(q, what))
        return false;

    int c = query_byte(q, what.n);

    if (c >= 0 && !query_is_blank(c) && !query_is_among(c, before))
        return false;
    q->at += what.n;
    return true;
}

/* ---- one comparison ---- */

static bool query_holds(const struct query_term *t, int order)
{
    switch (t->verb) {
    case QUERY_EQUAL:
    case QUERY_IN:         return order == 0;
    case QUERY_MORE:       return order > 0;
    case QUERY_MORE_EQUAL: return order >= 0;
    case QUERY_LESS:       return order < 0;
    case QUERY_LESS_EQUAL: return order <= 0;
    case QUERY_EXISTS:     return true;
    case QUERY_LIKE:       break;
    }
    return false;
}

/* A name may stand there several times: one that holds is enough. */
static int query_ask_attribute(const struct query *q,
                               const struct query_term *t)
{
    const struct hc_ecs_tag *a = q->host->attributes;
    bool ordered = (1U << t->verb & QUERY_ORDERS) != 0;

    for (; a != NULL; a = a->next) {
        if (!hc_str_eq(a->key, t->name))
            continue;
        if (query_holds(t, ordered ? hc_query_value_cmp(a->value, t->argument)
                                   : hc_str_cmp(a->value, t->argument)))
            return 1;
    }
    return 0;
}

static int query_ask_version(struct query *q, const struct query_term *t)
{
    struct hc_str version = q->host->agent_version;

    if (!hc_query_is_version(t->argument))
        return query_refuse(q, t->place, "no version such as 1.20.3");
    if (version.n > 0 && !hc_query_is_version(version))
        query_leave(q, t, "the version of the host's agent is no numbers");
    else if (version.n > 0)
        return query_holds(t, hc_query_version_cmp(version, t->argument));
    return 0;
}

static int query_ask_registered(struct query *q, const struct query_term *t)
{
    int64_t at = q->host->registered_at, wall;

    if (!hc_query_get_time(t->argument, &wall))
        return query_refuse(q, t->place, "no time such as 2018-02-13 or "
                            "2018-02-13T10:30:00Z");
    return at >= 0 && query_holds(t, (at > wall) - (at < wall));
}

/* As text: the argument may be more than an integer takes. */
static int query_ask_running(struct query *q, const struct query_term *t)
{
    char text[24];
    size_t n = hc_fmt(text, sizeof(text), "%lld", (long long)q->host->running);

    if (!hc_query_is_integer(t->argument))
        return query_refuse(q, t->place, "no whole number");
    return q->host->running >= 0 &&
           query_holds(t, hc_query_value_cmp(hc_str_n(text, n), t->argument));
}

static int query_ask(struct query *q, const struct query_term *t)
{
    const struct hc_ecs_host *host = q->host;

    switch (t->subject->kind) {
    case QUERY_ATTRIBUTE:  return query_ask_attribute(q, t);
    case QUERY_VERSION:    return query_ask_version(q, t);
    case QUERY_REGISTERED: return query_ask_registered(q, t);
    case QUERY_RUNNING:    return query_ask_running(q, t);
    case QUERY_CONNECTED:
        return query_holds(t, hc_str_cmp(host->connected ? HC_STR("true")
                                                         : HC_STR("false"),
                                         t->argument));
    case QUERY_EC2_ID:
        return host->ec2_id.n > 0 &&
               query_holds(t, hc_str_cmp(host->ec2_id, t->argument));
    case QUERY_GROUP:
        break;
    }
    return 0;
}

/* ---- one term ---- */

static bool query_is_name(int c)
{
    return c < 0x80 && (query_is_word(c) || query_is_among(c, "./\\-"));
}

/* Its bytes, 0: it does not stand here. */
static size_t query_subject_length(const struct query *q,
                                   const struct query_subject *s)
{
    struct hc_str name = hc_str(s->name);
    size_t n = name.n;

    if (!query_sees(q, name))
        return 0;
    if (s->kind != QUERY_ATTRIBUTE)
        return query_is_word(query_byte(q, n)) ? 0 : n;
    while (query_is_name(query_byte(q, n)))
        n++;
    return n > name.n ? n : 0;
}

static int query_get_subject(struct query *q, struct query_term *t)
{
    query_skip(q);
    t->from = q->at;
    for (size_t i = 0; i < sizeof(query_subjects) / sizeof(*query_subjects);
         i++) {
        const struct query_subject *s = &query_subjects[i];
        size_t n = query_subject_length(q, s);

        if (n == 0)
            continue;
        t->subject = s;
        t->name = hc_str_from(hc_str_n(q->text.p + q->at, n),
                              hc_str(s->name).n);
        q->at += n;
        return 0;
    }
    return query_refuse(q, t->from, "no subject");
}

/* "==", "!in", "equals": its bytes, 0: none stands here. */
static size_t query_operator_length(const struct query *q)
{
    size_t sign = query_byte(q, 0) == '!' ? 1 : 0, n = sign;
    int c;

    while (c = query_byte(q, n), (c >= 'a' && c <= 'z') || c == '_')
        n++;
    if (n > sign)
        return query_is_word(c) ? 0 : n;
    if (query_byte(q, 0) < 0)
        return 0;
    c = query_byte(q, 1);
    return c == '=' || c == '~' ? 2 : 1;
}

static int query_get_operator(struct query *q, struct query_term *t)
{
    struct hc_str sign;

    query_skip(q);
    sign = hc_str_n(hc_str_from(q->text, q->at).p, query_operator_length(q));
    for (size_t i = 0; i < sizeof(query_operators) / sizeof(*query_operators);
         i++) {
        const struct query_operator *o = &query_operators[i];

        if (!hc_str_eqz(sign, o->sign))
            continue;
        if ((t->subject->verbs & 1U << o->verb) == 0)
            return query_refuse(q, q->at, "an operator that its subject does "
                                "not have");
        t->verb = o->verb;
        t->opposite = o->opposite;
        q->at += sign.n;
        return 0;
    }
    return query_refuse(q, q->at, "no operator");
}

static bool query_get_quoted(struct query *q, struct query_term *t)
{
    int quote = query_byte(q, 0), c;
    size_t n = 0;

    if (quote != '"' && quote != '\'')
        return false;
    do
        c = query_byte(q, ++n);
    while (c >= 0 && c != quote && c != '(' && c != ')');
    if (c != quote)
        return false;
    t->argument = hc_str_n(q->text.p + q->at + 1, n - 1);
    q->at += n + 1;
    return true;
}

static bool query_get_word(struct query *q, struct query_term *t)
{
    bool pattern = t->verb == QUERY_LIKE;
    const char *not = pattern ? "()\"'" : "()[],\"'";
    size_t n = 0;
    int c = query_byte(q, 0);

    if (!pattern && query_is_among(c, "=!<>~"))
        return false;
    while (c >= 0 && !query_is_blank(c) && !query_is_among(c, not) &&
           !(query_is_among(c, "&|") && query_byte(q, n + 1) == c))
        c = query_byte(q, ++n);
    if (n == 0)
        return false;
    t->argument = hc_str_n(q->text.p + q->at, n);
    q->at += n;
    return true;
}

/* Reads an argument: 1 if what the host has there holds against it. */
static int query_argument(struct query *q, struct query_term *t)
{
    query_skip(q);
    t->place = q->at;
    if (query_get_quoted(q, t) || query_get_word(q, t))
        return query_ask(q, t);
    return query_refuse(q, t->place,
                        query_is_among(query_byte(q, 0), "\"'")
                            ? "a quote that does not end before a bracket"
                            : "no argument");
}

static int query_list(struct query *q, struct query_term *t)
{
    int found = 0, one;

    if (!query_take(q, "["))
        return query_refuse(q, q->at, "a [ is missing");
    do {
        one = query_argument(q, t);
        if (one < 0)
            return one;
        found |= one;
    } while (query_take(q, ","));
    return query_take(q, "]") ? found
                              : query_refuse(q, q->at, "a ] is missing");
}

static int query_exists(const struct query *q, const struct query_term *t)
{
    const struct hc_ecs_tag *a = q->host->attributes;

    while (a != NULL && !hc_str_eq(a->key, t->name))
        a = a->next;
    return a != NULL;
}

static int query_single(struct query *q)
{
    struct query_term t = { .opposite = false };
    int err = query_get_subject(q, &t);
    int found;

    if (err == 0)
        err = query_get_operator(q, &t);
    if (err < 0)
        return err;
    if (t.verb == QUERY_EXISTS)
        found = query_exists(q, &t);
    else
        found = t.verb == QUERY_IN ? query_list(q, &t) : query_argument(q, &t);
    if (found < 0)
        return found;
    if (t.verb == QUERY_LIKE)
        query_leave(q, &t, "only ECS knows what text its patterns take");
    else if (t.subject->kind == QUERY_GROUP)
        query_leave(q, &t, "only ECS knows which tasks run on a host");
    return found ^ t.opposite;
}

/* ---- terms together ---- */

static int query_any(struct query *q);

/* After its "(". */
static int query_brackets(struct query *q)
{
    int found;

    if (q->depth == HC_QUERY_NESTED)
        return query_fail(q, HEADCOUNT_ELIMIT, q->at - 1,
                          "brackets nested too deep");
    q->depth++;
    found = query_any(q);
    q->depth--;
    if (found >= 0 && !query_take(q, ")"))
        return query_refuse(q, q->at, "a ) is missing");
    return found;
}

/* Nots are counted, not nested. */
static int query_one(struct query *q)
{
    int no = 0, found;

    while (query_take(q, "!") || query_take_word(q, "not", "("))
        no ^= 1;
    found = query_take(q, "(") ? query_brackets(q) : query_single(q);
    return found < 0 ? found : found ^ no;
}

static int query_all(struct query *q)
{
    int all = query_one(q);

    while (all >= 0 &&
           (query_take(q, "&&") || query_take_word(q, "and", "(!"))) {
        int one = query_one(q);

        all = one < 0 ? one : all & one;
    }
    return all;
}

static int query_any(struct query *q)
{
    int any = query_all(q);

    while (any >= 0 &&
           (query_take(q, "||") || query_take_word(q, "or", "(!"))) {
        int one = query_all(q);

        any = one < 0 ? one : any | one;
    }
    return any;
}

int hc_query_matches(struct hc_str expr, const struct hc_ecs_host *host,
                     struct headcount_error *e)
{
    struct query q = { .text = expr, .host = host, .e = e };
    int answer = query_any(&q);

    if (answer < 0)
        return answer;
    query_skip(&q);
    if (q.at < expr.n)
        return query_refuse(&q, q.at, "nothing more is expected");
    if (q.why != NULL)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "\"%.*s\" cannot be answered "
                            "without ECS: %s",
                            HC_STR_ARG(query_shown(q.beyond)), q.why);
    return answer;
}

int hc_query_check(struct hc_str expr, struct headcount_error *e)
{
    static const struct hc_ecs_host nobody = { .registered_at = -1,
                                               .running = -1 };
    int answer = hc_query_matches(expr, &nobody, e);

    return answer < 0 ? answer : 0;
}
