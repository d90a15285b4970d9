/* peers/world_answers.c - what each operation of the ECS in memory answers. */
#include "peers/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "t.h"

#define DRIVER "com.amazonaws.ecs.capability.logging-driver.fluentd"

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

/* True, and noted, if this answer leaves it out. */
static bool leaves_out(struct world_call *c, enum world_left what,
                       bool useless_without)
{
    if (c->fault != FAULT_PARTIAL || c->left != what)
        return false;
    c->useless = c->useless || useless_without;
    return true;
}

/* ---- what a body says ---- */

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

uint64_t world_hosts_in(const char *text)
{
    const char *at = strstr(text, "/h");
    uint64_t hosts = 0;

    for (; at != NULL; at = strstr(at + 2, "/h"))
        hosts |= (uint64_t)1 << atoi(at + 2);
    return hosts;
}

unsigned world_filter_of(const char *body)
{
    unsigned filter = 0;

    if (strstr(body, "attribute:a == 1") != NULL)
        filter |= FILTER_ATTR;
    if (strstr(body, "attribute:ecs.capability.external !exists") != NULL)
        filter |= FILTER_INSIDE;
    if (strstr(body, "attribute:ecs.capability.external exists") != NULL)
        filter |= FILTER_OUTSIDE;
    if (strstr(body, "task:group == service:s") != NULL)
        filter |= (strstr(body, "not(task:group") != NULL ? FILTER_LACKING
                                                          : FILTER_YOUNGER) |
                  (unsigned)atoi(strstr(body, "service:s") + 9) *
                      FILTER_SERVICE;
    return filter;
}

/* The time after registeredAt; a world lasts less than a month. */
static int64_t younger_than(const struct world *w, const char *body)
{
    static const char text[] = "registeredAt > 2026-01-";
    const char *at = strstr(body, text);
    int64_t days, hours, minutes;

    CHECK(at != NULL);
    at += sizeof(text) - 1;                        /* "01T00:16:40+00:00"   */
    days = atoi(at) - 1;
    hours = days * 24 + atoi(at + 3);
    minutes = hours * 60 + atoi(at + 6);
    return w->wall + (minutes * 60 + atoi(at + 9)) * HC_SECOND;
}

/* The hosts that a list by tasks of a service leaves out. */
static uint64_t left_out(const struct world *w, const struct world_call *c,
                         unsigned filter)
{
    uint64_t runs = 0, old = 0;
    int64_t time;

    if ((filter & FILTER_GROUP) == 0)
        return 0;
    runs = world_runs(w, &c->told, (int)(filter / FILTER_SERVICE));
    if ((filter & FILTER_LACKING) != 0)
        return runs;
    time = younger_than(w, c->body);
    for (int i = 0; i < WORLD_HOSTS; i++)
        if (c->told.hosts[i].registered_at <= time)
            old |= (uint64_t)1 << i;
    return ~runs | old;
}

uint64_t world_runs(const struct world *w, const struct world_state *state,
                    int service)
{
    const struct world_service *s = &state->services[service];
    uint64_t hosts = 0;
    int64_t n = 0;
    int most;

    for (int i = 0; world_has(w, WORLD_PLACES) && i < WORLD_HOSTS; i++)
        if (s->on[i] > 0)
            hosts |= (uint64_t)1 << i;
    if (world_has(w, WORLD_PLACES))
        return hosts;
    for (int i = 0; i < WORLD_HOSTS && n < s->running; i++) {
        const struct world_host *h = &state->hosts[i];

        if (h->status != 'A' || (s->constrained && !h->attr) ||
            (s->strategy && !world_uses(s, h->provider, &most)))
            continue;
        hosts |= (uint64_t)1 << i;
        n++;
    }
    return hosts;
}

/* ---- services ---- */

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

static void put_deployments(struct world_call *c, struct world_service *s)
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
    if (!told)
        s->changed = 0;
    if (s->changed > 0)
        put(c, ",\"deployments\":[{\"status\":\"PRIMARY\",\"rolloutState\":"
            "\"COMPLETED\",\"updatedAt\":%lld}]",
            (long long)(s->changed / HC_SECOND));
}

static void put_constraints(struct world_call *c, bool member, bool distinct)
{
    put(c, ",\"placementConstraints\":[");
    if (distinct)
        put(c, "{\"type\":\"distinctInstance\"}%s", member ? "," : "");
    if (member)
        put(c, "{\"type\":\"memberOf\"%s}",
            leaves_out(c, LEFT_EXPRESSION, false)
                ? "" : ",\"expression\":\"attribute:a == 1\"");
    put(c, "]");
}

