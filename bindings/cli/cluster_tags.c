/* cli/cluster_tags.c - see cluster_tags.h. */
#include "cluster_tags.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"

int cluster_tags_open(struct cluster_tags *t, const struct options *o)
{
    const struct options_list *from = &o->cluster_tags;
    char who[OPTIONS_NAME];

    for (t->n = 0; t->n < from->n; t->n++) {
        char *key = t->copies[t->n] = strdup(from->item[t->n]);
        char *equals = key ? strchr(key, '=') : NULL;

        if (!key)
            return EXIT_OTHER;
        if (equals == key) {
            complain("%s takes KEY or KEY=VALUE, not \"%s\"",
                     options_said(o, "tag", who), key);
            free(key);
            return EXIT_USAGE;
        }
        if (equals)
            *equals = '\0';
        t->tags[t->n] = (struct headcount_tag){ key,
                                                equals ? equals + 1 : NULL };
    }
    return 0;
}

void cluster_tags_close(struct cluster_tags *t)
{
    while (t->n > 0)
        free(t->copies[--t->n]);
}
