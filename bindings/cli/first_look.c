/* cli/first_look.c - see first_look.h.
 *
 *   prod   12 hosts   metrics     14  over   2 tasks can never run: ...
 *                     agent       12  right
 *   6 services say distinctInstance, of 37. Nothing was written.  headcount ...
 */
#include "first_look.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "plain.h"

#define OFFERED 200                  /* a command line takes 256 names */

/* ---- what was found ---- */

/* "CODE: text", or the text alone, as a copy that cannot steer a terminal: so
 * its length is its width. */
static char *copy_plain(const char *code, const char *text)
{
    size_t n = strlen(code), size = n + strlen(text) + 3;
    char *joined = malloc(size), *to = malloc(4 * size);

    if (joined && to) {
        snprintf(joined, size, "%s%s%s", code, n > 0 ? ": " : "", text);
        to[plain_copy(to, 4 * size - 1, joined, strlen(joined))] = '\0';
    } else {
        free(to);
        to = NULL;
    }
    free(joined);
    return to;
}

/* In the order of the classes; what failed comes last. */
static int rank(const char *class)
{
    static const char *const order[] = { "over", "right", "near", "low",
                                         "alone" };
    int i = 0;

    while (i < 5 && strcmp(class, order[i]) != 0)
        i++;
    return i;
}

static int compare(const void *a, const void *b)
{
    const struct first_look_row *x = a, *y = b;
    int by = rank(x->class) - rank(y->class);

    return by != 0 ? by : strcmp(x->service, y->service);
}

static bool copy_rows(struct first_look_cluster *to,
                      const struct headcount_cluster *from)
{
    to->rows = calloc(from->services_n + 1, sizeof *to->rows);
    if (!to->rows)
        return false;
    for (size_t i = 0; i < from->services_n; i++) {
        const struct headcount_service *s = &from->services[i];
        bool failed = s->outcome == HEADCOUNT_FAILED;

        to->rows[to->rows_n++] = (struct first_look_row){
            .service = copy_plain("", s->service),
            .class = copy_plain("", failed ? "failed" : s->code),
            .why = copy_plain(failed ? s->code : "", s->reason),
            .desired = s->desired_before, .hosts = s->hosts_counted,
            .adopted = strcmp(s->at, "tags") == 0,
        };
        if (!to->rows[i].service || !to->rows[i].class || !to->rows[i].why)
            return false;
    }
    qsort(to->rows, to->rows_n, sizeof *to->rows, compare);
    return true;
}

static void free_cluster(struct first_look_cluster *c)
{
    for (size_t i = 0; i < c->rows_n; i++) {
        free(c->rows[i].service);
        free(c->rows[i].class);
        free(c->rows[i].why);
    }
    free(c->rows);
    free(c->name);
    free(c->arn);
    free(c->error);
    *c = (struct first_look_cluster){ .name = NULL };
}

static bool make_room(struct first_look *l, size_t at)
{
    size_t n = at + 1 > 2 * l->n ? at + 1 : 2 * l->n;
    struct first_look_cluster *more;

    if (at < l->n)
        return true;
    more = realloc(l->clusters, n * sizeof *more);
    if (!more)
        return false;
    memset(more + l->n, 0, (n - l->n) * sizeof *more);
    l->clusters = more;
    l->n = n;
    return true;
}

void first_look_note(struct first_look *l, size_t at,
                     const struct headcount_cluster *cluster)
{
    struct first_look_cluster *to;

    if (!make_room(l, at)) {
        l->lost = true;
        return;
    }
    to = &l->clusters[at];
    free_cluster(to);
    to->listed = cluster->services_listed;
    to->name = copy_plain("", cluster->name);
    to->arn = copy_plain("", cluster->arn);
    if (cluster->error) {
        to->error = copy_plain(cluster->error_code, cluster->error);
        l->lost |= !to->error;
    }
    if (!to->name || !to->arn || (!cluster->error && !copy_rows(to, cluster))) {
        free_cluster(to);
        l->lost = true;
    }
}

