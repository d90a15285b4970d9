/* aws/answer.c - errors of the AWS protocols, and the service's clock.
 *
 * Where the code may stand; the first place that has one counts:
 *
 *   x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender
 *   X-Amzn-ErrorType:   ClusterNotFoundException:http://internal.../
 *   {"__type": "com.amazonaws.ecs#ClusterNotFoundException:..."}
 *   {"code": "ClusterNotFoundException"}
 *   <ErrorResponse><Error><Code>AccessDenied</Code>   of a query service
 *
 * A load balancer or a proxy answers HTML or nothing: then the status stands
 * for the code.
 */
#include "aws/answer.h"

#include <string.h>

#include "aws/xml.h"
#include "base/json.h"
#include "base/text.h"

#define ANSWER_TOKENS 4096

#define ANSWER_STATUS(X)                                                    \
    X(400, "Bad Request") X(401, "Unauthorized") X(403, "Forbidden")        \
    X(404, "Not Found") X(405, "Method Not Allowed")                        \
    X(406, "Not Acceptable") X(407, "Proxy Authentication Required")        \
    X(408, "Request Timeout") X(409, "Conflict") X(410, "Gone")             \
    X(411, "Length Required") X(413, "Content Too Large")                   \
    X(414, "URI Too Long") X(415, "Unsupported Media Type")                 \
    X(421, "Misdirected Request") X(429, "Too Many Requests")               \
    X(431, "Request Header Fields Too Large")                               \
    X(500, "Internal Server Error") X(501, "Not Implemented")               \
    X(502, "Bad Gateway") X(503, "Service Unavailable")                     \
    X(504, "Gateway Timeout") X(505, "HTTP Version Not Supported")          \
    X(301, "Moved Permanently") X(302, "Found") X(303, "See Other")         \
    X(304, "Not Modified") X(307, "Temporary Redirect")                     \
    X(308, "Permanent Redirect")

const char *hc_status_text(int status)
{
    switch (status) {
#define ANSWER_STATUS_CASE(number, text) case number: return text;
    ANSWER_STATUS(ANSWER_STATUS_CASE)
#undef ANSWER_STATUS_CASE
    default:
        return "unknown status";
    }
}

/* A text that is cut never ends within a character. */
static void answer_copy(char *out, size_t cap, struct hc_str s)
{
    if (s.n >= cap) {
        s.n = cap - 1;
        while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
            s.n--;
    }
    hc_fmt(out, cap, "%.*s", HC_STR_ARG(s));
}

static bool answer_begins(struct hc_str s, const char *with)
{
    struct hc_str head = hc_str(with);

    return s.n >= head.n && hc_str_eqi(hc_str_n(s.p, head.n), head);
}

/* "Authorization: ...", "\"authorization\": ...", "authorization=...", but
 * not "an encoded authorization failure message: ...". */
static bool answer_is_header(struct hc_str s, const char *name)
{
    if (!answer_begins(s, name))
        return false;
    s = hc_str_from(s, hc_str(name).n);
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '"' || s.p[0] == '\'' ||
                       s.p[0] == '\\'))
        s = hc_str_from(s, 1);
    return s.n > 0 && (s.p[0] == ':' || s.p[0] == '=' || s.p[0] == '>');
}

/* Ends a service's sentence before it repeats the request: a service that finds
 * a signature wrong shows the request that should have been signed, with its
 * session token, and a gateway shows the request that was sent. */
static struct hc_str answer_message(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        struct hc_str rest = hc_str_from(s, i);

        if (answer_begins(rest, "the canonical string") ||
            answer_begins(rest, "x-amz-security-token") ||
            answer_begins(rest, "aws4-hmac-sha256") ||
            answer_is_header(rest, "authorization"))
            s.n = i;
    }
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

/* "namespace#Code:where" to "Code". */
static struct hc_str answer_code(struct hc_str s)
{
    s = hc_str_cut(&s, ':');

    size_t hash = hc_str_find(s, '#');

    return hc_str_trim(hash < s.n ? hc_str_from(s, hash + 1) : s);
}

static void answer_name(struct hc_service_error *out, struct hc_str code)
{
    if (code.n == 0)
        return;
    answer_copy(out->code, sizeof(out->code), code);
    out->named = true;
}

/* The first of these members that is a string. */
static int answer_member(const struct hc_json_doc *d, const char *const *names,
                         struct hc_buf *out)
{
    hc_buf_reset(out);
    for (; *names != NULL; names++) {
        int v = hc_json_find(d, 0, *names);

        if (hc_json_kind(d, v) == KIND_STRING)
            return hc_json_string(d, v, out);
    }
    return 0;
}

