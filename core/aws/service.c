/* aws/service.c - the table of services, and finding one in it. */
#include "aws/service.h"

static const struct hc_service service_table[HC_SERVICE_COUNT] = {
#define SERVICE_ROW(name, ...) { HC_SERVICE_##name, __VA_ARGS__ },
    HC_SERVICES(SERVICE_ROW)
#undef SERVICE_ROW
};

#define SERVICE_NAME(name, id, ...) ", " id
static const char service_names[] = HC_SERVICES_JSON(SERVICE_NAME);
#undef SERVICE_NAME

const struct hc_service *hc_service_at(enum hc_service_id index)
{
    return &service_table[index];
}

const struct hc_service *hc_service_find(struct hc_str id,
                                         struct headcount_error *e)
{
    for (size_t i = 0; i < HC_SERVICE_COUNT; i++) {
        const struct hc_service *s = &service_table[i];

        if (!hc_str_eqz(id, s->id))
            continue;
        if (s->protocol != PROTOCOL_QUERY)
            return s;
        hc_error_set(e, HEADCOUNT_ECONFIG,
                     "%s takes no JSON and answers none, so it "
                     "cannot be called; headcount calls %s",
                     s->id, service_names + 2);
        return NULL;
    }
    hc_error_set(e, HEADCOUNT_ECONFIG,
                 "`%.*s` is no service that headcount knows; it knows %s",
                 HC_STR_ARG(id), service_names + 2);
    return NULL;
}

static bool service_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hc_service_check_operation(struct hc_str operation,
                               struct headcount_error *e)
{
    bool good = operation.n >= 1 && operation.n <= HC_OPERATION_MAX &&
                service_is_letter(operation.p[0]);

    for (size_t i = 0; good && i < operation.n; i++) {
        char c = operation.p[i];

        good = service_is_letter(c) || (c >= '0' && c <= '9');
    }
    if (good)
        return 0;
    return hc_error_set(e, HEADCOUNT_EARG, "`%.*s` is no name of an operation: "
                        "letters and digits as in DescribeServices",
                        HC_STR_ARG(operation));
}
