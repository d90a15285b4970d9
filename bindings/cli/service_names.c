/* cli/service_names.c - the services that a cluster has, for a message. */
#include "service_names.h"

#include <stdio.h>
#include <string.h>

#include "request_options.h"
#include "verbs/verbs.h"

#define NAMES_WITHIN 5000000                   /* microseconds */

void service_names_region(const char *cluster, char region[64])
{
    const char *at = cluster;

    region[0] = '\0';
    for (int i = 0; i < 3 && at; i++) {
        at = strchr(at, ':');
        at = at ? at + 1 : NULL;
    }
    if (at)
        snprintf(region, 64, "%.*s", (int)strcspn(at, ":"), at);
}

/* Notes the last part of each ARN in an answer to ListServices. */
static void note_answer(const struct headcount_outcome *o,
                        struct missing_services *m)
{
    headcount_json *json;
    const char *text;
    size_t n;
    int event;

    if (headcount_json_new(&json, o->body, o->body_size, NULL) != 0)
        return;
    while ((event = headcount_json_next(json, &text, &n, NULL)) > 0) {
        const char *end = text + n, *name = end;

        if (event != HEADCOUNT_JSON_STRING || n == 0 || n > 1024 ||
            memcmp(text, "arn:", n < 4 ? n : 4) != 0)
            continue;
        while (name > text && name[-1] != '/')
            name--;
        missing_services_found(m, name, (size_t)(end - name));
    }
    headcount_json_free(json);
}

void service_names_note(headcount *h, const char *cluster,
                        const struct options *options,
                        struct missing_services *m)
{
    char body[1400], region[64];
    struct headcount_call call = {
        .size = sizeof call,
        .timeout = NAMES_WITHIN, .service = "ecs",
        .operation = "ListServices", .body = body,
    };
    const struct headcount_outcome *o;
    headcount_op *op = NULL;
    int n = snprintf(body, sizeof body, "{\"cluster\":\"%s\",\"maxResults\":"
                     "100}", cluster);

    if (n < 0 || (size_t)n >= sizeof body || strpbrk(cluster, "\"\\"))
        return;
    service_names_region(cluster, region);
    request_options_call_role(&call, options);
    call.body_size = (size_t)n;
    call.region = region[0] != '\0' ? region : NULL;
    if (headcount_begin_call(h, &op, &call, NULL) != 0)
        return;
    if (!verbs_run(op, NULL)) {
        o = headcount_outcome(op);
        if (o && o->code == 0)
            note_answer(o, m);
    }
    headcount_op_free(op);
}

void service_names_complain(headcount *h, const struct options *o,
                            const struct headcount_outcome *outcome)
{
    const struct headcount_cluster *first = outcome->clusters;
    struct missing_services missing = { .n = 0 };

    for (size_t i = 0; i < outcome->clusters_n; i++)
        missing_services_note(&missing, &outcome->clusters[i]);
    if (!o->snapshot && outcome->clusters_n > 0 &&
        !missing_services_has_nearest(&missing, outcome))
        service_names_note(h, first->arn[0] != '\0' ? first->arn : first->name,
                           o, &missing);
    missing_services_complain(&missing, outcome);
    missing_services_fini(&missing);
}
