/* cli/lambda/runtime_api.c - the Runtime API of AWS Lambda. */
#include "lambda/runtime_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "complain.h"
#include "json_text.h"
#include "options.h"
#include "verbs/verbs.h"

#define PATH "/2018-06-01/runtime/"
/* Lambda takes 6 MiB, and says so with a 413; what is far more is not sent. */
#define RESPONSE_MAX ((size_t)7 << 20)
/* Bytes of an error's text and of its trace, about: both are a line of the log,
 * where CloudWatch takes 256 KiB, and are posted. */
#define ERROR_TEXT ((size_t)32 << 10)
#define POST_TIMEOUT ((int64_t)10 * 1000 * 1000)

int runtime_api_find(struct runtime_api *api)
{
    api->host = getenv("AWS_LAMBDA_RUNTIME_API");
    if (api->host && *api->host != '\0')
        return 0;
    complain("AWS_LAMBDA_RUNTIME_API is not set: this verb is for AWS Lambda, "
             "which sets it");
    return EXIT_CONFIG;
}

static void url_of(const struct runtime_api *api, const char *path,
                   char *out, size_t size)
{
    snprintf(out, size, "http://%s" PATH "%s", api->host, path);
}

/* The op when it is done, or NULL: no memory, or interrupted. */
static headcount_op *fetch(struct runtime_api *api,
                           const struct headcount_fetch *request)
{
    headcount_op *op = NULL;

    if (headcount_begin_fetch(api->h, &op, request, NULL) != 0)
        return NULL;
    if (!verbs_run(op, NULL))
        return op;
    headcount_op_free(op);
    return NULL;
}

/* ---- next ---- */

static const char *header(const struct headcount_outcome *o, const char *name)
{
    for (size_t i = 0; i < o->headers_n; i++)
        if (strcasecmp(o->headers[i].name, name) == 0)
            return o->headers[i].value;
    return "";
}

int runtime_api_next(struct runtime_api *api, struct runtime_invocation *in)
{
    char url[512];
    /* "Do not set a timeout": the process is frozen while it waits. */
    const struct headcount_fetch request = {
        .size = sizeof request, .url = url,
        .first_byte_timeout = -1,
    };
    const struct headcount_outcome *o;
    int code = 0;

    memset(in, 0, sizeof *in);
    url_of(api, "invocation/next", url, sizeof url);
    in->op = fetch(api, &request);
    if (!in->op)
        return EXIT_INTERRUPTED;
    o = headcount_outcome(in->op);
    if (o->code != 0 || o->status != 200) {
        if (o->code != 0)
            complain("Lambda's Runtime API: %s", o->message);
        else
            complain("Lambda's Runtime API answers %d where the next event is "
                     "due", o->status);
        /* A 4xx stays one however often it is tried. */
        code = o->code == 0 && o->status >= 400 && o->status < 500
                   ? EXIT_OTHER : RUNTIME_AGAIN;
        runtime_api_done(in);
        return code;
    }
    in->event = o->body;
    in->event_size = o->body_size;
    in->id = header(o, "Lambda-Runtime-Aws-Request-Id");
    in->trace_id = header(o, "Lambda-Runtime-Trace-Id");
    in->function_arn = header(o, "Lambda-Runtime-Invoked-Function-Arn");
    in->client_context = header(o, "Lambda-Runtime-Client-Context");
    in->identity = header(o, "Lambda-Runtime-Cognito-Identity");
    in->deadline_ms = strtoll(header(o, "Lambda-Runtime-Deadline-Ms"), NULL,
                              10);
    return 0;
}

void runtime_api_done(struct runtime_invocation *in)
{
    if (in->op)
        headcount_op_free(in->op);
    in->op = NULL;
}

/* ---- the result ---- */

/* The status, or 0 with the complaint on stderr.  The path names one
 * invocation, so that what is posted twice is taken once. */
