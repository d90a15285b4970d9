/* tests/fuzz/net_fuzz.c - a script of socket events, played to a whole handle.
 *
 * The bytes of an input say which ops begin, are cancelled and freed, what each
 * packet and each peer's program does next, when the clock moves, and when the
 * handle is stepped: late, in part, or with lies about its sockets.  Sockets
 * and clock are those of net_world.h, and all above net/sock is the product.
 * After each line:
 *
 *   - an answer is the one to its op's request, whole, and came on a connection
 *     that was quiet before
 *   - no program reads a request twice that must not be done twice, unless it
 *     had refused it; and none that an error called not sent
 *   - an op has ended at its deadline, or two seconds after it was cancelled
 *   - the handle does not spin: it waits for a socket or for a later time
 *
 * At the end the clock runs until all ops have ended, which has a limit, and no
 * socket and no byte of memory is left.  The counters are what the sockets saw.
 *
 * NET_FUZZ_TRACE=1 in the environment prints the lines of the script.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/net_world.h"
#include "net/stats.h"
#include "op/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCRIPT_MOST 2000
#define WANTS 256
#define IN_VAIN 8                    /* steps without a deed                 */
#define END_MOST (6 * 3600 * HC_SECOND)

struct script {
    const uint8_t *p;
    size_t n;
    unsigned in_vain;
};

static unsigned script_next(struct script *s)
{
    if (s->n == 0)
        return 0;
    s->n--;
    return *s->p++;
}

/* ---- ops ---- */

static const char *const origins[] = {
    "http://one.test", "http://two.test:81", "http://10.9.0.1:82",
    "http://localhost:83", "https://10.9.0.2",
};

static size_t pad_body(char out[6000], const struct net_op *r)
{
    size_t pad = r->kind == NET_WRITE_BIG ? 5000 : 3;
    int n = snprintf(out, 6000, "{\"id\":\"id-%zu;\",\"pad\":\"", r->id);

    memset(out + n, 'a', pad);
    memcpy(out + (size_t)n + pad, "\"}", 2);
    return (size_t)n + pad + 2;
}

static int begin_call(struct net_world *w, struct net_op *r, const char *origin,
                      int64_t timeout)
{
    struct headcount_call c;
    char body[6000];

    HEADCOUNT_INIT(&c);
    c.user = r;
    c.endpoint_url = origin;
    c.service = "ecs";
    c.operation = r->kind == NET_READ ? "DescribeServices" : "UpdateService";
    c.retry_writes = r->kind == NET_WRITE_SAFE;
    c.body = body;
    c.body_size = pad_body(body, r);
    c.timeout = timeout;
    return headcount_begin_call(w->h, &r->op, &c, NULL);
}

static int begin_fetch(struct net_world *w, struct net_op *r,
                       const char *origin, int64_t timeout)
{
    struct headcount_fetch f;
    char body[6000], url[100];

    snprintf(url, sizeof url, "%s/id-%zu", origin, r->id);
    HEADCOUNT_INIT(&f);
    f.user = r;
    f.url = url;
    if (r->kind != NET_GET) {
        f.body = body;
        f.body_size = pad_body(body, r);
    }
    f.replay_ok = r->kind == NET_POST_SAFE;
    f.first_byte_timeout = r->kind == NET_POLL ? -1 : 0;
    f.timeout = timeout;
    return headcount_begin_fetch(w->h, &r->op, &f, NULL);
}

static void begin(struct net_world *w, unsigned what, unsigned how)
{
    static const int64_t timeouts[] = { 0, 0, 5 * HC_SECOND, 100 * HC_MS,
                                        HC_SECOND, 60 * HC_SECOND, 0, 0 };
    struct net_op *r = &w->ops[w->ops_n];
    const char *origin = origins[how % 8 < 5 ? how % 8 : 0];
    int64_t timeout = timeouts[how / 8 % 8];

    if (w->ops_n == NET_OPS)
        return;
    *r = (struct net_op){ .kind = (enum net_kind)(what % NET_KINDS),
                          .id = w->ops_n, .until = HC_NEVER };
    if (r->kind == NET_POLL && timeout == 0)
        timeout = 100 * HC_SECOND;
    if (timeout > 0)
        r->until = w->now + timeout;
    w->ops_n++;
    int err = r->kind < NET_GET ? begin_call(w, r, origin, timeout)
                                : begin_fetch(w, r, origin, timeout);

    net_must((err == 0) == (r->op != NULL), "an op begins, or an error says");
    net_must(err == 0 || w->failed, "an op begins where there is memory");
    r->ended = err < 0;
}

