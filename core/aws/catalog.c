/* aws/catalog.c - the services that speak JSON (contract: aws/catalog.h). */
#include "aws/catalog.h"

#include "aws/service_table.h"
#include "base/text.h"

struct catalog_partition {
    struct hc_str id, begin;
    struct hc_str suffix, dualstack;
    struct hc_str global, home;
};

struct hc_str hc_catalog_all(void)
{
    return hc_str(hc_service_rows);
}

struct hc_str hc_catalog_ours(void)
{
    return hc_str(hc_service_ours);
}

static struct hc_str catalog_or(struct hc_str s, struct hc_str other)
{
    return s.n > 0 ? s : other;
}

static struct hc_str catalog_rules(char letter)
{
    struct hc_str rest = hc_str(hc_service_rules);

    while (rest.n > 0) {
        struct hc_str line = hc_str_cut(&rest, '\n');

        if (line.p[0] == letter)
            return hc_str_from(line, 2);
    }
    return (struct hc_str){ NULL, 0 };
}

/* The next line of the operations that is about this service: the rest of it
 * behind its name; {NULL, 0} if there is none. */
static struct hc_str catalog_way(struct hc_str *rest, struct hc_str cli)
{
    while (rest->n > 0) {
        struct hc_str line = hc_str_cut(rest, '\n');

        if (hc_str_eq(hc_str_cut(&line, '|'), cli))
            return line;
    }
    return (struct hc_str){ NULL, 0 };
}

bool hc_catalog_next(struct hc_catalog_row *out, struct hc_str *rest)
{
    struct hc_str line = hc_str_cut(rest, '\n');
    struct hc_str code;

    if (line.n == 0)
        return false;
    *out = (struct hc_catalog_row){ .cli = hc_str_cut(&line, '|') };
    out->target = hc_str_cut(&line, '|');
    code = hc_str_cut(&line, '|');
    out->host = catalog_or(hc_str_cut(&line, '|'), out->cli);
    out->signing = catalog_or(hc_str_cut(&line, '|'), out->host);
    out->id = catalog_or(hc_str_cut(&line, '|'), out->cli);
    out->name = catalog_or(hc_str_cut(&line, '|'), out->cli);
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == '0')
            out->is_json_1_0 = true;
        else if (code.p[i] == '*')
            out->query_mode = true;
        else if (code.p[i] != '1')
            out->rules = catalog_rules(code.p[i]);
    }
    return true;
}

static char catalog_fold(char c)
{
    return c == ' ' || c == '_' ? '-' : hc_lower(c);
}

static bool catalog_same(struct hc_str a, struct hc_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (catalog_fold(a.p[i]) != catalog_fold(b.p[i]))
            return false;
    return true;
}

bool hc_catalog_is(const struct hc_catalog_row *row, struct hc_str word)
{
    return catalog_same(word, row->cli) || catalog_same(word, row->name) ||
           catalog_same(word, row->id);
}

bool hc_catalog_find(struct hc_catalog_row *out, struct hc_str word)
{
    struct hc_str rest = hc_catalog_all();
    struct hc_str ways = hc_str(hc_service_operations);

    while (hc_catalog_next(out, &rest))
        if (hc_catalog_is(out, word)) {
            out->has_ways = catalog_way(&ways, out->cli).n > 0;
            return true;
        }
    return false;
}

static bool catalog_globs(struct hc_str globs, struct hc_str operation)
{
    while (globs.n > 0)
        if (hc_str_glob(hc_str_cut(&globs, ','), operation))
            return true;
    return false;
}

void hc_catalog_narrow(struct hc_catalog_row *row, struct hc_str operation)
{
    struct hc_str rest = hc_str(hc_service_operations);
    struct hc_str globs;

    if (!row->has_ways)
        return;
    while ((globs = catalog_way(&rest, row->cli)).n > 0) {
        struct hc_str way = hc_str_cut(&globs, '|');

        if (!catalog_globs(globs, operation))
            continue;
        switch (way.p[0]) {
        case '=': row->rules = catalog_rules(way.p[1]); break;
        case '~': row->is_stream = true; break;
        case '-': row->is_unsigned = true; break;
        default:  row->before = way;
        }
    }
}

/* The words that operations of this service spell in a way of their own. */
static struct hc_str catalog_words(const struct hc_catalog_row *row)
{
    struct hc_str rest = hc_str(hc_service_words);

    while (rest.n > 0) {
        struct hc_str line = hc_str_cut(&rest, '\n');
        struct hc_str clis = hc_str_cut(&line, '|');

        while (clis.n > 0)
            if (hc_str_eq(hc_str_cut(&clis, ','), row->cli))
                return line;
    }
    return (struct hc_str){ NULL, 0 };
}

/* The word that is this piece of a name, or this name; {NULL, 0}: none is. */
static struct hc_str catalog_spelled(struct hc_str words, struct hc_str piece)
{
    while (words.n > 0) {
        struct hc_str word = hc_str_cut(&words, ',');

        if (hc_str_eqi(word, piece))
            return word;
    }
    return (struct hc_str){ NULL, 0 };
}

