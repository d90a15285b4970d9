/* cli/set_by.c - see set_by.h. */
#include "set_by.h"

#include <stdlib.h>
#include <string.h>

#include "json_rows.h"
#include "json_text.h"
#include "placement.h"
#include "render.h"
#include "request_options.h"
#include "service_names.h"
#include "verbs/verbs.h"

#define PAGES 2                      /* of fifty calls each                  */
#define PAGE_WITHIN 10000000         /* microseconds                         */

/* ---- one member of a JSON text, by its path ---- */

/* The text or number at a path such as "userIdentity.arn", cut to the size. */
struct pick {
    const char *path;
    char *to;
    size_t size;
};

struct picker {
    char path[200];
    size_t ends[128];                /* of the path, for each open container */
    size_t depth, n;
};

static void take_value(const struct picker *p, const struct pick *picks,
                       size_t picks_n, const char *text, size_t n)
{
    for (size_t i = 0; i < picks_n; i++)
        if (strcmp(p->path, picks[i].path) == 0)
            snprintf(picks[i].to, picks[i].size, "%.*s",
                     (int)(n < 4096 ? n : 4096), text);
}

static void take_key(struct picker *p, const char *key, size_t n)
{
    size_t at = p->depth > 0 ? p->ends[p->depth - 1] : 0;
    int put = snprintf(p->path + at, sizeof p->path - at, "%s%.*s",
                       at > 0 ? "." : "", (int)(n < 100 ? n : 100), key);

    p->n = put < 0 ? at : at + (size_t)put;
    if (p->n >= sizeof p->path)
        p->n = sizeof p->path - 1;
}

/* False: it is no JSON.  A path that is not there leaves its text as it is. */
static bool pick_all(const void *json, size_t n, const struct pick *picks,
                     size_t picks_n)
{
    struct picker p = { .n = 0 };
    headcount_json *reader;
    const char *text = NULL;
    size_t length = 0;
    int event;

    if (headcount_json_new(&reader, json, n, NULL) != 0)
        return false;
    while ((event = headcount_json_next(reader, &text, &length, NULL)) > 0) {
        if (event == HEADCOUNT_JSON_KEY) {
            take_key(&p, text, length);
        } else if (event == HEADCOUNT_JSON_OBJECT ||
                   event == HEADCOUNT_JSON_ARRAY) {
            if (event == HEADCOUNT_JSON_ARRAY)    /* no path names these */
                take_key(&p, "[]", 2);
            p.ends[p.depth++] = p.n;
        } else if (event == HEADCOUNT_JSON_OBJECT_END ||
                   event == HEADCOUNT_JSON_ARRAY_END) {
            p.depth--;
        } else if (event == HEADCOUNT_JSON_STRING ||
                   event == HEADCOUNT_JSON_NUMBER) {
            take_value(&p, picks, picks_n, text, length);
        }
    }
    headcount_json_free(reader);
    return event == 0;
}

/* ---- one call of UpdateService ---- */

/* The name in "web", "service/web" or an ARN. */
static const char *last_part(const char *text)
{
    const char *slash = strrchr(text, '/');

    return slash ? slash + 1 : text;
}

/* True: the record is of a call that set the count of this service; it is in
 * *by then. */
static bool read_record(struct set_by *by, const char *record, size_t n,
                        const char *cluster, const char *service)
{
    char source[40] = "", failed[40] = "", on[300] = "", of[300] = "";
    char count[24] = "", name[160] = "", issuer[160] = "", invoked[160] = "";
    struct set_by got = { .count = 0 };
    const struct pick picks[] = {
        { "eventSource", source, sizeof source },
        { "errorCode", failed, sizeof failed },
        { "requestParameters.cluster", on, sizeof on },
        { "requestParameters.service", of, sizeof of },
        { "requestParameters.desiredCount", count, sizeof count },
        { "eventTime", got.time, sizeof got.time },
        { "userIdentity.arn", got.arn, sizeof got.arn },
        { "userIdentity.userName", name, sizeof name },
        { "userIdentity.invokedBy", invoked, sizeof invoked },
        { "userIdentity.sessionContext.sessionIssuer.userName", issuer,
          sizeof issuer },
        { "sourceIPAddress", got.source, sizeof got.source },
        { "userAgent", got.agent, sizeof got.agent },
    };

    if (!pick_all(record, n, picks, sizeof picks / sizeof *picks) ||
        strcmp(source, "ecs.amazonaws.com") != 0 || *failed != '\0' ||
        *count == '\0' || *got.time == '\0' ||
        strcmp(last_part(of), last_part(service)) != 0 ||
        strcmp(*on != '\0' ? last_part(on) : "default",
               last_part(cluster)) != 0)
        return false;
    snprintf(got.user, sizeof got.user, "%.150s",
             *name != '\0' ? name : *issuer != '\0' ? issuer
             : *got.arn != '\0' ? last_part(got.arn) : invoked);
    got.count = strtoll(count, NULL, 10);
    *by = got;
    return true;
}

/* True: one of the calls in the answer is the one.  CloudTrail lists the newest
 * call first. */