static void put_strategy(struct world_call *c, const struct world_service *s)
{
    bool first = true;

    put(c, ",\"capacityProviderStrategy\":[");
    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        const struct world_item *item = &s->items[i];

        if (!item->named)
            continue;
        put(c, "%s{\"capacityProvider\":\"p%d\"", first ? "" : ",", i);
        if (item->weight >= 0)
            put(c, ",\"weight\":%d", item->weight);
        if (item->base > 0)
            put(c, ",\"base\":%d", item->base);
        put(c, "}");
        first = false;
    }
    put(c, "]");
}

static void put_placement(struct world_call *c, struct world_service *s)
{
    if (s->needs.awsvpc)
        put(c, ",\"networkConfiguration\":{\"awsvpcConfiguration\":{"
            "\"subnets\":[\"subnet-1\",\"subnet-2\"]}}");
    if (s->constrained || s->distinct)
        put_constraints(c, s->constrained, s->distinct);
    put(c, ",\"taskDefinition\":\"arn:aws:ecs:eu-west-1:%s:task-definition/s:%d"
        "\"", account_of(c), s->revision);
    s->unclear = leaves_out(c, LEFT_LAUNCH, false);
    if (s->unclear)
        return;
    if (s->strategy)
        put_strategy(c, s);
    else
        put(c, ",\"launchType\":\"%s\"", s->anywhere ? "EXTERNAL" : "EC2");
}