static void judge_body(const struct net_op *r,
                       const struct headcount_outcome *o)
{
    char front[40];
    int n = snprintf(front, sizeof front, "{\"id\":\"id-%zu;\",\"pad\":\"",
                     r->id);
    const char *body = o->body;
    size_t at = (size_t)n;

    net_must(r->oks > 0, "a success was answered well");
    net_must(o->body_size > at && memcmp(body, front, at) == 0,
             "no answer reaches another request");
    while (at < o->body_size && body[at] == 'a')
        at++;
    net_must(at + 2 == o->body_size && memcmp(body + at, "\"}", 2) == 0,
             "an answer is whole");
}

static void judge(struct net_world *w, struct net_op *r)
{
    const struct headcount_outcome *o = headcount_outcome(r->op);
    char mark[24];

    net_must(!r->ended, "an op ends once");
    net_must(headcount_op_state(r->op) == HEADCOUNT_DONE && o != NULL,
             "an op that changed is done");
    r->ended = true;
    w->moves++;
    if (w->traced)
        fprintf(stderr, "%9.3f op %zu ends: %s %d %s\n", (double)w->now / 1e6,
                r->id, headcount_code_name(o->code), o->status, o->message);
    net_must(o->code == 0 || o->message[0] != '\0', "an error says why");
    if (o->code == 0 && o->status < 300)
        judge_body(r, o);
    snprintf(mark, sizeof mark, "of id-%zu;", r->id);
    net_must(strstr(o->message, "of id-") == NULL ||
             strstr(o->message, mark) != NULL ||
             strstr(o->message, "TooLarge") != NULL,
             "no refusal reaches another request");
    r->unsent = !net_is_safe(r) &&
                strstr(o->message, "before it was sent") != NULL &&
                strstr(o->message, "sent again") == NULL;
    net_must(!r->unsent || r->whole == 0 || r->refused,
             "an error calls not sent what was never done");
}

/* ---- the handle's turn ---- */

enum lie { LIE_NONE, LIE_SOME, LIE_ALL, LIE_STALE };

static size_t step_ready(struct net_world *w, struct headcount_want *ready,
                         enum lie lie, unsigned how)
{
    struct headcount_want wants[WANTS];
    int64_t deadline;
    size_t n = headcount_wants(w->h, wants, WANTS, &deadline), ready_n = 0;

    for (size_t i = 0; i < n; i++) {
        short got = net_poll(&w->socks[wants[i].fd - 1000], wants[i].events);

        if (lie == LIE_ALL)
            got = POLLIN | POLLOUT | POLLERR | POLLHUP;
        if (lie == LIE_SOME && (how >> i % 8 & 1) == 0)
            got = 0;
        ready[ready_n] = wants[i];
        if (lie == LIE_STALE)
            ready[ready_n].id += how;
        ready[ready_n].events = got;
        ready_n += got != 0;
    }
    return ready_n;
}

/* As headcount_wait does it now and then: the bytes are taken before the handle
 * is stepped. */
static void step_await(struct net_world *w)
{
    struct hc_jobs *jobs = &w->h->net.jobs;
    struct hc_watch *only = w->moves % 2 == 0 ? hc_jobs_only(jobs) : NULL;

    if (only != NULL && only->await(only) == 1)
        hc_jobs_tell(jobs, &(struct hc_want){ .id = only->id,
                                              .events = HC_WATCH_READ });
}

static void step(struct net_world *w, enum lie lie, unsigned how)
{
    struct headcount_want ready[WANTS];
    size_t n = step_ready(w, ready, lie, how);
    headcount_op *op;
    int64_t at = w->now;

    for (size_t i = 0; i < n && w->traced; i++)
        fprintf(stderr, "%9.3f   %d is ready: %d\n", (double)w->now / 1e6,
                ready[i].fd, ready[i].events);
    if (lie == LIE_NONE)
        step_await(w);
    headcount_step(w->h, ready, n);
    while ((op = headcount_next(w->h)) != NULL)
        judge(w, headcount_op_user(op));
    for (size_t i = 0; i < w->ops_n; i++)
        net_must(w->ops[i].ended || at < w->ops[i].until,
                 "an op has ended at its deadline");
}

/* As a good loop does it: false, there is nothing to do. */
static bool step_well(struct script *s, struct net_world *w)
{
    struct headcount_want ready[WANTS];
    int64_t deadline;
    uint64_t before = w->moves;
    size_t n = step_ready(w, ready, LIE_NONE, 0);

    headcount_wants(w->h, ready, WANTS, &deadline);
    if (n == 0 && deadline > w->now)
        return false;
    step(w, LIE_NONE, 0);
    s->in_vain = w->moves > before ? 0 : s->in_vain + 1;
    net_must(s->in_vain < IN_VAIN, "the handle does not spin");
    return true;
}

