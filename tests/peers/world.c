/* peers/world.c - an ECS in memory whose state changes while it is asked. */
#include "peers/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "t.h"

static struct world the_world;

/* ---- chance ---- */

unsigned world_random(struct world *w, unsigned n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (unsigned)((w->random >> 11) % n);
}

bool world_chance(struct world *w, unsigned percent)
{
    return world_random(w, 100) < percent;
}

/* ---- what happens ---- */

static void change_host(struct world *w)
{
    struct world_host *h = &w->state.hosts[world_random(w, WORLD_HOSTS)];

    switch (h->status) {
    case 'A':
        h->status = world_chance(w, 60) ? 'D' : 0;
        break;
    case 'D':
        h->status = world_chance(w, 70) ? 0 : 'A';
        break;
    default:
        *h = (struct world_host){ .status = 'A', .attr = world_chance(w, 50),
                                  .asg = world_chance(w, 60) };
    }
}

static void change_service(struct world *w)
{
    struct world_service *s =
        &w->state.services[world_random(w, WORLD_SERVICES)];

    switch (world_random(w, 10)) {
    case 0: s->daemon = !s->daemon;           break;
    case 1: s->inactive = !s->inactive;       break;
    case 2: s->external = !s->external;       break;
    case 3: s->code_deploy = !s->code_deploy; break;
    case 4: s->deploying = !s->deploying;     break;
    case 5: s->paused = !s->paused;           break;
    case 6: s->constrained = !s->constrained; break;
    case 7: s->strategy = !s->strategy;       break;
    case 8: s->revision++;                    break;
    default: s->desired = world_random(w, 70);    /* another writer */
    }
}

void world_change(struct world *w)
{
    w->old = w->state;
    for (unsigned n = 1 + world_random(w, 4); n > 0; n--)
        change_host(w);
    if (world_chance(w, 30))
        change_service(w);
    if (world_chance(w, 5))
        w->state.managed = !w->state.managed;
    for (size_t i = 0; i < WORLD_SERVICES; i++)
        w->state.services[i].running =
            world_chance(w, 70) ? w->state.services[i].desired
                                : world_random(w, 70);
    w->now += world_random(w, 20) * HC_SECOND;
    world_arrive(w, false);
}

void world_arrive(struct world *w, bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->late_n; i++) {
        struct world_late late = w->late[i];

        if (all || --late.steps <= 0)
            w->state.services[late.service].desired = late.desired;
        else
            w->late[kept++] = late;
    }
    w->late_n = kept;
}

/* ---- answers ---- */

static const char *account_of(const struct world_call *c)
{
    return c->fault == FAULT_FOREIGN ? "999988887777" : "111122223333";
}

static void put(struct world_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct world_call *c, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    c->answer_n += hc_vfmt(c->answer + c->answer_n,
                           sizeof(c->answer) - c->answer_n, fmt, ap);
    va_end(ap);
    CHECK(c->answer_n + 1 < sizeof(c->answer));
}

static void put_arn(struct world_call *c, const char *kind, int id)
{
    put(c, "\"arn:aws:ecs:eu-west-1:%s:%s%d\"", account_of(c), kind, id);
}

int world_service_of(const char *body)
{
    const char *at = strstr(body, "\"service\":\"s");

    return at != NULL ? atoi(at + 12) : -1;
}

int64_t world_number(const char *body, const char *key)
{
    const char *at = strstr(body, key);

    return at != NULL ? atoll(at + strlen(key) + 2) : -1;
}

/* True, and noted, if this answer leaves it out. */
static bool leaves_out(struct world_call *c, enum world_left what,
                       bool useless_without)
{
    if (c->fault != FAULT_PARTIAL || c->left != what)
        return false;
    c->useless = c->useless || useless_without;
    return true;
}

static void put_place(struct world_call *c, int i)
{
    put(c, "\"serviceName\":\"s%d\"", i);
    if (leaves_out(c, LEFT_PLACE, true))
        return;
    put(c, ",\"serviceArn\":");
    put_arn(c, "service/prod/s", i);
    put(c, ",\"clusterArn\":\"arn:aws:ecs:eu-west-1:%s:cluster/prod\"",
        account_of(c));
}

static void put_deployments(struct world_call *c,
                            const struct world_service *s)
{
    bool told = !leaves_out(c, LEFT_DEPLOYMENTS, false);

    put(c, ",\"deploymentController\":{\"type\":\"%s\"}",
        s->external ? "EXTERNAL" : s->code_deploy ? "CODE_DEPLOY" : "ECS");
    if (s->code_deploy && told)
        put(c, ",\"taskSets\":[{\"id\":\"a\"},{\"id\":\"b\"}]");
    if (s->deploying)
        put(c, ",\"deploymentConfiguration\":{\"strategy\":\"CANARY\"}");
    if (s->deploying && told)
        put(c, ",\"deployments\":[{\"rolloutState\":\"IN_PROGRESS\"},{}]");
}