static void put_service(struct world_call *c, int i)
{
    struct world_service *s = &c->told.services[i];

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

/* A write that is not shown yet is told nowhere but in its own answer. */
static void answer_services(const struct world *w, struct world_call *c)
{
    bool first = true;

    put(c, "{\"services\":[");
    for (int i = 0; i < WORLD_SERVICES; i++) {
        struct world_service *s = &c->told.services[i];
        char name[16];

        hc_fmt(name, sizeof(name), "\"s%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        if (w->now < s->shown_at)
            s->desired = s->before;
        put(c, "%s", first ? "" : ",");
        put_service(c, i);
        first = false;
    }
    put(c, "],\"failures\":[]}");
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
        world_set_desired(w, i, desired);
    }
    c->told = w->state;
    put(c, "{\"service\":");
    put_service(c, i);
    put(c, "}");
}

/* ---- hosts ---- */

bool world_is_listed(const struct world_host *h, char status, unsigned filter)
{
    return h->status == status &&
           ((filter & FILTER_ATTR) == 0 || h->attr) &&
           ((filter & FILTER_INSIDE) == 0 || !h->external) &&
           ((filter & FILTER_OUTSIDE) == 0 || h->external);
}

/* Tokens are places in the order of the hosts. */
static void answer_hosts(const struct world *w, struct world_call *c)
{
    char status = strstr(c->body, "\"ACTIVE\"") != NULL ? 'A' : 'D';
    unsigned filter = world_filter_of(c->body);
    const char *token = strstr(c->body, "\"nextToken\":\"t");
    int at = token != NULL ? atoi(token + 14) : 0;
    uint64_t without = left_out(w, c, filter);
    size_t n = 0;

    if (leaves_out(c, LEFT_PLACE, true)) {
        put(c, "{}");
        return;
    }
    put(c, "{\"containerInstanceArns\":[");
    for (; at < WORLD_HOSTS && n < w->page; at++) {
        if (!world_is_listed(&c->told.hosts[at], status, filter) ||
            (without >> at & 1) != 0)
            continue;
        put(c, "%s", n++ > 0 ? "," : "");
        put_arn(c, "container-instance/prod/h", at);
    }
    put(c, "]");
    if (at < WORLD_HOSTS)
        put(c, ",\"nextToken\":\"t%d\"", at);
    put(c, "}");
}

/* Whole, well-formed, and not so: of each host, or of nearly each.  A provider
 * never changes, so no answer tells another one. */
static void lie(struct world *w, struct world_call *c)
{
    unsigned kind = world_random(w, 5);
    unsigned share = world_chance(w, 50) ? 100 : 80;

    for (int i = 0; i < WORLD_HOSTS; i++) {
        struct world_host *h = &c->told.hosts[i];

        if (!world_chance(w, share))
            continue;
        switch (kind) {
        case 0: h->provider = -1;                         break;
        case 1: h->status = 0;                            break;
        case 2: h->cpu = h->memory = 256;                 break;
        case 3: h->connected = false;                     break;
        default: h->registered_at = world_wall_now(w);    break;
        }
    }
}

static void put_details(const struct world *w, struct world_call *c,
                        const struct world_host *h)
{
    put(c, ",\"agentConnected\":%s", h->connected ? "true" : "false");
    if (h->provider >= 0)
        put(c, ",\"capacityProviderName\":\"p%d\"", h->provider);
    if (!world_has(w, WORLD_DETAILS) && !world_has(w, WORLD_POLICY) &&
        !world_has(w, WORLD_PLACES))
        return;
    put(c, ",\"registeredAt\":%lld,\"registeredResources\":[{\"name\":\"CPU\","
        "\"type\":\"INTEGER\",\"integerValue\":%d},{\"name\":\"MEMORY\","
        "\"type\":\"INTEGER\",\"integerValue\":%d}]",
        (long long)(h->registered_at / HC_SECOND), h->cpu, h->memory);
}

static void put_attributes(struct world_call *c, const struct world_host *h)
{
    /* No port of a host is taken but by the service itself. */
    put(c, ",\"remainingResources\":[{\"name\":\"PORTS\",\"stringSetValue\":[]"
        "},{\"name\":\"PORTS_UDP\",\"stringSetValue\":[]}]");
    put(c, ",\"attributes\":[{\"name\":\"ecs.os-type\",\"value\":\"linux\"}"
        "%s]", h->external ? ",{\"name\":\"ecs.capability.external\"}" : "");
}

/* The agent itself takes port 22. */
static void put_room(struct world_call *c, int host)
{
    struct world_host h = world_left(&c->told, host);

    put(c, ",\"runningTasksCount\":%d,\"pendingTasksCount\":0,"
        "\"remainingResources\":[{\"name\":\"CPU\",\"integerValue\":%d},"
        "{\"name\":\"MEMORY\",\"integerValue\":%d},{\"name\":\"PORTS\","
        "\"stringSetValue\":[\"22\"%s]},{\"name\":\"PORTS_UDP\","
        "\"stringSetValue\":[%s]}]", h.tasks, h.cpu_free, h.memory_free,
        (h.ports & PORT_TCP) != 0 ? ",\"8125\"" : "",
        (h.ports & PORT_UDP) != 0 ? "\"8125\"" : "");
    put(c, ",\"attributes\":[{\"name\":\"ecs.cpu-architecture\",\"value\":"
        "\"%s\"},{\"name\":\"ecs.subnet-id\",\"value\":\"subnet-%d\"}",
        h.arm ? "arm64" : "x86_64", 1 + host % 2);
    if (!h.bare)
        put(c, ",{\"name\":\"" DRIVER "\"}");
    if (h.trunk)
        put(c, ",{\"name\":\"ecs.awsvpc-trunk-id\",\"value\":\"eni-%d\"}",
            host);
    put(c, "]");
}

static void answer_described(struct world *w, struct world_call *c)
{
    uint64_t asked = world_hosts_in(c->body);
    bool first = true;

    if (c->fault == FAULT_LIE)
        lie(w, c);
    put(c, "{\"containerInstances\":[");
    for (int i = 0; i < WORLD_HOSTS; i++) {
        const struct world_host *h = &c->told.hosts[i];

        if (h->status == 0 || (asked >> i & 1) == 0)
            continue;
        put(c, "%s{\"containerInstanceArn\":", first ? "" : ",");
        put_arn(c, "container-instance/prod/h", i);
        if (!leaves_out(c, LEFT_PLACE, true))
            put(c, ",\"status\":\"%s\"",
                h->status == 'A' ? "ACTIVE" : "DRAINING");
        put_details(w, c, h);
        if (world_has(w, WORLD_PLACES))
            put_room(c, i);
        else
            put_attributes(c, h);
        put(c, "}");
        first = false;
    }
    put(c, "],\"failures\":[");
    first = true;
    for (int i = 0; i < WORLD_HOSTS; i++) {
        if (c->told.hosts[i].status != 0 || (asked >> i & 1) == 0)
            continue;
        put(c, "%s{\"arn\":", first ? "" : ",");
        put_arn(c, "container-instance/prod/h", i);
        put(c, ",\"reason\":\"MISSING\"}");
        first = false;
    }
    put(c, "]}");
}

/* ---- the rest ---- */

static void answer_cluster(struct world_call *c)
{
    int n = 0;

    if (c->told.gone) {
        put(c, "{\"clusters\":[],\"failures\":[{\"arn\":\"arn:aws:ecs:"
            "eu-west-1:%s:cluster/prod\",\"reason\":\"MISSING\"}]}",
            account_of(c));
        return;
    }
    for (int i = 0; i < WORLD_HOSTS; i++)
        n += c->told.hosts[i].status != 0;
    put(c, "{\"clusters\":[{\"clusterArn\":\"arn:aws:ecs:eu-west-1:%s:cluster/"
        "prod\",\"clusterName\":\"prod\",\"status\":\"ACTIVE\"",
        account_of(c));
    if (!leaves_out(c, LEFT_PLACE, true))
        put(c, ",\"registeredContainerInstancesCount\":%d", n);
    put(c, "}]}");
}

/* Each service of WORLD_PLACES has its own revision. */
static void put_needs(struct world_call *c, const struct world_needs *n)
{
    put(c, ",\"cpu\":\"%d\",\"memory\":\"%d\",\"networkMode\":\"%s\","
        "\"containerDefinitions\":[{\"portMappings\":[", n->cpu, n->memory,
        n->awsvpc ? "awsvpc" : "bridge");
    if ((n->ports & PORT_TCP) != 0)
        put(c, "{\"hostPort\":8125,\"containerPort\":80}%s",
            (n->ports & PORT_UDP) != 0 ? "," : "");
    if ((n->ports & PORT_UDP) != 0)
        put(c, "{\"hostPort\":8125,\"protocol\":\"udp\"}");
    put(c, "]}]");
    if (n->arm || n->x86)
        put(c, ",\"runtimePlatform\":{\"cpuArchitecture\":\"%s\"}",
            n->arm ? "ARM64" : "X86_64");
    if (n->driver)
        put(c, ",\"requiresAttributes\":[{\"name\":\"" DRIVER "\"}]");
}

static void answer_definition(const struct world *w, struct world_call *c)
{
    const char *at = strstr(c->body, "task-definition/s:");
    int revision = at != NULL ? atoi(at + 18) : -1;

    put(c, "{\"taskDefinition\":{\"taskDefinitionArn\":");
    put_arn(c, "task-definition/s:", revision);
    if (w->definitions && revision % 2 != 0)
        put_constraints(c, true, false);
    if (world_has(w, WORLD_DISTINCT) && revision % 4 > 1)
        put(c, ",\"networkMode\":\"bridge\",\"containerDefinitions\":[{"
            "\"portMappings\":[{\"hostPort\":8125,\"containerPort\":8125}]}]");
    else if (!world_has(w, WORLD_PLACES))
        put(c, ",\"containerDefinitions\":[{}]");
    for (int i = 0; world_has(w, WORLD_PLACES) && i < WORLD_SERVICES; i++)
        if (c->told.services[i].revision == revision)
            put_needs(c, &c->told.services[i].needs);
    put(c, "}}");
}

/* Ten at most; a token is a place among those that are asked for. */
static void answer_providers(const struct world *w, struct world_call *c)
{
    const char *token = strstr(c->body, "\"nextToken\":\"t");
    int from = token != NULL ? atoi(token + 14) : 0, n = 0;

    put(c, "{\"capacityProviders\":[");
    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        char name[16];

        hc_fmt(name, sizeof(name), "\"p%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        if (n >= from && n < from + w->page_providers)
            put(c, "%s{\"name\":\"p%d\",\"autoScalingGroupProvider\":{\"managed"
                "Scaling\":{\"status\":\"%s\"}}}", n > from ? "," : "", i,
                c->told.managed[i] ? "ENABLED" : "DISABLED");
        n++;
    }
    put(c, "],\"failures\":[]");
    if (n > from + w->page_providers)
        put(c, ",\"nextToken\":\"t%d\"", from + w->page_providers);
    put(c, "}");
}

void world_answer(struct world *w, struct world_call *c)
{
    c->answer_n = 0;
    if (strcmp(c->operation, "DescribeServices") == 0)
        answer_services(w, c);
    else if (strcmp(c->operation, "ListContainerInstances") == 0)
        answer_hosts(w, c);
    else if (strcmp(c->operation, "DescribeContainerInstances") == 0)
        answer_described(w, c);
    else if (strcmp(c->operation, "DescribeClusters") == 0)
        answer_cluster(c);
    else if (strcmp(c->operation, "DescribeTaskDefinition") == 0)
        answer_definition(w, c);
    else if (strcmp(c->operation, "DescribeCapacityProviders") == 0)
        answer_providers(w, c);
    else
        answer_update(w, c);
    if (c->fault == FAULT_BARE) {
        c->answer_n = 0;
        put(c, "%s", world_chance(w, 50) ? "{}" : "<html>");
    }
}
