/* aws/template.h - the bytes of a request, signed; the text that requests of
 * one operation have in common is put together once.
 *
 *   template: head and canonical request      made of what is in its key
 *             date, invocation id, body's hash, signature     of each request
 *
 * A request is made of the same texts, and its parts are checked, whether there
 * was a template for it or not: without one it is made first.
 */
#ifndef HC_AWS_TEMPLATE_H
#define HC_AWS_TEMPLATE_H

#include "aws/answer.h"
#include "aws/endpoint.h"
#include "aws/sigv4.h"

/* A UUID, and its NUL. */
#define HC_REQUEST_NAME 37

/* Everything is borrowed and must outlive the request. */
struct hc_request_config {
    const struct hc_endpoint *endpoint;
    struct hc_str operation;
    struct hc_str body;                  /* JSON, at least "{}"; or a form   */
    const struct hc_identity *who;       /* NULL: not signed                 */
    struct hc_sigv4_key *key;            /* kept from request to request     */
    struct hc_templates *templates;      /* likewise                         */
    struct hc_str user_agent;
    const struct hc_buf *trace_id;       /* X-Amzn-Trace-Id, or empty, NULL   */
    const char *invocation;              /* of HC_REQUEST_NAME: same for all
                                            attempts                         */
    int attempt, max_attempts;
    int64_t skew;                        /* added to the wall clock          */
    bool no_skew;                        /* and not measured                 */
    const struct hc_anchors *anchors;
    bool replay_after_flush_ok;
    int64_t deadline;
    struct headcount_stats *stats;
    struct hc_service_error *answer;     /* gets what the service refused with;
                                            of a 2xx status and id           */
    bool fresh;                          /* on no kept connection            */
};

#define HC_TEMPLATE_MAX ((size_t)256 << 10)  /* bytes of a head              */
/* A reconcile makes three kinds of calls, and some a fourth. */
#define HC_TEMPLATES 4
/* A larger one, which a long path or token makes, is not kept. */
#define HC_TEMPLATE_KEPT ((size_t)8 << 10)

struct hc_template {
    struct hc_buf key;                   /* secret, as all three             */
    struct hc_buf head;                  /* to the value of Content-Length   */
    struct hc_buf canonical;
    size_t date_at, id_at, scope_at, signature_at;   /* in the head          */
    size_t signed_date_at, signed_id_at;             /* in the canonical one */
    uint64_t used;
};

struct hc_templates {
    struct hc_template a[HC_TEMPLATES];
    struct hc_buf work;                  /* secret                           */
    uint64_t clock;                      /* of `used`                        */
    uint64_t made;                       /* since init                       */
    unsigned cpu;                        /* base/cpu.h                       */
};

void hc_templates_init(struct hc_templates *t, const struct hc_alloc *a,
                       unsigned cpu);
void hc_templates_fini(struct hc_templates *t);      /* t may be all zero */

/* Appends the request to `out`, signed at the time `wall`.  0, or an error of
 * hc_sigv4_canonical. */
int hc_template_put(struct hc_buf *out, const struct hc_request_config *c,
                    int64_t wall, struct headcount_error *e);

#endif