bool world_is_constrained(const struct world *w, const struct world_service *s)
{
    return s->constrained || (w->definitions && s->revision % 2 != 0);
}

static void put_constraints(struct world_call *c)
{
    put(c, ",\"placementConstraints\":[{\"type\":\"memberOf\"%s}]",
        leaves_out(c, LEFT_EXPRESSION, false)
            ? "" : ",\"expression\":\"attribute:a == 1\"");
}

static void put_placement(struct world_call *c, const struct world_service *s)
{
    if (s->constrained)
        put_constraints(c);
    put(c, ",\"taskDefinition\":\"arn:aws:ecs:eu-west-1:%s:task-definition/s:%d"
        "\"", account_of(c), s->revision);
    if (leaves_out(c, LEFT_LAUNCH, true))
        return;
    if (s->strategy)
        put(c, ",\"capacityProviderStrategy\":[{\"capacityProvider\":"
            "\"asg\"}]");
    else
        put(c, ",\"launchType\":\"EC2\"");
}

static void put_service(struct world_call *c, int i)
{
    const struct world_service *s = &c->told.services[i];

    put(c, "{");
    put_place(c, i);
    put(c, ",\"status\":\"%s\",\"desiredCount\":%lld,\"runningCount\":%lld,"
        "\"schedulingStrategy\":\"%s\"", s->inactive ? "INACTIVE" : "ACTIVE",
        (long long)s->desired, (long long)s->running,
        s->daemon ? "DAEMON" : "REPLICA");
    put_deployments(c, s);
    put_placement(c, s);
    if (s->paused)
        put(c, ",\"tags\":[{\"key\":\"headcount:pause\",\"value\":\"true\"}]");
    put(c, "}");
}

