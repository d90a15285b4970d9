/* aws/trace.c - an attempt for the hook `trace` (contract: aws/trace.h). */
#include "aws/trace.h"

#include "aws/strike.h"
#include "base/arena.h"

#define TRACE_TEXTS ((size_t)1 << 20)
#define TRACE_URL ((size_t)64 << 10)

struct trace_making {
    const struct hc_timing_note *note;
    struct hc_arena texts;
    struct hc_buf url;
    struct hc_str hidden[2];             /* path and query; n == 0: not      */
};

/* Each of these is harmless: it names what is sent, or a request. */
static bool trace_shows(struct hc_str name)
{
    return hc_str_is_wordi(
        name, "accept accept-encoding age amz-sdk-invocation-id "
        "amz-sdk-request cache-control connection content-encoding "
        "content-length content-range content-type date etag expires host "
        "keep-alive last-modified range retry-after server transfer-encoding "
        "user-agent vary via x-amz-cf-id x-amz-crc32 x-amz-date x-amz-id-2 "
        "x-amz-request-id x-amz-target x-amzn-errortype x-amzn-query-error "
        "x-amzn-query-mode x-amzn-requestid x-amzn-trace-id x-cache");
}

static struct hc_str trace_line(struct hc_str *rest)
{
    struct hc_str line = hc_str_cut(rest, '\n');

    if (hc_str_ends(line, HC_STR("\r")))
        line.n--;
    return line;
}

static struct hc_str trace_sent(const struct trace_making *m)
{
    const struct hc_buf *out = &m->note->fetch->out;

    return hc_buf_error(out) < 0 ? HC_STR("") : hc_buf_view(out);
}

/* A peer may send back a header that is left out, such as the token of another
 * service in a request of the program.  The header of a signature holds the
 * region, which would be struck out of each host's name. */
static void trace_strike_hidden(const struct trace_making *m, char *text)
{
    const struct hc_identity *who = m->note->who;
    const bool is_signed = who != NULL && who->key_id.n > 0;
    struct hc_str rest = trace_sent(m), line;

    trace_line(&rest);
    while ((line = trace_line(&rest)).n > 0) {
        struct hc_str name = hc_str_cut(&line, ':');

        if (!trace_shows(name) &&
            !(is_signed && hc_str_eqi(name, HC_STR("authorization"))))
            hc_strike(text, hc_str_trim(line));
    }
}

static const char *trace_text(struct trace_making *m, struct hc_str text)
{
    char *copy = hc_arena_zero(&m->texts, text.n + 1);

    if (copy == NULL)
        return "";
    hc_str_copy(copy, text.n + 1, text);
    hc_strike_identity(copy, m->note->who);
    hc_strike_proxy(copy, m->note->fetch->config.proxy);
    trace_strike_hidden(m, copy);
    hc_strike(copy, m->hidden[0]);
    hc_strike(copy, m->hidden[1]);
    return copy;
}

static struct headcount_header *trace_room(struct trace_making *m)
{
    return hc_arena_zero(&m->texts, HC_HTTP1_HEADERS *
                                        sizeof(struct headcount_header));
}

/* Adds a header to the n of `to`, unless it is one to be left out. */
static void trace_header(struct trace_making *m, struct headcount_header *to,
                         size_t *n, struct hc_str name, struct hc_str value)
{
    if (to == NULL || *n == HC_HTTP1_HEADERS || !trace_shows(name))
        return;
    to[*n].name = trace_text(m, name);
    to[(*n)++].value = trace_text(m, value);
}

/* A request to a plain proxy has the whole URL.  Comes last of the request:
 * what is hidden is struck out of the answer alone, since the path of one
 * server may name another, or the server itself. */
static void trace_url(struct trace_making *m, struct headcount_trace *to,
                      struct hc_str target)
{
    const struct hc_fetch_config *config = &m->note->fetch->config;
    struct hc_str path = hc_str_cut(&target, '?');

    hc_buf_text(&m->url, config->origin->tls ? "https://" : "http://");
    hc_origin_host_header(&m->url, config->origin);
    if (hc_str_starts(path, hc_buf_view(&m->url)))
        path = hc_str_from(path, m->url.n);
    if (path.n == 0)
        path = HC_STR("/");
    bool hides = (config->is_secret || m->note->hides_path) && path.n > 1;

    hc_buf_str(&m->url, hides ? HC_STR("/***") : path);
    to->url = trace_text(m, hc_buf_view(&m->url));
    if (hides)
        m->hidden[0] = path;
    m->hidden[1] = target;
}

static void trace_request(struct trace_making *m, struct headcount_trace *to)
{
    struct hc_str rest = trace_sent(m);
    const size_t all = rest.n;
    struct hc_str first = trace_line(&rest), line;
    struct headcount_header *headers = trace_room(m);

    if (all > 0)
        to->method = trace_text(m, hc_str_cut(&first, ' '));
    while ((line = trace_line(&rest)).n > 0) {
        struct hc_str name = hc_str_cut(&line, ':');

        trace_header(m, headers, &to->request_headers_n, name,
                     hc_str_trim(line));
    }
    to->request_headers = headers;
    to->request_head = (int64_t)(all - rest.n);
    to->request_body = (int64_t)rest.n;
    trace_url(m, to, hc_str_cut(&first, ' '));
}

static void trace_answer(struct trace_making *m, struct headcount_trace *to)
{
    const struct hc_fetch *fetch = m->note->fetch;
    struct headcount_header *headers = trace_room(m);
    struct hc_str name, value;

    for (size_t i = 0; !fetch->config.is_secret &&
                       hc_http1_nth(&fetch->http, i, &name, &value); i++)
        trace_header(m, headers, &to->headers_n, name, value);
    to->headers = headers;
    to->body = (int64_t)fetch->body_n;
    to->code = fetch->error.code;
}

void hc_trace(const struct hc_timing_note *note,
              const struct headcount_timing *timing)
{
    const struct hc_net *net = note->fetch->net;
    struct headcount_trace trace = { .timing = timing,
                                     .method = note->method,
                                     .opened = net->opened };
    struct trace_making m = { .note = note };

    hc_arena_init(&m.texts, &net->sys.alloc, TRACE_TEXTS);
    hc_buf_init(&m.url, &net->sys.alloc, TRACE_URL);
    trace_request(&m, &trace);
    trace_answer(&m, &trace);
    net->log.trace(net->log.ud, &trace);
    hc_buf_fini(&m.url);
    hc_arena_fini(&m.texts);
}
