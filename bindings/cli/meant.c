/* cli/meant.c - see meant.h. */
#include "meant.h"

#include <stdio.h>
#include <string.h>

#include "complain.h"

static bool is_no_cluster(const struct headcount_cluster *c)
{
    static const char *const codes[] = { "ClusterNotFoundException",
                                         "cluster_gone", "no_cluster" };
    bool is = false;

    for (size_t i = 0; c->error && i < sizeof codes / sizeof *codes; i++)
        is |= strcmp(c->error_code, codes[i]) == 0;
    return is;
}

/* As a cluster or a service may be called: no glob, no ARN. */
static bool is_name(const char *text)
{
    return *text != '\0' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                       "VWXYZ0123456789-_")] == '\0';
}

/* Typed already as what it may be meant as. */
static bool is_service(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->services.n; i++)
        if (options_is_typed(o, "service") &&
            strcmp(o->services.item[i], name) == 0)
            return true;
    return false;
}

void meant_note(struct meant *m, const struct options *o,
                const struct headcount_cluster *c)
{
    m->any |= !c->error;
    for (size_t i = 0; i < o->args.n; i++) {
        if (strcmp(c->name, o->args.item[i]) != 0 &&
            strcmp(c->arn, o->args.item[i]) != 0)
            continue;
        m->lost[i] |= is_no_cluster(c);
        m->found[i] |= !c->error;
    }
}

void meant_complain(const struct meant *m, const struct options *o)
{
    for (size_t i = 0; m->any && o->args.n > 1 && i < o->args.n; i++) {
        const char *name = o->args.item[i];

        if (!m->lost[i] || m->found[i] || !is_name(name) ||
            is_service(o, name))
            continue;
        if (o->policy)
            complain("is %s a service? The policy names the services: give "
                     "clusters only", name);
        else
            complain("is %s a service? Give --service %s", name, name);
    }
}

/* "web,api": all names but the first; false: they are no names. */
static bool list_names(const struct options *o, char *to, size_t size)
{
    size_t n = 0;

    for (size_t i = 1; i < o->args.n; i++) {
        int put = snprintf(to + n, size - n, "%s%s", n ? "," : "",
                           o->args.item[i]);

        if (!is_name(o->args.item[i]) || put < 0 || (size_t)put >= size - n)
            return false;
        n += (size_t)put;
    }
    return n > 0;
}

int meant_no_service(const struct options *o)
{
    char names[1024];

    if (o->verb == VERB_HANDLE || !list_names(o, names, sizeof names))
        complain("no service is named: give --service NAME or --policy FILE, "
                 "or set ECS_SERVICE_ARN");
    else
        complain("no service is named: %s%s%s? Give --service %s (or "
                 "--policy FILE, or set ECS_SERVICE_ARN)",
                 o->args.n == 2 ? "is " : "are these services: ", names,
                 o->args.n == 2 ? " one" : "", names);
    return EXIT_USAGE;
}