static void answer_services(struct world_call *c)
{
    bool first = true;

    put(c, "{\"services\":[");
    for (int i = 0; i < WORLD_SERVICES; i++) {
        char name[16];

        hc_fmt(name, sizeof(name), "\"s%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        put(c, "%s", first ? "" : ",");
        put_service(c, i);
        first = false;
    }
    put(c, "],\"failures\":[]}");
}

/* Tokens are places in the order of the hosts. */
static void answer_hosts(const struct world *w, struct world_call *c)
{
    char status = strstr(c->body, "\"ACTIVE\"") != NULL ? 'A' : 'D';
    bool filtered = strstr(c->body, "attribute:a") != NULL;
    bool anywhere = strstr(c->body, "external exists") != NULL;
    const char *token = strstr(c->body, "\"nextToken\":\"t");
    int at = token != NULL ? atoi(token + 14) : 0;
    size_t n = 0;

    if (leaves_out(c, LEFT_PLACE, true)) {
        put(c, "{}");
        return;
    }
    put(c, "{\"containerInstanceArns\":[");
    for (; at < WORLD_HOSTS && n < w->page; at++) {
        const struct world_host *h = &c->told.hosts[at];

        if (h->status != status || (filtered && !h->attr) || anywhere)
            continue;
        put(c, "%s", n++ > 0 ? "," : "");
        put_arn(c, "container-instance/prod/h", at);
    }
    put(c, "]");
    if (at < WORLD_HOSTS)
        put(c, ",\"nextToken\":\"t%d\"", at);
    put(c, "}");
}

static void answer_described(struct world_call *c)
{
    bool first = true;

    put(c, "{\"containerInstances\":[");
    for (int i = 0; i < WORLD_HOSTS; i++) {
        const struct world_host *h = &c->told.hosts[i];
        char name[24];

        hc_fmt(name, sizeof(name), "/h%d\"", i);
        if (h->status == 0 || strstr(c->body, name) == NULL)
            continue;
        put(c, "%s{\"containerInstanceArn\":", first ? "" : ",");
        put_arn(c, "container-instance/prod/h", i);
        if (!leaves_out(c, LEFT_PLACE, true))
            put(c, ",\"status\":\"%s\"",
                h->status == 'A' ? "ACTIVE" : "DRAINING");
        put(c, ",\"capacityProviderName\":\"%s\"}", h->asg ? "asg" : "other");
        first = false;
    }
    put(c, "],\"failures\":[");
    first = true;
    for (int i = 0; i < WORLD_HOSTS; i++) {
        char name[24];

        hc_fmt(name, sizeof(name), "/h%d\"", i);
        if (c->told.hosts[i].status != 0 || strstr(c->body, name) == NULL)
            continue;
        put(c, "%s{\"arn\":", first ? "" : ",");
        put_arn(c, "container-instance/prod/h", i);
        put(c, ",\"reason\":\"MISSING\"}");
        first = false;
    }
    put(c, "]}");
}

static void answer_cluster(struct world_call *c)
{
    int n = 0;

    for (int i = 0; i < WORLD_HOSTS; i++)
        n += c->told.hosts[i].status != 0;
    put(c, "{\"clusters\":[{\"clusterArn\":\"arn:aws:ecs:eu-west-1:%s:cluster/"
        "prod\",\"clusterName\":\"prod\",\"status\":\"ACTIVE\"",
        account_of(c));
    if (!leaves_out(c, LEFT_PLACE, true))
        put(c, ",\"registeredContainerInstancesCount\":%d", n);
    put(c, "}]}");
}

static void answer_update(struct world *w, struct world_call *c)
{
    int i = world_service_of(c->body);
    int64_t desired = world_number(c->body, "desiredCount");

    if (c->fault == FAULT_LOST && world_chance(w, 50)) {
        if (w->late_n < 16)
            w->late[w->late_n++] = (struct world_late){
                .service = i, .desired = desired,
                .steps = 1 + (int)world_random(w, 5) };
    } else if (c->fault != FAULT_REFUSED && c->fault != FAULT_UNSENT) {
        w->state.services[i].desired = desired;
    }
    c->told = w->state;
    put(c, "{\"service\":");
    put_service(c, i);
    put(c, "}");
}

static void answer_definition(struct world_call *c)
{
    const char *at = strstr(c->body, "task-definition/s:");
    int revision = at != NULL ? atoi(at + 18) : -1;

    put(c, "{\"taskDefinition\":{\"taskDefinitionArn\":");
    put_arn(c, "task-definition/s:", revision);
    if (revision % 2 != 0)
        put_constraints(c);
    put(c, "}}");
}

static void answer(struct world *w, struct world_call *c)
{
    c->answer_n = 0;
    if (strcmp(c->operation, "DescribeServices") == 0)
        answer_services(c);
    else if (strcmp(c->operation, "ListContainerInstances") == 0)
        answer_hosts(w, c);
    else if (strcmp(c->operation, "DescribeContainerInstances") == 0)
        answer_described(c);
    else if (strcmp(c->operation, "DescribeClusters") == 0)
        answer_cluster(c);
    else if (strcmp(c->operation, "DescribeTaskDefinition") == 0)
        answer_definition(c);
    else if (strcmp(c->operation, "DescribeCapacityProviders") == 0)
        put(c, "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroup"
            "Provider\":{\"managedScaling\":{\"status\":\"%s\"}}}]}",
            c->told.managed ? "ENABLED" : "DISABLED");
    else
        answer_update(w, c);
    if (c->fault == FAULT_BARE) {
        c->answer_n = 0;
        put(c, "%s", world_chance(w, 50) ? "{}" : "<html>");
    }
}

/* ---- calls ---- */

enum { PHASE_WAIT, PHASE_HALF, PHASE_BODY, PHASE_END };

static enum world_fault pick_fault(struct world *w)
{
    enum world_fault fault;

    if (!w->storm || world_chance(w, 75))
        return FAULT_NONE;
    fault = (enum world_fault)(1 + world_random(w, WORLD_FAULTS - 1));
    return fault == FAULT_FOREIGN && !w->foreign ? FAULT_CUT : fault;
}

static int start(int actor, struct hc_call *call,
                 const struct hc_call_config *config)
{
    struct world *w = &the_world;
    struct world_call *c = &w->calls[actor];

    CHECK(!c->open);
    *call = (struct hc_call){ .attempts = 1 };
    c->open = true;
    c->fault = pick_fault(w);
    c->left = (enum world_left)world_random(w, WORLD_LEFT);
    c->useless = false;
    c->phase = PHASE_WAIT;
    c->given = 0;
    c->operation = config->operation.p;
    CHECK(config->body.n < sizeof(c->body));
    memcpy(c->body, config->body.p, config->body.n);
    c->body[config->body.n] = '\0';
    w->asked(w, actor, c);
    return 0;
}

static int end(struct world *w, int actor, struct hc_call *call)
{
    static const int codes[WORLD_FAULTS] = {
        [FAULT_REFUSED] = HC_ESERVICE, [FAULT_LOST] = HC_ETIMEDOUT,
        [FAULT_UNSENT] = HC_ECONNECT, [FAULT_CUT] = HC_ETRUNCATED,
    };
    struct world_call *c = &w->calls[actor];
    int code = codes[c->fault];
    /* A foreign page without a host is what ours would be. */
    bool ok = c->fault == FAULT_NONE || c->fault == FAULT_RESTART ||
              c->fault == FAULT_OLD ||
              (c->fault == FAULT_PARTIAL && !c->useless) ||
              (c->fault == FAULT_FOREIGN && strstr(c->answer, "9999") == NULL);

    w->told(w, actor, c, ok);
    call->request.sent = c->fault != FAULT_UNSENT;
    if (code == 0)
        return CALL_DONE;
    if (code == HC_ESERVICE)
        hc_fmt(call->service_error.code, sizeof(call->service_error.code),
               "ThrottlingException");
    hc_error_set(&call->error, code, "a fault of this world");
    return CALL_FAILED;
}

static int give(struct world *w, struct world_call *c, struct hc_call *call,
                size_t until)
{
    size_t n = until - c->given;

    if (n > 1 && world_chance(w, 50))
        n = 1 + world_random(w, (unsigned)n);
    call->span = hc_str_n(c->answer + c->given, n);
    c->given += n;
    return CALL_BODY;
}

static int step(int actor, struct hc_call *call)
{
    struct world *w = &the_world;
    struct world_call *c = &w->calls[actor];
    bool none = c->fault == FAULT_REFUSED || c->fault == FAULT_LOST ||
                c->fault == FAULT_UNSENT;
    size_t all;

    CHECK(c->open);
    if (c->phase == PHASE_WAIT) {
        c->told = c->fault == FAULT_OLD ? w->old : w->state;
        answer(w, c);
        c->phase = c->fault == FAULT_RESTART ? PHASE_HALF
                   : none ? PHASE_END : PHASE_BODY;
        return CALL_WAIT;
    }
    all = c->phase == PHASE_HALF || c->fault == FAULT_CUT ? c->answer_n / 2
                                                          : c->answer_n;
    if (c->phase != PHASE_END && c->given < all)
        return give(w, c, call, all);
    if (c->phase == PHASE_HALF) {
        c->phase = PHASE_BODY;
        c->given = 0;
        return CALL_RESTART;
    }
    c->phase = PHASE_END;
    return end(w, actor, call);
}

static void fini(int actor)
{
    CHECK(the_world.calls[actor].open);
    the_world.calls[actor].open = false;
}

/* Calls carry no word of whose they are: two sets of functions do. */
#define WORLD_ACTOR(n)                                                      \
    static int start##n(struct hc_call *c, struct hc_net *net,              \
                        struct hc_job *job,                                 \
                        const struct hc_call_config *config)                \
    {                                                                       \
        (void)net;                                                          \
        (void)job;                                                          \
        return start(n, c, config);                                         \
    }                                                                       \
    static int step##n(struct hc_call *c, int64_t now)                      \
    {                                                                       \
        (void)now;                                                          \
        return step(n, c);                                                  \
    }                                                                       \
    static void cancel##n(struct hc_call *c, int64_t until)                 \
    {                                                                       \
        (void)c;                                                            \
        (void)until;                                                        \
    }                                                                       \
    static void fini##n(struct hc_call *c)                                  \
    {                                                                       \
        (void)c;                                                            \
        fini(n);                                                            \
    }
