/* cli/cluster_tags.h - --tag KEY[=VALUE], as a request has them. */
#ifndef CLI_CLUSTER_TAGS_H
#define CLI_CLUSTER_TAGS_H

#include "options.h"

struct cluster_tags {
    struct headcount_tag tags[OPTIONS_LIST_MAX];
    size_t n;
    char *copies[OPTIONS_LIST_MAX];    /* split */
};

/* 0, or the exit code with the complaint on stderr.  Always close. */
int cluster_tags_open(struct cluster_tags *t, const struct options *o);
void cluster_tags_close(struct cluster_tags *t);

#endif
