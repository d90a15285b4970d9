/* wire/constraints.c - each name against each subtree.
 *
 * A subtree that cannot be read refuses the chain: if it were passed over, it
 * could be the one that excludes.
 */
#include "wire/constraints.h"

#include "wire/der.h"

#define CONSTRAINTS_PERMITTED 0xA0
#define CONSTRAINTS_EXCLUDED 0xA1
/* Comparisons of one check; with the longest names some 25 ms. */
#define CONSTRAINTS_MOST ((size_t)250000)

struct constraints {
    struct hc_str permitted, excluded;   /* lists of subtrees               */
    unsigned permits, kinds;             /* kinds of names in them          */
    size_t trees;
};

/* otherName, x400Address, directoryName and ediPartyName hold elements. */
#define CONSTRAINTS_NESTED (1 << 0 | 1 << 3 | 1 << 4 | 1 << 5)

int hc_constraints_name(struct hc_str *list, struct hc_str *name)
{
    int tag = hc_der_element(list, name);
    int kind = tag & 0x1F;

    if (tag < 0 || kind > NAME_LAST ||
        tag - kind != ((CONSTRAINTS_NESTED >> kind & 1) != 0 ? 0xA0 : 0x80))
        return -1;
    return kind;
}

/* minimum and maximum are never there (4.2.1.10). */
static int constraints_subtree(struct hc_str *list, struct hc_str *base)
{
    struct hc_str tree = { NULL, 0 };
    int kind = hc_der_take(list, DER_SEQUENCE, &tree)
                   ? hc_constraints_name(&tree, base) : -1;

    return tree.n > 0 ? -1 : kind;
}

/* Labels of visible ASCII with one dot between them, and maybe one in front.
 * Any other text would cover other names than its author meant. */
static bool constraints_is_zone(struct hc_str base)
{
    for (size_t i = 0; i < base.n; i++)
        if (base.p[i] <= ' ' || base.p[i] > '~' || base.p[i] == '*' ||
            (base.p[i] == '.' &&
             (i + 1 == base.n || base.p[i + 1] == '.')))
            return false;
    return true;
}

/* An address, then a mask of ones before zeros. */
static bool constraints_is_range(struct hc_str base)
{
    bool ends = false;

    if (base.n != 8 && base.n != 32)
        return false;
    for (size_t bit = base.n * 4; bit < base.n * 8; bit++) {
        bool one = ((unsigned char)base.p[bit / 8] >> (7 - bit % 8) & 1) != 0;

        if (one && ends)
            return false;
        ends = !one;
    }
    return true;
}

static bool constraints_read_list(struct constraints *c, struct hc_str list,
                                  unsigned *kinds)
{
    struct hc_str base;

    while (list.n > 0) {
        int kind = constraints_subtree(&list, &base);

        if (kind < 0 || (kind == NAME_DNS && !constraints_is_zone(base)) ||
            (kind == NAME_IP && !constraints_is_range(base)))
            return false;
        *kinds |= 1U << kind;
        c->trees++;
    }
    c->kinds |= *kinds;
    return true;
}

static bool constraints_read(struct constraints *c, struct hc_str value)
{
    struct hc_str inside;
    unsigned excludes = 0;

    *c = (struct constraints){ .trees = 0 };
    return hc_der_take(&value, DER_SEQUENCE, &inside) && value.n == 0 &&
           inside.n > 0 &&
           hc_der_take_optional(&inside, CONSTRAINTS_PERMITTED,
                                &c->permitted) &&
           hc_der_take_optional(&inside, CONSTRAINTS_EXCLUDED, &c->excluded) &&
           inside.n == 0 &&
           constraints_read_list(c, c->permitted, &c->permits) &&
           constraints_read_list(c, c->excluded, &excludes) && c->trees > 0;
}

static bool constraints_in_zone(struct hc_str name, struct hc_str base)
{
    size_t before = name.n - base.n;

    if (base.n == 0)
        return true;
    return name.n >= base.n && hc_str_eqi(hc_str_from(name, before), base) &&
           (before == 0 || base.p[0] == '.' || name.p[before - 1] == '.');
}

/* "*.a.test" stands for "b.a.test". */
static bool constraints_stands_for(struct hc_str name, struct hc_str base)
{
    size_t label = hc_str_find(base, '.');

    return label > 0 && hc_str_starts(name, HC_STR("*.")) &&
           hc_str_eqi(hc_str_from(name, 1), hc_str_from(base, label));
}

static bool constraints_in_range(struct hc_str ip, struct hc_str base)
{
    if (ip.n * 2 != base.n)
        return false;
    for (size_t i = 0; i < ip.n; i++)
        if (((ip.p[i] ^ base.p[i]) & base.p[ip.n + i]) != 0)
            return false;
    return true;
}

static bool constraints_has(struct hc_str list, int kind, struct hc_str name,
                            bool excluded)
{
    struct hc_str base;

    while (list.n > 0) {
        if (constraints_subtree(&list, &base) != kind)
            continue;
        if (kind == NAME_IP ? constraints_in_range(name, base)
                            : constraints_in_zone(name, base) ||
                              (excluded && constraints_stands_for(name, base)))
            return true;
    }
    return false;
}

static size_t constraints_count(struct hc_str list)
{
    struct hc_str name;
    size_t n = 0;

    while (hc_der_element(&list, &name) >= 0)
        n++;
    return n;
}

enum hc_constraint hc_constraints_check(struct hc_str value, bool critical,
                                        const struct hc_names *names,
                                        struct hc_str *about, int *kind)
{
    struct constraints c;
    struct hc_str list = names->list;
    unsigned other;

    if (!constraints_read(&c, value))
        return CONSTRAINT_BROKEN;
    other = c.kinds & names->kinds & ~(1U << NAME_DNS | 1U << NAME_IP);
    for (*kind = 0; critical && *kind <= NAME_LAST; ++*kind)
        if ((other >> *kind & 1) != 0)
            return CONSTRAINT_UNCHECKED;
    if (constraints_count(list) > CONSTRAINTS_MOST / c.trees)
        return CONSTRAINT_TOO_MANY;
    while (list.n > 0) {
        *kind = hc_constraints_name(&list, about);
        if (*kind < 0)
            return CONSTRAINT_BROKEN;
        if (*kind != NAME_DNS && *kind != NAME_IP)
            continue;
        if (constraints_has(c.excluded, *kind, *about, true))
            return CONSTRAINT_EXCLUDES;
        if ((c.permits >> *kind & 1) != 0 &&
            !constraints_has(c.permitted, *kind, *about, false))
            return CONSTRAINT_LACKS;
    }
    return CONSTRAINT_MET;
}

const char *hc_constraints_kind(int kind)
{
    /* The x is the name's own: no number of a character begins there. */
    /* NOLINTNEXTLINE(bugprone-string-literal-with-embedded-nul) */
    const char *at = "otherName\0rfc822Name\0dNSName\0x400Address\0"
                     "directoryName\0ediPartyName\0"
                     "uniformResourceIdentifier\0iPAddress\0registeredID";

    for (int i = 0; i < kind; i++)
        hc_str_next(&at);
    return at;
}
