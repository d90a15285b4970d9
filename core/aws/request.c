/* aws/request.c - one signed exchange.
 *
 *   WAIT -> WAIT          NEED_REQUEST: [request_write], perhaps twice
 *   WAIT -> BODY*, DONE   a 2xx: spans, then the last word  [request_close_ok]
 *   WAIT -> DONE          no 2xx: what the service said  [request_close_error]
 *   any  -> FAILED        no answer, or one that is not what was promised
 *
 * The body of a 2xx is given out as it comes, but not before its first byte
 * shows that it is of the service's protocol: the page of a proxy, which is
 * HTML, never looks like an answer in JSON.
 */
#include "aws/request.h"

#include <stddef.h>
#include <string.h>

#include "aws/strike.h"
#include "base/text.h"
#include "net/conn.h"

/* The last step before a text of an answer is kept: the credentials that signed
 * the request are struck out of it. */
static void request_strike(const struct hc_request *r, char *text)
{
    hc_strike_identity(text, r->config.who);
    hc_strike_proxy(text, r->config.endpoint->proxy);
}

static enum hc_request_state request_fail(struct hc_request *r)
{
    request_strike(r, r->fetch.error.what);
    r->state = REQUEST_FAILED;
    return r->state;
}

/* How the protocols differ on the wire. */
struct request_form {
    char first;                    /* of an answer, blanks before it apart   */
    const char *is;                /* what begins so                         */
    size_t shown;                  /* bytes of what does not; STS's may be
                                      credentials                            */
};

static const struct request_form *request_form(const struct hc_request *r)
{
    static const struct request_form json = { '{', "JSON object", 40 };
    static const struct request_form query = { '<', "XML", 0 };

    return r->config.endpoint->service->protocol == PROTOCOL_QUERY ? &query
                                                                   : &json;
}

/* ---- out ---- */

/* Signs only now, when there is a connection: a signature is good for five
 * minutes, and a request may wait longer than that for its turn. */
static int request_write(struct hc_request *r)
{
    struct hc_buf *out = &r->fetch.out;

    r->sent_wall = hc_wall(&r->net->sys);
    int64_t wall = hc_time_add(r->sent_wall, r->config.skew);
    int err = hc_template_put(out, &r->config, wall, &r->fetch.error);

    if (err == 0)
        err = hc_buf_error(out);
    if (err == 0) {
        hc_fetch_request(&r->fetch);
        return 0;
    }
    return hc_error_set(&r->fetch.error, err, "%s: the request cannot be made: "
                        "%s", r->config.endpoint->host, hc_error_sentence(err));
}

/* ---- in: the head ---- */

static struct hc_str request_header(const struct hc_request *r,
                                    const char *name)
{
    struct hc_str value = { NULL, 0 };

    hc_http1_header(&r->fetch.http, name, &value);
    return value;
}

static struct hc_str request_id(const struct hc_request *r)
{
    struct hc_str id = request_header(r, "x-amzn-requestid");

    return id.n > 0 ? id : request_header(r, "x-amz-request-id");
}

/* The form in which AWS makes request ids; no secret fits into it. */
static bool request_is_uuid(struct hc_str id)
{
    for (size_t i = 0; i < id.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = id.p[i], low = (char)(c | 0x20);

        if (dash ? c != '-' : !((c >= '0' && c <= '9') ||
                                (low >= 'a' && low <= 'f')))
            return false;
    }
    return id.n == 36;
}

static void request_read_head(struct hc_request *r)
{
    const struct hc_skew_ask ask = {
        .date = request_header(r, "date"), .age = request_header(r, "age"),
        .sent = r->sent_wall, .received = hc_wall(&r->net->sys),
    };
    struct hc_str id = request_id(r);
    uint64_t crc;

    r->has_head = true;
    /* A process that was frozen in between (Lambda) may have sent a signature
     * that had expired by then: that is no fault of our clock. */
    r->slept = hc_now(&r->net->sys) - r->fetch.marks.send_start >
               HC_SKEW_MATTERS;
    r->has_skew = !r->slept && !r->config.no_skew &&
                  hc_skew_get(&ask, &r->skew);
    r->retry_after = hc_retry_after(request_header(r, "x-amz-retry-after"));
    r->answer->status = r->fetch.http.status;
    if (request_is_uuid(id)) {
        hc_str_copy(r->answer->request_id, sizeof r->answer->request_id, id);
    } else {
        hc_fmt(r->answer->request_id, sizeof r->answer->request_id, "%.*s",
               HC_STR_ARG(id));
        request_strike(r, r->answer->request_id);
    }
    r->ok = r->answer->status / 100 == 2;
    if (hc_str_u64(request_header(r, "x-amz-crc32"), &crc) &&
        crc <= UINT32_MAX) {
        r->has_crc = true;
        r->crc_wanted = (uint32_t)crc;
    }
}

