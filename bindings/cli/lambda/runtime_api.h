/* cli/lambda/runtime_api.h - the Runtime API of AWS Lambda (2018-06-01): what
 * is to be done next, and what came of it.
 *
 *     runtime_api_find(&api);  api.h = ...;
 *     runtime_api_next(&api, &in);              waits, without an end
 *     runtime_api_response or _error(&api, in.id, ...);
 *     runtime_api_done(&in);
 */
#ifndef CLI_LAMBDA_RUNTIME_API_H
#define CLI_LAMBDA_RUNTIME_API_H

#include "headcount.h"

struct runtime_api {
    headcount *h;                       /* whose connections are used        */
    const char *host;                   /* "127.0.0.1:9001"                  */
};

struct runtime_invocation {
    headcount_op *op;                   /* holds the texts below             */
    const void *event;
    size_t event_size;
    const char *id, *trace_id;          /* "" if none                        */
    const char *function_arn;           /* likewise                          */
    const char *client_context, *identity;      /* JSON, or ""               */
    int64_t deadline_ms;                /* since 1970; 0: none               */
};

/* Why an invocation has no answer. */
struct runtime_error {
    const char *type;                   /* "Headcount.TargetFailed"          */
    const char *message;
    const char *trace;                  /* a line each; NULL: none           */
};

enum { RUNTIME_AGAIN = -1 };            /* nothing came: ask again           */

/* 0, or the exit code with the complaint on stderr: no Lambda is around it. */
int runtime_api_find(struct runtime_api *api);
/* 0, RUNTIME_AGAIN or the exit code, with the complaint on stderr. */
int runtime_api_next(struct runtime_api *api, struct runtime_invocation *in);
void runtime_api_done(struct runtime_invocation *in);
/* 0, or the exit code with the complaint on stderr.  A response that is too
 * large becomes an error of the invocation. */
int runtime_api_response(struct runtime_api *api, const char *id,
                         const void *body, size_t n);
int runtime_api_error(struct runtime_api *api, const char *id,
                      const struct runtime_error *error);
/* Nothing can be invoked; api->h may be NULL. */
void runtime_api_init_error(struct runtime_api *api,
                            const struct runtime_error *error);
/* The error as it is posted, as a line of the log; NULL: no memory.  The caller
 * frees it. */
char *runtime_error_json(const struct runtime_error *error, size_t *n);

#endif
