/* aws/answer.c - errors of the AWS protocols, and the service's clock.
 *
 * Where the code may stand; the first place that has one counts:
 *
 *   x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender
 *   X-Amzn-ErrorType:   ClusterNotFoundException:http://internal.../
 *   {"__type": "com.amazonaws.ecs#ClusterNotFoundException:..."}
 *   {"code": "ClusterNotFoundException"}             names in any case
 *   <ErrorResponse><Error><Code>AccessDenied</Code>  <Error><Code>NoSuchKey
 *   <UnknownOperationException/>
 *
 * A load balancer or a proxy answers a text, HTML or nothing: then the status
 * stands for the code.  So it does for {"error": ..., "error_description": ...}
 * and {"errors": [...]}, which are no forms of an AWS protocol.
 */
#include "aws/answer.h"

#include <string.h>

#include "aws/page.h"
#include "aws/xml.h"
#include "base/json.h"
#include "base/text.h"

#define ANSWER_TOKENS 4096

/* A text that is cut never ends within a character, which has four bytes at
 * most: one that is no UTF-8 is not cut to nothing. */
static void answer_copy(char *out, size_t cap, struct hc_str s)
{
    if (s.n >= cap) {
        s.n = cap - 1;
        for (int i = 0; i < 3 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80; i++)
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

/* A number is no code of AWS, but perhaps a gateway's status. */
static void answer_name(struct hc_service_error *out, struct hc_str code)
{
    uint64_t number;

    if (code.n == 0 || hc_str_u64(code, &number))
        return;
    answer_copy(out->code, sizeof(out->code), code);
    out->named = true;
}

/* ---- JSON ---- */

/* The first of these members, whose names have a blank between them and are
 * found in any case, that is a string.  Nothing in `out`: there is none. */
static int answer_member(const struct hc_json_doc *d, int object,
                         struct hc_str names, struct hc_buf *out)
{
    hc_buf_reset(out);
    while (names.n > 0) {
        struct hc_str name = hc_str_cut(&names, ' ');
        int v = hc_json_find_any(d, object, name);

        if (hc_json_kind(d, v) == KIND_STRING)
            return hc_json_string(d, v, out);
    }
    return 0;
}

/* The text of {"error": "invalid_grant", "error_description": "..."}, of an
 * object in its place, or of the first of "errors". */
static int answer_foreign(const struct hc_json_doc *d, struct hc_buf *out)
{
    int object = 0, v = hc_json_find_any(d, 0, HC_STR("errors"));
    struct hc_buf more;

    if (hc_json_kind(d, v) == KIND_ARRAY)
        v = hc_json_first(d, v);
    if (v < 0)
        v = hc_json_find_any(d, 0, HC_STR("error"));
    if (hc_json_kind(d, v) == KIND_OBJECT)
        object = v;
    hc_buf_init_secret(&more, d->alloc, HC_ERROR_BODY);
    hc_buf_reset(out);
    int err = 0;

    if (hc_json_kind(d, v) == KIND_STRING)
        err = hc_json_string(d, v, out);
    else if (object > 0)
        err = answer_member(d, object, HC_STR("code error type"), out);
    if (err == 0)
        err = answer_member(d, object, HC_STR("message error_description "
                                              "detail"), &more);
    if (out->n > 0 && more.n > 0)
        hc_buf_lit(out, ": ");
    hc_buf_str(out, hc_buf_view(&more));
    hc_buf_fini(&more);
    return err;
}

static int answer_read_object(struct hc_service_error *out,
                              const struct hc_json_doc *d, struct hc_buf *text)
{
    int err = answer_member(d, 0, HC_STR("__type code"), text);

    if (err < 0)
        return err;
    if (!out->named)
        answer_name(out, answer_code(hc_buf_view(text)));
    err = answer_member(d, 0, HC_STR("message errorMessage"), text);
    if (err == 0 && text->n == 0)
        err = answer_foreign(d, text);
    if (err == 0 && text->n > 0)
        answer_copy(out->message, sizeof(out->message),
                    answer_message(hc_buf_view(text)));
    return err;
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

/* ---- XML ---- */

/* <UnknownOperationException/>: the name of the whole, if it is an error's. */
static struct hc_str answer_root(struct hc_str body)
{
    if (hc_str_starts(body, HC_STR("<?")))
        hc_str_cut(&body, '>');

    struct hc_str name = hc_str_from(body, hc_str_find(body, '<'));
    size_t n = 1;

    while (n < name.n && name.p[n] != '>' && name.p[n] != '/' &&
           name.p[n] != ' ')
        n++;
    name = hc_str_n(name.p, name.n > n ? n : name.n);
    name = hc_str_from(name, name.n > 0 ? 1 : 0);
    return hc_str_ends(name, HC_STR("Exception")) ? name : hc_str_n(NULL, 0);
}

enum { ANSWER_CODE, ANSWER_MESSAGE, ANSWER_SMALL, ANSWER_ID, ANSWER_TAGS };

/* 1: it is an error of AWS, so what else stands in it is no sentence. */
static int answer_read_xml(struct hc_service_error *out,
                           const struct hc_alloc *alloc, struct hc_str body)
{
    struct hc_buf text[ANSWER_TAGS];
    struct hc_xml_tag tags[ANSWER_TAGS] = {
        { "Code", &text[ANSWER_CODE], false },
        { "Message", &text[ANSWER_MESSAGE], false },
        { "message", &text[ANSWER_SMALL], false },
        { "RequestId", &text[ANSWER_ID], false },
    };

    for (size_t i = 0; i < ANSWER_TAGS; i++)
        hc_buf_init_secret(&text[i], alloc, HC_ERROR_BODY);
    int err = hc_xml_get(body, tags, ANSWER_TAGS);

    if (err == 0) {
        struct hc_str code = answer_code(hc_buf_view(&text[ANSWER_CODE]));
        bool small = text[ANSWER_MESSAGE].n == 0;

        if (code.n == 0)
            code = answer_root(body);
        if (!out->named)
            answer_name(out, code);
        answer_copy(out->message, sizeof(out->message),
                    answer_message(hc_buf_view(&text[
                        small ? ANSWER_SMALL : ANSWER_MESSAGE])));
        if (out->request_id[0] == '\0')
            answer_copy(out->request_id, sizeof(out->request_id),
                        hc_buf_view(&text[ANSWER_ID]));
        err = code.n > 0;
    }
    for (size_t i = 0; i < ANSWER_TAGS; i++)
        hc_buf_fini(&text[i]);
    return err == HEADCOUNT_ENOMEM || err == 1 ? err : 0;
}

/* ---- all of it ---- */

static int answer_read_body(struct hc_service_error *out,
                            const struct hc_alloc *alloc,
                            const struct hc_answer_parts *parts)
{
    struct hc_str body = hc_str_unmarked(parts->body);
    char line[HC_PAGE_LINE + 1];
    int err;

    while (body.n > 0 && (body.p[0] == ' ' || body.p[0] == '\t' ||
                          body.p[0] == '\r' || body.p[0] == '\n'))
        body = hc_str_from(body, 1);
    if (body.n > HC_ERROR_BODY)
        return 0;
    if (hc_str_starts(body, HC_STR("{")) || hc_str_starts(body, HC_STR("[")))
        return answer_read_json(out, alloc, body);
    err = hc_str_starts(body, HC_STR("<")) ? answer_read_xml(out, alloc, body)
                                           : 0;
    if (err == 0 && out->message[0] == '\0' &&
        hc_answer_coding(parts->encoding, body).n == 0) {
        hc_page_line(line, body, parts->status);
        answer_copy(out->message, sizeof(out->message),
                    answer_message(hc_str(line)));
    }
    return err < 0 ? err : 0;
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

/* Without a code of AWS the status' text stands for a message, and before a
 * single word: "nginx" alone would be no sentence. */
static void answer_name_status(struct hc_service_error *out)
{
    const char *status = hc_status_text(out->status);
    struct hc_str said = hc_page_without_status(hc_str(out->message),
                                                out->status);
    bool word = hc_str_find(said, ' ') == said.n;
    char text[sizeof(out->message)];

    hc_fmt(text, sizeof(text), "%s%s%.*s", word ? status : "",
           word && said.n > 0 ? ": " : "", HC_STR_ARG(said));
    answer_copy(out->message, sizeof(out->message), hc_str(text));
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

    answer_name_status(out);

    struct hc_str coding = hc_answer_coding(parts->encoding, parts->body);
    size_t n = strlen(out->message);

    if (coding.n > 0)
        hc_fmt(out->message + n, sizeof(out->message) - n,
               "; the answer is compressed (%.*s), which was not asked for",
               HC_STR_ARG(coding));
    return 0;
}

void hc_service_error_reset(struct hc_service_error *out)
{
    out->status = 0;
    out->code[0] = out->message[0] = out->request_id[0] = '\0';
    out->named = false;
}

void hc_service_error_put(char out[HC_ANSWER_SENTENCE],
                          const struct hc_service_error *s)
{
    const char *id = s->request_id[0] != '\0' ? s->request_id : "none";

    if (s->named)
        hc_fmt(out, HC_ANSWER_SENTENCE, "%s%s%s (HTTP %d, request id %s",
               s->code, s->message[0] != '\0' ? ": " : "", s->message,
               s->status, id);
    else
        hc_fmt(out, HC_ANSWER_SENTENCE, "HTTP %s: %s (request id %s", s->code,
               s->message, id);
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
