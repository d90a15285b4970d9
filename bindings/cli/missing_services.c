/* cli/missing_services.c - services that are in none of a sweep's clusters. */
#include "missing_services.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"
#include "render.h"

/* Beyond it names are not told apart any more: their lines are left out. */
#define MISSING_MAX 4096

static struct missing_name *name_at(struct missing_services *m,
                                    const char *name, size_t n)
{
    struct missing_name *more;

    for (size_t i = 0; i < m->n; i++)
        if (strlen(m->names[i].name) == n &&
            memcmp(m->names[i].name, name, n) == 0)
            return &m->names[i];
    if (m->n == MISSING_MAX)
        return NULL;
    if ((m->n & (m->n - 1)) == 0) {           /* full at each power of two */
        more = realloc(m->names, (m->n ? 2 * m->n : 1) * sizeof *more);
        if (!more)
            return NULL;
        m->names = more;
    }
    m->names[m->n] = (struct missing_name){ .name = strndup(name, n) };
    return m->names[m->n].name ? &m->names[m->n++] : NULL;
}

void missing_services_note(struct missing_services *m,
                           const struct headcount_cluster *cluster)
{
    for (size_t i = 0; i < cluster->services_n; i++) {
        const struct headcount_service *s = &cluster->services[i];
        struct missing_name *name;

        /* It may be there; the cluster is not. */
        if (s->outcome == HEADCOUNT_FAILED ||
            strcmp(s->code, "cluster_gone") == 0)
            continue;
        name = name_at(m, s->service, strlen(s->service));
        if (!name)
            continue;
        if (strcmp(s->code, "missing") == 0)
            name->clusters++;
        else
            name->found = true;
    }
}

void missing_services_found(struct missing_services *m, const char *name,
                            size_t n)
{
    struct missing_name *at = name_at(m, name, n);

    if (at)
        at->found = true;
}

/* NULL: no name that was found is near. */
static const char *nearest_found(const struct missing_services *m,
                                 const char *name)
{
    struct nearest near;

    nearest_init(&near, name);
    for (size_t k = 0; k < m->n; k++)
        if (m->names[k].found)
            nearest_try(&near, m->names[k].name);
    return near.best;
}

bool missing_services_has_nearest(const struct missing_services *m,
                         const struct headcount_outcome *o)
{
    for (size_t i = 0; i < o->missing_services_n; i++)
        if (!nearest_found(m, o->missing_services[i]))
            return false;
    return true;
}

void missing_services_complain(const struct missing_services *m,
                      const struct headcount_outcome *o)
{
    for (size_t i = 0; i < o->missing_services_n; i++) {
        const char *name = o->missing_services[i];
        const char *best = nearest_found(m, name);

        if (best)
            complain("no cluster of this run has a service %s; did you mean "
                     "%s?", name, best);
        else
            complain("no cluster of this run has a service %s; `headcount "
                     "call ecs ListServices '{\"cluster\": \"%s\"}'` lists "
                     "those of a cluster", name,
                     o->clusters_n == 1 ? o->clusters[0].name : "NAME");
    }
}

/* The run failed for it, and said so. */
static bool is_failed(const struct headcount_outcome *o, const char *name)
{
    for (size_t i = 0; i < o->missing_services_n; i++)
        if (strcmp(o->missing_services[i], name) == 0)
            return true;
    return false;
}

void missing_services_render(const struct missing_services *m,
                             const struct headcount_outcome *o, FILE *out)
{
    for (size_t i = 0; i < m->n; i++) {
        const char *best;

        if (m->names[i].found || is_failed(o, m->names[i].name))
            continue;
        best = nearest_found(m, m->names[i].name);
        fputs(". ", out);
        render_text(out, m->names[i].name);
        fprintf(out, "  skipped missing: in none of %zu cluster%s",
                m->names[i].clusters, m->names[i].clusters == 1 ? "" : "s");
        if (best) {
            fputs("; did you mean ", out);
            render_text(out, best);
            fputc('?', out);
        }
        fputc('\n', out);
    }
}

void missing_services_fini(struct missing_services *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->names[i].name);
    free(m->names);
    *m = (struct missing_services){ .n = 0 };
}