bool hc_request_is_off(const struct hc_request *r)
{
    return r->slept || (r->has_skew && hc_skew_matters(r->skew));
}

/* ---- in: the body of a 2xx ---- */

/* Up to n bytes of it, without half a character; nothing of what is no text. */
static struct hc_str request_shown(struct hc_str s, size_t n)
{
    struct hc_str rest = s;
    size_t shown = 0, length;

    while (rest.n > 0 && (length = hc_text_utf8_length(rest)) > 0 &&
           shown + length <= n) {
        shown += length;
        rest = hc_str_from(rest, length);
    }
    if (shown + 4 <= n && rest.n >= 4)
        shown = 0;                     /* it ends at a byte that is none */
    return hc_str_n(s.p, shown);
}

static enum hc_request_state request_no_answer(struct hc_request *r)
{
    const struct request_form *form = request_form(r);
    struct hc_str seen = request_shown(r->fetch.span, form->shown);
    struct hc_str coding = hc_answer_coding(
        request_header(r, "content-encoding"), r->fetch.span);

    if (coding.n > 0)
        hc_error_set(&r->fetch.error, HEADCOUNT_EANSWER,
                     "%s: status %d, but the answer is compressed (%.*s), "
                     "which was not asked for: what stands between here and "
                     "%s has to let \"Accept-Encoding: identity\" pass",
                     r->config.endpoint->host, r->answer->status,
                     HC_STR_ARG(coding),
                     r->config.endpoint->service->id);
    else
        hc_error_set(&r->fetch.error, HEADCOUNT_EANSWER,
                     "%s: status %d, but the answer is no %s%s%.*s%s; is this "
                     "the endpoint of %s?", r->config.endpoint->host,
                     r->answer->status, form->is,
                     seen.n > 0 ? ": it begins with \"" : "", HC_STR_ARG(seen),
                     seen.n > 0 ? "\"" : "", r->config.endpoint->service->id);
    return request_fail(r);
}

static enum hc_request_state request_body_ok(struct hc_request *r)
{
    struct hc_str span = r->fetch.span;

    if (r->has_crc)
        r->crc = hc_crc32(r->crc, span.p, span.n);
    for (size_t i = 0; r->first == '\0' && i < span.n; i++) {
        char c = span.p[i];

        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            r->first = c;
    }
    if (r->first != '\0' && r->first != request_form(r)->first)
        return request_no_answer(r);
    r->body_n += span.n;
    r->span = span;
    return REQUEST_BODY;
}

static enum hc_request_state request_close_ok(struct hc_request *r)
{
    bool empty = r->first == '\0';

    if (r->has_crc && r->crc != r->crc_wanted) {
        hc_error_set(&r->fetch.error, HEADCOUNT_ETRUNCATED,
                     "%s: the answer was damaged on its way (x-amz-crc32 does "
                     "not fit)", r->config.endpoint->host);
        return request_fail(r);
    }
    /* Some operations answer with an empty body.  A proxy may do so too, but it
     * has no request id of AWS. */
    if (empty && !(r->answer->status == 200 && r->body_n == 0 &&
                   r->answer->request_id[0] != '\0')) {
        hc_error_set(&r->fetch.error, HEADCOUNT_EANSWER,
                     "%s: status %d with an empty body; is this the endpoint "
                     "of %s?", r->config.endpoint->host, r->answer->status,
                     r->config.endpoint->service->id);
        return request_fail(r);
    }
    r->state = REQUEST_DONE;
    return r->state;
}

/* ---- in: what is no 2xx ---- */

static void request_body_error(struct hc_request *r)
{
    struct hc_str span = r->fetch.span;
    size_t room = HC_ERROR_BODY - r->error_body.n;

    hc_buf_put(&r->error_body, span.p, span.n < room ? span.n : room);
}