static bool read_page(struct set_by *by, const struct headcount_outcome *page,
                      const char *cluster, const char *service)
{
    static const char *const names[] = { "CloudTrailEvent" };
    struct json_rows rows;
    bool found = false;

    if (!json_rows_open(&rows, page->body, page->body_size, names, 1))
        return false;
    while (!found && json_rows_next(&rows))
        found = rows.text[0] && read_record(by, rows.text[0], rows.text_n[0],
                                            cluster, service);
    json_rows_close(&rows);
    return found;
}

/* ---- the request ---- */

static void say_refused(struct set_by *by, const struct headcount_outcome *got)
{
    bool denied = strstr(got->service_code, "AccessDenied") ||
                  strstr(got->service_code, "UnauthorizedOperation");

    if (denied)
        snprintf(by->why, sizeof by->why, "CloudTrail refused (%s): allow "
                 "cloudtrail:LookupEvents on resource *", got->service_code);
    else
        snprintf(by->why, sizeof by->why, "CloudTrail gave no answer: %.300s",
                 got->message);
}

/* 1: it is found; 0: look at the next page, which *next names; -1: that is
 * all, and by->why says so where it is a failure. */
static int ask_page(struct set_by *by, headcount *h,
                    const struct headcount_call *call, const char *cluster,
                    const char *service, char *next, size_t next_n)
{
    const struct pick token = { "NextToken", next, next_n };
    const struct headcount_outcome *got = NULL;
    headcount_op *op = NULL;
    int answer = -1;

    *next = '\0';
    if (headcount_begin_call(h, &op, call, NULL) != 0)
        return -1;
    if (!verbs_run(op, NULL))
        got = headcount_outcome(op);
    if (got && got->code != 0) {
        say_refused(by, got);
    } else if (got) {
        pick_all(got->body, got->body_size, &token, 1);
        answer = read_page(by, got, cluster, service) ? 1
                 : *next != '\0' && strlen(next) + 1 < next_n ? 0 : -1;
    }
    headcount_op_free(op);
    return answer;
}

void set_by_find(struct set_by *by, headcount *h, const struct options *o,
                 const char *cluster, const char *service)
{
    char body[3000], next[2600] = "", region[64];
    struct headcount_call call = {
        .size = sizeof call, .timeout = PAGE_WITHIN, .service = "cloudtrail",
        .operation = "LookupEvents", .body = body,
    };
    int found = 0;

    memset(by, 0, sizeof *by);
    request_options_call_role(&call, o);
    service_names_region(cluster, region);
    call.region = *region != '\0' ? region : NULL;
    for (int page = 0; found == 0 && page < PAGES; page++) {
        int n = snprintf(body, sizeof body, "{\"LookupAttributes\":[{"
                         "\"AttributeKey\":\"EventName\",\"AttributeValue\":"
                         "\"UpdateService\"}],\"MaxResults\":50%s%s%s}",
                         *next != '\0' ? ",\"NextToken\":\"" : "", next,
                         *next != '\0' ? "\"" : "");

        if (n < 0 || (size_t)n >= sizeof body || strpbrk(next, "\"\\"))
            break;
        call.body_size = (size_t)n;
        found = ask_page(by, h, &call, cluster, service, next, sizeof next);
    }
    if (found != 1 && *by->why == '\0')
        snprintf(by->why, sizeof by->why, "CloudTrail tells of no "
                 "UpdateService that set its count%s; it keeps 90 days and is "
                 "up to 15 minutes late", *next == '\0' ? ""
                 : " among the last hundred of this region");
}

/* ---- what is said of it ---- */

void set_by_put(FILE *out, const struct set_by *by)
{
    placement_label(out, "set by");
    if (*by->time == '\0') {
        fputs("not known: ", out);
        render_text(out, by->why);
        fputc('\n', out);
        return;
    }
    render_text(out, by->user);
    fprintf(out, " to %lld at ", by->count);
    render_text(out, by->time);
    fputs(", from ", out);
    render_text(out, *by->source != '\0' ? by->source : "an unknown address");
    if (*by->agent != '\0') {
        fputs(" with ", out);
        render_text(out, by->agent);
    }
    if (*by->arn != '\0') {
        fputs(" (", out);
        render_text(out, by->arn);
        fputc(')', out);
    }
    fputc('\n', out);
}

void set_by_put_json(FILE *out, const struct set_by *by)
{
    if (*by->time == '\0') {
        fputs(",\"set_by\":null,", out);
        json_text_member(out, "set_by_unknown", by->why);
        return;
    }
    fputs(",\"set_by\":{", out);
    json_text_member(out, "time", by->time);
    fprintf(out, ",\"desired_count\":%lld,", by->count);
    json_text_member(out, "user", by->user);
    fputc(',', out);
    json_text_member(out, "arn", by->arn);
    fputc(',', out);
    json_text_member(out, "source", by->source);
    fputc(',', out);
    json_text_member(out, "user_agent", by->agent);
    fputs("},\"set_by_unknown\":null", out);
}