WORLD_ACTOR(0)
WORLD_ACTOR(1)

const struct hc_call_ways *world_ways(int actor)
{
    static const struct hc_call_ways ways[WORLD_ACTORS] = {
        { start0, step0, cancel0, fini0 }, { start1, step1, cancel1, fini1 },
    };

    return &ways[actor];
}

/* ---- its birth ---- */

static int64_t world_now(void *ud)
{
    (void)ud;
    return the_world.now;
}

static int64_t world_wall(void *ud)
{
    (void)ud;
    return the_world.wall + the_world.now;
}

struct world *world_new(uint64_t seed)
{
    struct world *w = &the_world;
    unsigned hosts;

    *w = (struct world){ .random = seed * 0x9E3779B97F4A7C15U + 1,
                         .now = 1000 * HC_SECOND, .storm = true,
                         .wall = 1767225600 * HC_SECOND };
    for (int i = 0; i < 8; i++)
        world_random(w, 2);
    w->net.sys.alloc = *t_alloc();
    w->net.sys.now = world_now;
    w->net.sys.wall = world_wall;
    w->foreign = world_chance(w, 50);
    w->definitions = world_chance(w, 50);
    w->page = 3 + world_random(w, 30);
    hosts = world_random(w, WORLD_HOSTS);
    for (unsigned i = 0; i < hosts; i++)
        w->state.hosts[i] = (struct world_host){
            .status = world_chance(w, 85) ? 'A' : 'D',
            .attr = world_chance(w, 50), .asg = world_chance(w, 60) };
    for (int i = 0; i < WORLD_SERVICES; i++) {
        w->state.services[i].desired = world_random(w, 70);
        w->state.services[i].running = w->state.services[i].desired;
        w->state.services[i].constrained = world_chance(w, 30);
        w->state.services[i].strategy = world_chance(w, 30);
        w->state.services[i].revision = world_chance(w, 30);
    }
    w->old = w->state;
    return w;
}