static void settle(struct script *s, struct net_world *w)
{
    s->in_vain = 0;
    while (step_well(s, w))
        continue;
}

/* False: nothing will happen by itself. */
static bool pass_to_next(struct script *s, struct net_world *w)
{
    struct headcount_want ready[1];
    int64_t deadline;

    headcount_wants(w->h, ready, 0, &deadline);
    if (deadline == HC_NEVER)
        return false;
    s->in_vain = 0;
    if (deadline > w->now)
        w->now = deadline;
    step(w, LIE_NONE, 0);
    return true;
}

static void pass(struct net_world *w, unsigned how)
{
    static const int64_t spans[] = {
        1, HC_MS, 10 * HC_MS, 50 * HC_MS, 250 * HC_MS, HC_SECOND,
        3100 * HC_MS, 5 * HC_SECOND, 10 * HC_SECOND, 19 * HC_SECOND,
        20 * HC_SECOND, 30 * HC_SECOND, 60 * HC_SECOND, 300 * HC_SECOND,
    };

    w->now += spans[how % (sizeof spans / sizeof *spans)];
}

/* ---- the script ---- */

/* One of the sockets that are open; NULL: there is none. */
static struct net_sock *pick(struct net_world *w, unsigned which)
{
    size_t left = w->open_n > 0 ? which % w->open_n : 0;

    for (size_t i = w->socks_n; i-- > 0;)
        if (w->socks[i].open && left-- == 0)
            return &w->socks[i];
    return NULL;
}

static struct net_op *pick_op(struct net_world *w, unsigned which)
{
    struct net_op *r = w->ops_n > 0 ? &w->ops[which % w->ops_n] : NULL;

    return r != NULL && r->op != NULL ? r : NULL;
}

static void drop(struct net_op *r)
{
    headcount_op_free(r->op);
    r->op = NULL;
    r->ended = true;
}

static void cancel(struct net_world *w, struct net_op *r)
{
    headcount_cancel(r->op);
    if (!r->cancelled && !r->ended)
        r->until = hc_time_min(r->until, w->now + 2 * HC_SECOND);
    r->cancelled = true;
}

/* n of 256: some bytes, or all. */
static size_t some(unsigned n)
{
    return n < 128 ? SIZE_MAX : n < 192 ? n - 127U : (n - 191U) * 40;
}

static void packet(struct net_world *w, unsigned what, struct net_sock *s,
                   unsigned how)
{
    static const int errors[] = { ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT,
                                  ENETUNREACH };

    what %= 16;
    if (s->udp && what != 1 && what != 12 && what != 13)
        what = 15;
    switch (what) {
    case 0:  net_connect(s);                     break;
    case 1:  net_refuse(s, errors[how % 4]);     break;
    case 2:  net_deliver(s, some(how));          break;
    case 3:  net_ack(s);                         break;
    case 4:  net_read(w, s, some(how));          break;
    case 5:  net_answer(w, s, how);              break;
    case 6:  net_answer(w, s, how);
             net_arrive(s, SIZE_MAX);            break;
    case 7:  net_arrive(s, some(how));           break;
    case 8:  net_close(s);                       break;
    case 9:  net_shut(s);                        break;
    case 10: net_reset(s);                       break;
    case 11: net_stray(s);                       break;
    case 12: s->room = how < 128 ? how : 1 << 20; break;
    case 13: s->hole = true;                     break;
    case 14: net_give_up(s);                     break;
    default: net_dns(s, how);                    break;
    }
}

static void serve(struct script *s, struct net_world *w, unsigned rounds)
{
    for (unsigned i = 0; i <= rounds % 8; i++) {
        net_serve(w);
        settle(s, w);
    }
}

/* Or the machine slept, or its network is another one. */
static void run_short_or_forget(struct net_world *w, unsigned how)
{
    if ((how & 48) == 48) {
        headcount_forget(w->h);
        return;
    }
    w->shortage = (int)(how % 8);
    w->shortage_errno = how & 8 ? ENETUNREACH : EMFILE;
}

