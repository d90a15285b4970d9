/* aws/service_set.c - services that are kept (contract: aws/service_set.h). */
#include "aws/service_set.h"

#include <string.h>

struct hc_service_kept {
    struct hc_service service;
    struct hc_service_kept *next;
    char texts[3 * HC_CATALOG_NAME + HC_SERVICE_TARGET];
};

void hc_service_set_init(struct hc_service_set *s, const struct hc_alloc *alloc)
{
    *s = (struct hc_service_set){ .alloc = alloc };
}

void hc_service_set_fini(struct hc_service_set *s)
{
    while (s->kept != NULL) {
        struct hc_service_kept *one = s->kept;

        s->kept = one->next;
        hc_free(s->alloc, one, sizeof *one);
    }
    s->kept_n = 0;
}

const struct hc_service *hc_service_set_own(struct hc_service_set *s,
                                            enum hc_service_id index)
{
    struct hc_service *own = &s->own[index];

    if (own->id[0] == '\0')
        hc_service_own(own, index);
    return own;
}

static bool services_are_one(const struct hc_service *one,
                             const struct hc_service *other)
{
    const struct hc_catalog_row *a = &one->row, *b = &other->row;

    return hc_str_eq(a->cli, b->cli) && hc_str_eq(a->target, b->target) &&
           hc_str_eq(a->host, b->host) && hc_str_eq(a->signing, b->signing) &&
           hc_str_eq(a->rules, b->rules) && hc_str_eq(a->before, b->before) &&
           a->is_json_1_0 == b->is_json_1_0 && a->is_stream == b->is_stream &&
           a->is_unsigned == b->is_unsigned;
}

/* A described service lends its texts: they are copied. */
static const struct hc_service *services_add(struct hc_service_set *s,
                                             const struct hc_service *service,
                                             struct headcount_error *e)
{
    struct hc_service_kept *one;
    size_t n = 0;

    one = hc_alloc(s->alloc, sizeof *one);
    if (one == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a service");
        return NULL;
    }
    *one = (struct hc_service_kept){ .service = *service, .next = s->kept };
    struct hc_str *texts[] = { &one->service.row.cli, &one->service.row.target,
                               &one->service.row.host,
                               &one->service.row.signing };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memcpy(one->texts + n, texts[i]->p, texts[i]->n);
        texts[i]->p = one->texts + n;
        n += texts[i]->n;
    }
    one->service.row.name = one->service.row.id = one->service.row.cli;
    s->kept = one;
    s->kept_n++;
    return &one->service;
}

static const struct hc_service *services_keep(struct hc_service_set *s,
                                              const struct hc_service *service,
                                              struct headcount_error *e)
{
    struct hc_service_kept *one;

    for (one = s->kept; one != NULL; one = one->next)
        if (services_are_one(&one->service, service))
            return &one->service;
    if (s->kept_n >= HC_SERVICE_SET_MAX) {
        hc_error_set(e, HEADCOUNT_ELIMIT,
                     "more than %d services in one process",
                     HC_SERVICE_SET_MAX);
        return NULL;
    }
    return services_add(s, service, e);
}

const struct hc_service *hc_service_set_find(struct hc_service_set *s,
                                             struct hc_str name,
                                             struct headcount_error *e)
{
    struct hc_service found;

    for (int i = 0; i < HC_SERVICE_STS; i++)
        if (name.n > 0 && hc_str_eqz(name, s->own[i].id))
            return &s->own[i];
    if (hc_service_get(&found, name, e) < 0)
        return NULL;
    return found.index < HC_SERVICE_OTHER ? hc_service_set_own(s, found.index)
                                          : services_keep(s, &found, e);
}

const struct hc_service *
hc_service_set_describe(struct hc_service_set *s,
                        const struct hc_service_given *given,
                        struct headcount_error *e)
{
    struct hc_service found;

    return hc_service_describe(&found, given, e) < 0
               ? NULL : services_keep(s, &found, e);
}

const struct hc_service *hc_service_set_narrow(struct hc_service_set *s,
                                               const struct hc_service *service,
                                               struct hc_str operation,
                                               struct headcount_error *e)
{
    struct hc_service one;

    if (!service->row.has_ways)
        return service;
    one = *service;
    hc_catalog_narrow(&one.row, operation);
    return services_are_one(service, &one) ? service
                                           : services_keep(s, &one, e);
}
