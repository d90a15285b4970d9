/* aws/service.c - services by name (contract: aws/service.h). */
#include "aws/service.h"

#include "base/text.h"

#define SERVICE_NAME(name, cli) cli "|"
static const char service_names[] = HC_SERVICES(SERVICE_NAME);
#undef SERVICE_NAME

static enum hc_service_id service_index(struct hc_str cli)
{
    struct hc_str rest = hc_str(service_names);
    int i = 0;

    while (rest.n > 0 && !hc_str_eq(hc_str_cut(&rest, '|'), cli))
        i++;
    return (enum hc_service_id)i;
}

/* Sets what follows from the row. */
static void service_fill(struct hc_service *out)
{
    const struct hc_catalog_row *row = &out->row;

    out->index = service_index(row->cli);
    hc_fmt(out->id, sizeof(out->id), "%.*s", HC_STR_ARG(row->cli));
    hc_catalog_env(out->env, sizeof(out->env), row);
    out->protocol = out->index == HC_SERVICE_STS ? PROTOCOL_QUERY
                    : row->is_json_1_0           ? PROTOCOL_JSON_1_0
                                                 : PROTOCOL_JSON_1_1;
}

void hc_service_own(struct hc_service *out, enum hc_service_id index)
{
    struct hc_str names = hc_str(service_names), rest = hc_catalog_ours();
    struct hc_str name = hc_str_cut(&names, '|');

    for (int i = 0; i < (int)index; i++)
        name = hc_str_cut(&names, '|');
    if (!hc_catalog_find(&out->row, name))
        while (hc_catalog_next(&out->row, &rest) &&
               !hc_str_eq(out->row.cli, name))
            continue;
    service_fill(out);
}

int hc_service_get(struct hc_service *out, struct hc_str name,
                   struct headcount_error *e)
{
    struct hc_str near;

    if (hc_catalog_find(&out->row, name)) {
        service_fill(out);
        return 0;
    }
    near = hc_catalog_nearest(name);
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "`%.*s` is no service that headcount can call%s%.*s%s",
                        HC_STR_ARG(name), near.n > 0 ? ": is it " : "",
                        HC_STR_ARG(near), near.n > 0 ? "?" : "");
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