static void world_line(struct script *s, struct net_world *w, unsigned what,
                       unsigned how)
{
    struct net_op *r = pick_op(w, how);

    switch (what % 12) {
    case 0:  step(w, LIE_NONE, 0);         break;
    case 1:  step(w, LIE_SOME, how);       break;
    case 2:  step(w, LIE_ALL, 0);          break;
    case 3:  step(w, LIE_STALE, how);      break;
    case 4:  settle(s, w);                 break;
    case 5:  pass(w, how);                 break;
    case 6:  pass_to_next(s, w);           break;
    case 7:  if (r != NULL) cancel(w, r);  break;
    case 8:  if (r != NULL) drop(r);       break;
    case 9:  serve(s, w, how);             break;
    case 10: run_short_or_forget(w, how);            break;
    default: w->fails_in = how;            break;
    }
}

/* A line is three bytes: which deed, of whom, how. */
static void line(struct script *s, struct net_world *w)
{
    unsigned what = script_next(s), who = script_next(s), how = script_next(s);
    struct net_sock *sock = pick(w, who);

    if (w->traced)
        fprintf(stderr, "%9.3f %s %u %u %u, %zu open\n", (double)w->now / 1e6,
                what < 64 ? "begin" : what < 128 ? "world" : "packet",
                what < 64 ? what % NET_KINDS : what < 128 ? what % 12
                                                          : what % 16,
                who, how, w->open_n);
    if (what < 64) {
        begin(w, what, how);
        step(w, LIE_SOME, 0);            /* what it was lent, it uses now */
    } else if (what < 128) {
        world_line(s, w, what, how);
    } else if (sock != NULL) {
        packet(w, what, sock, how);
    }
}

/* ---- begin and end ---- */

static void open_world(struct net_world *w, struct script *s)
{
    unsigned limits = script_next(s), flags = script_next(s);
    const struct headcount_system system = { .size = sizeof system, .ud = w };
    struct headcount_config c;

    HEADCOUNT_INIT(&c);
    c.system = &system;
    c.region = "eu-west-1";
    c.dns_server = "10.0.0.53";
    c.access_key_id = "AKIDEXAMPLE";
    c.secret_access_key = "secret";
    c.max_connections_per_host = 1 + (int)(limits & 3);
    c.max_connections = 1 + (int)(limits >> 2 & 7);
    c.max_attempts = (int)(limits >> 5 & 3);
    c.no_keep_alive = (flags & 15) == 15;
    c.no_sign_request = (flags & 1) == 0;
    w->ipv6 = (flags & 2) != 0;
    w->tick = (flags & 12) == 4 ? 300 : 0;
    w->silent_kernel = (flags & 48) == 16;
    w->proxy = (flags & 48) == 32 ? "http://10.8.0.1:3128" : NULL;
    w->rtt = (flags & 64) != 0 ? 40 * HC_MS : 100;
    w->now = 1000 * HC_SECOND;
    net_must(headcount_new(&w->h, &c, NULL) == 0, "a handle opens");
}

/* Peers are silent from now on, or good. */
static void run_out(struct script *s, struct net_world *w, bool good)
{
    int64_t most = w->now + END_MOST;

    w->fails_in = 0;
    for (;;) {
        size_t running = 0;

        if (good)
            net_serve(w);
        settle(s, w);
        for (size_t i = 0; i < w->ops_n; i++)
            running += !w->ops[i].ended;
        if (running == 0)
            return;
        net_must(pass_to_next(s, w), "an op that runs has a deadline");
        net_must(w->now < most, "every op ends");
    }
}

static void count(const struct net_world *w)
{
    struct headcount_stats is;

    headcount_stats(w->h, &is);
    net_must(is.connections_opened == w->opened, "connections_opened");
    net_must(is.dns_datagrams == w->datagrams, "dns_datagrams");
    net_must(is.connections_reused >= w->again, "connections_reused");
    net_must(w->begun <= is.api_calls + is.retries + is.replays,
             "each request is an attempt or a replay");
}

static void close_world(struct net_world *w)
{
    count(w);
    for (size_t i = 0; i < w->ops_n; i += 2)
        drop(&w->ops[i]);                /* the handle ends the others */
    headcount_free(w->h);
    net_must(w->open_n == 0, "no socket is left");
    net_must(w->memory == 0, "no memory is left");
    for (size_t i = 0; i < w->socks_n; i++) {
        free(w->socks[i].in.p);
        free(w->socks[i].out.p);
    }
    free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = { data, size < SCRIPT_MOST ? size : SCRIPT_MOST, 0 };

    net_world = calloc(1, sizeof *net_world);
    net_must(net_world != NULL, "the target has memory");
    net_world->traced = getenv("NET_FUZZ_TRACE") != NULL;
    bool good = size > 2 && (data[1] & 128) != 0;

    open_world(net_world, &s);
    while (s.n > 0)
        line(&s, net_world);
    run_out(&s, net_world, good);
    close_world(net_world);
    return 0;
}
