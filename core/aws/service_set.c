/* aws/service_set.c - services that are kept (contract: aws/service_set.h). */
#include "aws/service_set.h"

struct hc_service_kept {
    struct hc_service service;
    struct hc_service_kept *next;
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

/* Texts of one row are those of another if they stand in the same place. */
static bool services_are_one(const struct hc_service *one,
                             const struct hc_service *other)
{
    const struct hc_catalog_row *a = &one->row, *b = &other->row;

    return a->cli.p == b->cli.p && a->rules.p == b->rules.p &&
           a->before.p == b->before.p && a->is_stream == b->is_stream &&
           a->is_unsigned == b->is_unsigned;
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
    one = hc_alloc(s->alloc, sizeof *one);
    if (one == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a service");
        return NULL;
    }
    *one = (struct hc_service_kept){ *service, s->kept };
    s->kept = one;
    s->kept_n++;
    return &one->service;
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