static enum hc_request_state request_close_error(struct hc_request *r)
{
    const struct hc_answer_parts parts = {
        .status = r->fetch.http.status,
        .type = request_header(r, "x-amzn-errortype"),
        .query_error = request_header(r, "x-amzn-query-error"),
        .request_id = request_id(r),
        .encoding = request_header(r, "content-encoding"),
        .body = hc_buf_view(&r->error_body),
    };
    int err = hc_buf_error(&r->error_body);

    if (err == 0)
        err = hc_service_error_get(r->answer, &r->net->sys.alloc, &parts);
    request_strike(r, r->answer->code);
    request_strike(r, r->answer->message);
    request_strike(r, r->answer->request_id);
    if (err < 0) {
        hc_error_reset(&r->fetch.error);
        hc_error_set(&r->fetch.error, err, "out of memory for an error answer");
        return request_fail(r);
    }
    r->state = REQUEST_DONE;
    return r->state;
}

/* ---- the machine ---- */

/* An answer that is no 2xx and broke off counts by its status: the status says
 * whether to try again. */
static enum hc_request_state request_broken(struct hc_request *r)
{
    if (r->has_head && !r->ok && r->fetch.error.code != HEADCOUNT_ENOMEM)
        return request_close_error(r);
    return request_fail(r);
}

static bool request_once(struct hc_request *r, int64_t now,
                         enum hc_request_state *state)
{
    switch (hc_fetch_step(&r->fetch, now)) {
    case FETCH_WAIT:
        *state = REQUEST_WAIT;
        return true;
    case FETCH_NEED_REQUEST:
        if (request_write(r) == 0)
            return false;
        *state = request_fail(r);
        return true;
    case FETCH_HEAD:
        request_read_head(r);
        return false;
    case FETCH_BODY:
        if (!r->ok) {
            request_body_error(r);
            return false;
        }
        *state = request_body_ok(r);
        return true;
    case FETCH_DONE:
        *state = r->ok ? request_close_ok(r) : request_close_error(r);
        return true;
    case FETCH_FAILED:
        *state = request_broken(r);
        return true;
    }
    return true;
}

enum hc_request_state hc_request_step(struct hc_request *r, int64_t now)
{
    enum hc_request_state state = r->state;

    if (state == REQUEST_DONE || state == REQUEST_FAILED)
        return state;
    while (!request_once(r, now, &state))
        continue;
    r->sent = r->fetch.flushed;
    return state;
}

/* RFC 9562, version 4. */
int hc_request_name(char out[HC_REQUEST_NAME], struct hc_net *net,
                    struct headcount_error *e)
{
    unsigned char id[16];
    char hex[32];
    int err = hc_net_random(net, id, sizeof id, e);

    if (err < 0)
        return err;
    id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
    id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
    hc_hex(hex, id, sizeof id);
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *out++ = '-';
        *out++ = hex[i];
    }
    *out = '\0';
    return 0;
}

int hc_request_start(struct hc_request *r, struct hc_net *net,
                     struct hc_job *job,
                     const struct hc_request_config *config)
{
    hc_service_error_reset(config->answer);
    memset(r, 0, offsetof(struct hc_request, fetch));
    r->net = net;
    r->config = *config;
    r->answer = config->answer;
    r->retry_after = -1;
    r->has_fetch = true;
    hc_buf_init_secret(&r->error_body, &net->sys.alloc, HC_ERROR_BODY);
    const struct hc_fetch_config fetch = {
        .origin = &config->endpoint->origin, .anchors = config->anchors,
        .proxy = config->endpoint->proxy,
        .replay_after_flush_ok = config->replay_after_flush_ok,
        .is_secret = request_form(r)->shown == 0,
        .deadline = config->deadline, .stats = config->stats,
        .fresh = config->fresh,
    };
    int err = hc_fetch_start(&r->fetch, net, job, &fetch, hc_now(&net->sys));

    if (err < 0)
        request_fail(r);
    return err;
}

void hc_request_fini(struct hc_request *r)
{
    if (!r->has_fetch)
        return;
    hc_fetch_fini(&r->fetch);
    hc_buf_fini(&r->error_body);
    r->has_fetch = false;
}
