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
    out->index = index;
    service_fill(out);
}

int hc_service_get(struct hc_service *out, struct hc_str name,
                   struct headcount_error *e)
{
    struct hc_str near, signing;

    if (hc_catalog_find(&out->row, name)) {
        out->index = service_index(out->row.cli);
        service_fill(out);
        return 0;
    }
    signing = hc_catalog_other(name);
    if (signing.n > 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%.*s has another protocol than the JSON that a "
                            "call sends: send its requests with fetch METHOD "
                            "URL and request.sign %.*s",
                            HC_STR_ARG(name), HC_STR_ARG(signing));
    near = hc_catalog_nearest(name);
    if (near.n > 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "`%.*s` is no service that "
                            "headcount knows: is it %.*s?", HC_STR_ARG(name),
                            HC_STR_ARG(near));
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "`%.*s` is no service that headcount knows: give "
                        "request.target_prefix if it speaks JSON with the "
                        "header x-amz-target, else send its requests with "
                        "fetch METHOD URL and request.sign SERVICE",
                        HC_STR_ARG(name));
}

static bool service_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool service_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One text of a description: so many letters, digits, and bytes of `others`. */
static int service_check(const char *what, struct hc_str text, size_t most,
                         const char *others, struct headcount_error *e)
{
    bool good = text.n >= 1 && text.n <= most;

    for (size_t i = 0; good && i < text.n; i++) {
        char c = text.p[i];

        good = service_is_letter(c) || service_is_digit(c) ||
               hc_str_find(hc_str(others), c) < hc_str(others).n;
    }
    if (good)
        return 0;
    return hc_error_set(e, HEADCOUNT_EARG, "%s is `%.*s`: it has to be 1 to "
                        "%zu letters, digits and any of `%s`", what,
                        HC_STR_ARG(text), most, others);
}

int hc_service_describe(struct hc_service *out,
                        const struct hc_service_given *given,
                        struct headcount_error *e)
{
    struct hc_str name = given->name;
    struct hc_catalog_row *row = &out->row;
    int err;

    *row = (struct hc_catalog_row){
        .cli = name, .name = name, .id = name, .target = given->target_prefix,
        .signing = given->signing_name.n > 0 ? given->signing_name : name,
        .host = given->endpoint_prefix.n > 0 ? given->endpoint_prefix : name,
        .is_json_1_0 = !hc_str_eqz(given->json_version, "1.1"),
    };
    err = service_check("request.target_prefix", row->target,
                        HC_SERVICE_TARGET, "._", e);
    if (err == 0)
        err = service_check("the service", name, HC_CATALOG_NAME, "-_. ", e);
    if (err == 0)
        err = service_check("request.signing_name", row->signing,
                            HC_CATALOG_NAME, "-_.", e);
    if (err == 0)
        err = service_check("request.endpoint_prefix", row->host,
                            HC_CATALOG_NAME, "-.", e);
    if (err == 0 && row->is_json_1_0 && given->json_version.n > 0 &&
        !hc_str_eqz(given->json_version, "1.0"))
        err = hc_error_set(e, HEADCOUNT_EARG,
                           "request.json_version is `%.*s`: it has to be 1.0 "
                           "or 1.1",
                           HC_STR_ARG(given->json_version));
    out->index = HC_SERVICE_OTHER;
    service_fill(out);
    return err;
}

int hc_service_check_operation(struct hc_str operation,
                               struct headcount_error *e)
{
    bool good = operation.n >= 1 && operation.n <= HC_OPERATION_MAX &&
                service_is_letter(operation.p[0]);

    for (size_t i = 0; good && i < operation.n; i++) {
        char c = operation.p[i];

        good = service_is_letter(c) || service_is_digit(c);
    }
    if (good)
        return 0;
    return hc_error_set(e, HEADCOUNT_EARG, "`%.*s` is no name of an operation: "
                        "letters and digits as in DescribeServices",
                        HC_STR_ARG(operation));
}