static bool catalog_is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static char catalog_capital(char c)
{
    return catalog_is_small(c) ? (char)(c - 'a' + 'A') : c;
}

/* Small words, and digits, with one '-' between them. */
static bool catalog_is_kebab(struct hc_str s)
{
    bool word = false;

    if (s.n == 0 || !catalog_is_small(s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = s.p[i] == '-';

        if (dash ? !word : !catalog_is_small(s.p[i]) &&
                           !(s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
        word = !dash;
    }
    return word;
}

void hc_catalog_operation(char *out, size_t cap,
                          const struct hc_catalog_row *row,
                          struct hc_str operation)
{
    struct hc_str words, own, rest = operation;
    size_t n = 0;

    hc_fmt(out, cap, "%.*s", HC_STR_ARG(operation));
    if (operation.n >= cap || !catalog_is_kebab(operation))
        return;
    words = catalog_words(row);
    while (rest.n > 0) {
        struct hc_str piece = hc_str_cut(&rest, '-');

        own = catalog_spelled(words, piece);
        hc_fmt(out + n, cap - n, "%.*s",
               HC_STR_ARG(own.n > 0 ? own : piece));
        if (own.n == 0)
            out[n] = catalog_capital(out[n]);
        n += piece.n;
    }
    own = catalog_spelled(words, hc_str_n(out, n));
    if (own.n > 0)
        hc_fmt(out, cap, "%.*s", HC_STR_ARG(own));
}

struct hc_str hc_catalog_other(struct hc_str word)
{
    struct hc_str rest = hc_str(hc_service_others);

    rest = hc_str_cut(&rest, '\n');
    while (rest.n > 0) {
        struct hc_str signing = hc_str_cut(&rest, ' ');
        struct hc_str name = hc_str_cut(&signing, '=');

        if (catalog_same(word, name))
            return catalog_or(signing, name);
    }
    return (struct hc_str){ NULL, 0 };
}

static size_t catalog_distance(struct hc_str word, struct hc_str name)
{
    char folded[HC_CATALOG_NAME];

    if (name.n > sizeof(folded))
        return HC_TEXT_FAR;
    for (size_t i = 0; i < name.n; i++)
        folded[i] = catalog_fold(name.p[i]);
    return hc_text_distance(word, hc_str_n(folded, name.n));
}

struct hc_str hc_catalog_nearest(struct hc_str word)
{
    struct hc_str rest = hc_catalog_all(), best = { NULL, 0 };
    struct hc_catalog_row row;
    char folded[HC_CATALOG_NAME];
    /* One letter of three is a typing error, two are another service. */
    size_t least = word.n > 5 ? 4 : word.n > 3 ? 3 : 2;

    if (word.n > sizeof(folded))
        return best;
    for (size_t i = 0; i < word.n; i++)
        folded[i] = catalog_fold(word.p[i]);
    word = hc_str_n(folded, word.n);
    while (hc_catalog_next(&row, &rest)) {
        struct hc_str names[] = { row.cli, row.name, row.id };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
            size_t distance = catalog_distance(word, names[i]);

            if (distance < least) {
                least = distance;
                best = row.cli;
            }
        }
    }
    return best;
}

void hc_catalog_env(char *out, size_t cap, const struct hc_catalog_row *row)
{
    size_t n = row->id.n < cap ? row->id.n : cap - 1;

    for (size_t i = 0; i < n; i++) {
        char c = catalog_fold(row->id.p[i]);

        out[i] = c == '-' ? '_' : catalog_capital(c);
    }
    out[n] = '\0';
}

/* <begin><letters and digits>-<digits>, or <partition>-global. */
static bool catalog_is_region_of(struct hc_str region,
                                 const struct catalog_partition *p)
{
    if (hc_str_starts(region, p->id) &&
        hc_str_eqz(hc_str_from(region, p->id.n), "-global"))
        return true;
    if (!hc_str_starts(region, p->begin))
        return false;

    struct hc_str number = hc_str_from(region, p->begin.n);
    struct hc_str place = hc_str_cut(&number, '-');

    for (size_t i = 0; i < number.n; i++)
        if (number.p[i] < '0' || number.p[i] > '9')
            return false;
    return place.n > 0 && number.n > 0;
}

static bool catalog_next_partition(struct catalog_partition *p,
                                   struct hc_str *rest)
{
    struct hc_str line = hc_str_cut(rest, '\n');

    if (line.n == 0)
        return false;
    p->id = hc_str_cut(&line, '|');
    p->begin = hc_str_cut(&line, '|');
    p->suffix = hc_str_cut(&line, '|');
    p->dualstack = hc_str_cut(&line, '|');
    p->global = hc_str_cut(&line, '|');
    p->home = catalog_or(line, p->global);
    return true;
}

static struct catalog_partition catalog_partition_of(struct hc_str region)
{
    struct hc_str rest = hc_str(hc_service_partitions);
    struct catalog_partition p;

    while (catalog_next_partition(&p, &rest) &&
           !catalog_is_region_of(region, &p))
        continue;
    return p;
}

struct hc_str hc_catalog_partition(struct hc_str region)
{
    return catalog_partition_of(region).id;
}

struct hc_str hc_catalog_home(struct hc_str partition)
{
    struct hc_str rest = hc_str(hc_service_partitions);
    struct catalog_partition p;

    while (catalog_next_partition(&p, &rest))
        if (hc_str_eq(partition, p.id))
            return p.home;
    return (struct hc_str){ NULL, 0 };
}

static bool catalog_is_under(struct hc_str host, struct hc_str suffix)
{
    return host.n > suffix.n && hc_str_ends(host, suffix) &&
           host.p[host.n - suffix.n - 1] == '.';
}

bool hc_catalog_is_aws(struct hc_str host)
{
    struct hc_str rest = hc_str(hc_service_partitions);
    struct catalog_partition p;

    while (catalog_next_partition(&p, &rest))
        if (catalog_is_under(host, p.suffix) ||
            catalog_is_under(host, p.dualstack))
            return true;
    return false;
}

/* The part behind '=' of the first rule that fits; "{t}" if none does. */
static struct hc_str catalog_rule(const struct hc_catalog_ask *ask,
                                  const struct catalog_partition *p)
{
    static const char flags[2][2] = { { 'p', 'd' }, { 'f', 'b' } };
    char flag = flags[ask->use_fips][ask->use_dualstack];
    struct hc_str rest = ask->row->rules;

    while (rest.n > 0) {
        struct hc_str rule = hc_str_cut(&rest, ' ');
        struct hc_str set = hc_str_cut(&rule, ':');
        struct hc_str serves = hc_str_cut(&rule, '=');

        if (hc_str_find(serves, flag) == serves.n)
            continue;
        while (set.n > 0) {
            struct hc_str one = hc_str_cut(&set, ',');

            if (hc_str_eqz(one, "*") || hc_str_eq(one, p->id) ||
                hc_str_eq(one, ask->region))
                return rule;
        }
    }
    return HC_STR("{t}");
}

static struct hc_str catalog_mark(char mark,
                                    const struct hc_catalog_ask *ask,
                                    const struct catalog_partition *p)
{
    switch (mark) {
    case 'b': return ask->row->before;
    case 'p': return ask->row->host;
    case 'r': return ask->region;
    case 's': return p->suffix;
    case 'd': return p->dualstack;
    default:  return p->global;
    }
}

struct catalog_text {
    char *p;
    size_t n, cap;
};

/* Appends; false: it does not fit. */
static bool catalog_expand(struct catalog_text *out, struct hc_str form,
                           const struct hc_catalog_ask *ask,
                           const struct catalog_partition *p)
{
    while (form.n > 0) {
        bool is_mark = form.n > 2 && form.p[0] == '{';
        struct hc_str part = is_mark ? catalog_mark(form.p[1], ask, p)
                                     : hc_str_n(form.p, 1);

        if (out->n + part.n >= out->cap)
            return false;
        out->n += hc_fmt(out->p + out->n, out->cap - out->n, "%.*s",
                         HC_STR_ARG(part));
        form = hc_str_from(form, is_mark ? 3 : 1);
    }
    return true;
}

int hc_catalog_host(struct hc_catalog_place *out,
                    const struct hc_catalog_ask *ask,
                    struct headcount_error *e)
{
    static const char templates[2][2][20] = {
        { "{p}.{r}.{s}", "{p}.{r}.{d}" },
        { "{p}-fips.{r}.{s}", "{p}-fips.{r}.{d}" }
    };
    const char *form = templates[ask->use_fips][ask->use_dualstack];
    struct catalog_partition p = catalog_partition_of(ask->region);
    struct hc_str region = catalog_rule(ask, &p);
    struct hc_str host = hc_str_cut(&region, '@');
    struct catalog_text name = { out->host, 0, sizeof(out->host) };
    struct catalog_text signs = { out->region, 0, sizeof(out->region) };

    if (hc_str_eqz(host, "!"))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "AWS has no%s%s endpoint of %.*s in %.*s",
                            ask->use_fips ? " FIPS" : "",
                            ask->use_dualstack ? " dual-stack" : "",
                            HC_STR_ARG(ask->row->cli),
                            HC_STR_ARG(ask->region));
    if (hc_str_eqz(host, "{t}"))
        host = hc_str(form);
    if (catalog_expand(&name, HC_STR("{b}"), ask, &p) &&
        catalog_expand(&name, host, ask, &p) &&
        catalog_expand(&signs, catalog_or(region, HC_STR("{r}")), ask, &p))
        return 0;
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "the host of %.*s in %.*s is longer than %d bytes",
                        HC_STR_ARG(ask->row->cli), HC_STR_ARG(ask->region),
                        HC_CATALOG_HOST);
}