/* ---- the tables ---- */

/* "eu-west-1, 123456789012" of an ARN: its n bytes from "eu-west-1" on. */
static const char *place_of(const struct first_look_cluster *c, size_t *n)
{
    const char *at = c->arn ? c->arn : "", *end;

    for (int colons = 0; *at != '\0' && colons < 3; at++)
        colons += *at == ':';
    end = strchr(at, ':');
    end = end ? strchr(end + 1, ':') : NULL;
    *n = end ? (size_t)(end - at) : 0;
    return at;
}

static bool same_place(const struct first_look_cluster *a,
                       const struct first_look_cluster *b)
{
    size_t n, m;
    const char *p = place_of(a, &n), *q = place_of(b, &m);

    return n == m && memcmp(p, q, n) == 0;
}

/* The most hosts that count for one of its services. */
static int64_t hosts_of(const struct first_look_cluster *c)
{
    int64_t most = HEADCOUNT_UNKNOWN;

    for (size_t i = 0; i < c->rows_n; i++)
        if (c->rows[i].hosts > most)
            most = c->rows[i].hosts;
    return most;
}

struct widths {
    int cluster, hosts, service, desired;
};

static void widen(int *width, size_t n)
{
    if (n > (size_t)*width && n < 300)
        *width = (int)n;
}

static void widen_by(int *width, int64_t n)
{
    char digits[24] = "";

    if (n != HEADCOUNT_UNKNOWN)
        snprintf(digits, sizeof digits, "%" PRId64, n);
    widen(width, strlen(digits));
}

static struct widths widths_of(const struct first_look *l,
                               const struct first_look_cluster *first)
{
    struct widths w = { 0, 1, 0, 1 };

    for (size_t i = 0; i < l->n; i++) {
        const struct first_look_cluster *c = &l->clusters[i];

        if (!c->name || c->rows_n == 0 || !same_place(c, first))
            continue;
        widen(&w.cluster, strlen(c->name));
        widen_by(&w.hosts, hosts_of(c));
        for (size_t k = 0; k < c->rows_n; k++) {
            widen(&w.service, strlen(c->rows[k].service));
            widen_by(&w.desired, c->rows[k].desired);
        }
    }
    return w;
}

static void put_number(FILE *out, int width, int64_t n)
{
    if (n == HEADCOUNT_UNKNOWN)
        fprintf(out, "%*s", width, "");
    else
        fprintf(out, "%*" PRId64, width, n);
}

/* The reason, with what only this table knows: other services of the cluster
 * may count more hosts. */
static void put_why(FILE *out, const struct first_look_row *r, int64_t hosts)
{
    const char *between = "  ";

    if (*r->why != '\0') {
        fprintf(out, "%*s%s%s", 5 - (int)strlen(r->class) > 0
                    ? 5 - (int)strlen(r->class) : 0, "", between, r->why);
        between = "; ";
    }
    if (r->hosts != HEADCOUNT_UNKNOWN && r->hosts != hosts &&
        (rank(r->class) == 1 || rank(r->class) == 2)) {
        fprintf(out, "%s%" PRId64 " host%s count for it", between, r->hosts,
                r->hosts == 1 ? "" : "s");
        between = "; ";
    }
    if (r->adopted)
        fprintf(out, "%sadopted: it has the tag headcount:rule", between);
    fputc('\n', out);
}

static void put_cluster(FILE *out, const struct first_look_cluster *c,
                        const struct widths *w)
{
    int64_t hosts = hosts_of(c);

    for (size_t i = 0; i < c->rows_n; i++) {
        const struct first_look_row *r = &c->rows[i];

        fprintf(out, "%-*s  ", w->cluster, i == 0 ? c->name : "");
        if (i == 0 && hosts != HEADCOUNT_UNKNOWN)
            fprintf(out, "%*" PRId64 " host%s", w->hosts, hosts,
                    hosts == 1 ? " " : "s");
        else
            fprintf(out, "%*s", w->hosts + 6, "");
        fprintf(out, "   %-*s  ", w->service, r->service);
        put_number(out, w->desired, r->desired);
        fprintf(out, "  %s", r->class);
        put_why(out, r, hosts);
    }
}