static int post(struct runtime_api *api, const char *path, const char *type,
                const void *body, size_t n)
{
    char url[512];
    const struct headcount_header headers[] = {
        { "Content-Type", "application/json" },
        { "Lambda-Runtime-Function-Error-Type", type },
    };
    const struct headcount_fetch request = {
        .size = sizeof request, .url = url,
        .method = "POST", .body = body, .body_size = n, .headers = headers,
        .headers_n = type ? 2 : 1, .timeout = POST_TIMEOUT,
        .replay_ok = true,
    };
    headcount_op *op;
    int status = 0;

    url_of(api, path, url, sizeof url);
    op = fetch(api, &request);
    if (!op)
        return 0;
    const struct headcount_outcome *o = headcount_outcome(op);

    if (o->code != 0)
        complain("Lambda's Runtime API: %s", o->message);
    /* Sent twice, and the first one may have been accepted: the second then
     * names an invocation that is over. */
    else if ((o->status == 400 || o->status == 403) && o->stats.replays > 0)
        status = 202;
    else
        status = o->status;
    headcount_op_free(op);
    return status;
}

static int judged(int status)
{
    if (status / 100 == 2)
        return 0;
    if (status != 0)
        complain("Lambda's Runtime API answers %d to the result of the event",
                 status);
    return EXIT_OTHER;
}

static void put_trace(FILE *out, const char *trace)
{
    const char *comma = "";
    const char *end = trace ? trace + strnlen(trace, ERROR_TEXT) : NULL;

    for (size_t n; trace && trace < end; trace += n) {
        trace += strspn(trace, "\t\n");
        n = strcspn(trace, "\n");
        if (n == 0)
            break;
        n = n < ERROR_TEXT ? n : ERROR_TEXT;
        fprintf(out, "%s\"", comma);
        json_text_put(out, trace, n);
        fputc('"', out);
        comma = ",";
    }
}

char *runtime_error_json(const struct runtime_error *error, size_t *n)
{
    char *body = NULL;
    FILE *out = open_memstream(&body, n);

    if (!out)
        return NULL;
    fputs("{\"errorMessage\":\"", out);
    json_text_put(out, error->message,
                  strnlen(error->message, ERROR_TEXT));
    fputs("\",", out);
    json_text_member(out, "errorType", error->type);
    fputs(",\"stackTrace\":[", out);
    put_trace(out, error->trace);
    fputs("]}", out);
    if (fclose(out) == 0)
        return body;
    free(body);
    return NULL;
}

static int post_error(struct runtime_api *api, const char *path,
                      const struct runtime_error *error)
{
    static const char bare[] = "{\"errorMessage\":\"out of memory\","
                               "\"errorType\":\"Headcount.ENOMEM\"}";
    size_t n = sizeof bare - 1;
    char *body = runtime_error_json(error, &n);
    int status = body ? post(api, path, error->type, body, n)
                      : post(api, path, error->type, bare, sizeof bare - 1);

    free(body);
    return status;
}

int runtime_api_error(struct runtime_api *api, const char *id,
                      const struct runtime_error *error)
{
    char path[300];

    snprintf(path, sizeof path, "invocation/%s/error", id);
    return judged(post_error(api, path, error));
}

int runtime_api_response(struct runtime_api *api, const char *id,
                         const void *body, size_t n)
{
    static const struct runtime_error large = {
        .type = "Headcount.ResponseTooLarge",
        .message = "the answer is larger than the 6 MiB that Lambda takes: "
                   "what the function did is done",
    };
    char path[300];
    int status = 413;

    snprintf(path, sizeof path, "invocation/%s/response", id);
    if (n <= RESPONSE_MAX)
        status = post(api, path, NULL, body, n);
    if (status == 413)
        return runtime_api_error(api, id, &large);
    return judged(status);
}

static const char *no_env(void *ud, const char *name)
{
    (void)ud;
    (void)name;
    return NULL;
}

/* This call uses none of the settings, because they may be what is wrong. */
void runtime_api_init_error(struct runtime_api *api,
                            const struct runtime_error *error)
{
    const struct headcount_system system = { .size = sizeof system,
                                             .env = no_env };
    const struct headcount_config config = { .size = sizeof config,
                                             .system = &system };
    struct runtime_api bare = *api;
    struct headcount_error why;

    if (!bare.h && headcount_new(&bare.h, &config, &why) != 0)
        return;
    judged(post_error(&bare, "init/error", error));
    if (!api->h)
        headcount_free(bare.h);
}