static int answer_read_object(struct hc_service_error *out,
                              const struct hc_json_doc *d, struct hc_buf *text)
{
    static const char *const codes[] = { "__type", "code", NULL };
    static const char *const messages[] = {
        "message", "Message", "errorMessage", NULL
    };
    int err = answer_member(d, codes, text);

    if (err < 0)
        return err;
    if (!out->named)
        answer_name(out, answer_code(hc_buf_view(text)));
    err = answer_member(d, messages, text);
    if (err == 0 && text->n > 0)
        answer_copy(out->message, sizeof(out->message),
                    answer_message(hc_buf_view(text)));
    return err;
}

static int answer_read_xml(struct hc_service_error *out,
                           const struct hc_alloc *alloc, struct hc_str body)
{
    struct hc_buf text[3];
    const struct hc_buf *code = &text[0], *message = &text[1], *id = &text[2];
    struct hc_xml_tag tags[] = {
        { "Code", &text[0], false }, { "Message", &text[1], false },
        { "RequestId", &text[2], false },
    };

    for (size_t i = 0; i < 3; i++)
        hc_buf_init_secret(&text[i], alloc, HC_ERROR_BODY);
    int err = hc_xml_get(body, tags, 3);

    if (err == 0) {
        if (!out->named)
            answer_name(out, answer_code(hc_buf_view(code)));
        answer_copy(out->message, sizeof(out->message),
                    answer_message(hc_buf_view(message)));
        if (out->request_id[0] == '\0')
            answer_copy(out->request_id, sizeof(out->request_id),
                        hc_buf_view(id));
    }
    for (size_t i = 0; i < 3; i++)
        hc_buf_fini(&text[i]);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

static int answer_read_json(struct hc_service_error *out,
                            const struct hc_alloc *alloc, struct hc_str body)
{
    struct hc_json_doc doc;
    int err = hc_json_doc_init(&doc, alloc, body, ANSWER_TOKENS, NULL);

    if (err < 0)
        return err == HEADCOUNT_ENOMEM ? err : 0;

    struct hc_buf text;

    hc_buf_init_secret(&text, alloc, HC_ERROR_BODY);
    if (hc_json_kind(&doc, 0) == KIND_OBJECT)
        err = answer_read_object(out, &doc, &text);
    if (err == 0)
        err = hc_buf_error(&text);
    hc_buf_fini(&text);
    hc_json_doc_fini(&doc);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

static int answer_read_body(struct hc_service_error *out,
                            const struct hc_alloc *alloc,
                            const struct hc_answer_parts *parts)
{
    if (parts->body.n > HC_ERROR_BODY)
        return 0;
    switch (parts->protocol) {
    case PROTOCOL_JSON_1_0:
    case PROTOCOL_JSON_1_1: return answer_read_json(out, alloc, parts->body);
    case PROTOCOL_QUERY:    return answer_read_xml(out, alloc, parts->body);
    }
    return 0;
}

struct hc_str hc_answer_coding(struct hc_str encoding, struct hc_str body)
{
    encoding = hc_str_trim(encoding);
    if (encoding.n > 0 && !hc_str_eqi(encoding, HC_STR("identity")))
        return encoding;
    if (hc_str_starts(body, HC_STR("\x1f\x8b")))
        return HC_STR("gzip");
    return hc_str_n(NULL, 0);
}

int hc_service_error_get(struct hc_service_error *out,
                         const struct hc_alloc *alloc,
                         const struct hc_answer_parts *parts)
{
    struct hc_str query = parts->query_error;

    memset(out, 0, sizeof(*out));
    out->status = parts->status;
    answer_copy(out->request_id, sizeof(out->request_id), parts->request_id);
    answer_name(out, hc_str_trim(hc_str_cut(&query, ';')));
    if (!out->named)
        answer_name(out, answer_code(parts->type));

    int err = answer_read_body(out, alloc, parts);

    if (err < 0)
        return err;
    if (out->named)
        return 0;
    hc_fmt(out->code, sizeof(out->code), "%d", parts->status);
    if (out->message[0] == '\0')
        hc_fmt(out->message, sizeof(out->message), "%s",
               hc_status_text(parts->status));

    struct hc_str coding = hc_answer_coding(parts->encoding, parts->body);
    size_t n = strlen(out->message);

    if (coding.n > 0)
        hc_fmt(out->message + n, sizeof(out->message) - n,
               "; the answer is compressed (%.*s), which was not asked for",
               HC_STR_ARG(coding));
    return 0;
}

bool hc_skew_get(const struct hc_skew_ask *ask, int64_t *skew)
{
    int64_t theirs;
    int64_t elapsed = ask->received - ask->sent;

    if (ask->age.n > 0 || elapsed < 0 || elapsed > HC_SKEW_MAX_ELAPSED ||
        !hc_time_get_http(ask->date, &theirs))
        return false;
    /* The service wrote its Date somewhere between the two: half-way is at most
     * half of the elapsed time off. */
    *skew = theirs - (ask->sent + elapsed / 2);
    return true;
}

bool hc_skew_matters(int64_t skew)
{
    return skew > HC_SKEW_MATTERS || skew < -HC_SKEW_MATTERS;
}