static void put_table(FILE *out, const struct first_look *l,
                      const struct first_look_cluster *first, bool where)
{
    const struct widths w = widths_of(l, first);
    size_t n;
    const char *place = place_of(first, &n);
    const char *colon = memchr(place, ':', n);

    if (where && colon)
        fprintf(out, "%.*s, %.*s\n", (int)(colon - place), place,
                (int)(n - (size_t)(colon - place) - 1), colon + 1);
    for (const struct first_look_cluster *c = first; c < l->clusters + l->n;
         c++)
        if (c->name && c->rows_n > 0 && same_place(c, first))
            put_cluster(out, c, &w);
}

/* ---- the last lines ---- */

static bool is_name(const char *text)
{
    return *text != '\0' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                       "VWXYZ0123456789-_")] == '\0';
}

/* right or near, and not adopted yet.  A name that no service of ECS can have
 * is not offered to a shell. */
static bool is_offered(const struct first_look_row *r)
{
    return !r->adopted && (rank(r->class) == 1 || rank(r->class) == 2) &&
           is_name(r->service);
}

static bool offers(const struct first_look_cluster *c)
{
    bool any = false;

    for (size_t i = 0; i < c->rows_n; i++)
        any = any || is_offered(&c->rows[i]);
    return any && c->name && is_name(c->name);
}

static void put_offer(FILE *out, const struct first_look_cluster *c, bool where)
{
    const char *name = where && *c->arn != '\0' ? c->arn : c->name;
    size_t n = 0;

    fprintf(out, "headcount adopt %s", name);
    for (size_t i = 0; i < c->rows_n; i++)
        if (is_offered(&c->rows[i]) && n++ < OFFERED)
            fprintf(out, " %s", c->rows[i].service);
    fprintf(out, " && headcount apply %s --policy tags\n", name);
    if (n > OFFERED)
        fprintf(out, "%zu more can be adopted in %s after these: plan it "
                "again.\n", n - OFFERED, name);
}

static void put_end(FILE *out, const struct first_look *l, bool where)
{
    size_t found = 0, listed = 0, offering = 0;

    for (size_t i = 0; i < l->n; i++) {
        found += l->clusters[i].rows_n;
        listed += l->clusters[i].listed;
        offering += offers(&l->clusters[i]);
    }
    fprintf(out, "%zu service%s distinctInstance, of %zu. Nothing was "
            "written.%s", found, found == 1 ? " says" : "s say", listed,
            offering == 1 ? "  " : "\n");
    for (size_t i = 0; i < l->n; i++)
        if (offers(&l->clusters[i]))
            put_offer(out, &l->clusters[i], where);
}

/* A table stands where its first cluster was found. */
static bool is_first_of_place(const struct first_look *l, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (l->clusters[i].name && l->clusters[i].rows_n > 0 &&
            same_place(&l->clusters[i], &l->clusters[at]))
            return false;
    return true;
}

void first_look_render(FILE *out, const struct first_look *l, bool where)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->clusters[i].name && l->clusters[i].rows_n > 0 &&
            is_first_of_place(l, i))
            put_table(out, l, &l->clusters[i], where);
    for (size_t i = 0; i < l->n; i++)
        if (l->clusters[i].name && l->clusters[i].error)
            fprintf(out, "x %s%s%s\n", l->clusters[i].name,
                    *l->clusters[i].name != '\0' ? "  " : "",
                    l->clusters[i].error);
    put_end(out, l, where);
    if (l->lost)
        complain("out of memory: the table lacks services");
}

void first_look_fini(struct first_look *l)
{
    for (size_t i = 0; i < l->n; i++)
        free_cluster(&l->clusters[i]);
    free(l->clusters);
    *l = (struct first_look){ .n = 0 };
}
