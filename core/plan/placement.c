/* plan/placement.c - the table of what ECS looks at before it places a task.
 *
 * Each row adds a reason for "no" or for "unknown" to the verdict, or nothing.
 * A row says "no" only where AWS documents that ECS would refuse the host, and
 * only by a value that the answer has.  A value that is absent, negative or not
 * understood makes "unknown": whoever asks then writes no higher count because
 * of this host, and no lower one either.
 *
 * Placement strategies and zone rebalancing (best effort), scale-in protection,
 * the health of a host and how many other tasks run there have no row: they
 * limit no placement.
 */
#include "plan/placement.h"

#include <string.h>

#include "base/text.h"
#include "plan/measure.h"

#define PLACEMENT_PORTS 100      /* reserved ports of a host, AWS's limit   */
#define PLACEMENT_TRUNKED 4      /* tasks; each trunking type has that room */

const char *hc_take_name(enum hc_take_code code)
{
    static const char *const names[] = {
        [TAKE_STATUS] = "status", [TAKE_EXTERNAL] = "external",
        [TAKE_PROVIDER] = "provider", [TAKE_AGENT] = "agent",
        [TAKE_ATTRIBUTE] = "attribute", [TAKE_OS] = "os",
        [TAKE_ARCHITECTURE] = "architecture", [TAKE_CPU] = "cpu",
        [TAKE_MEMORY] = "memory", [TAKE_PORT_TCP] = "port_tcp",
        [TAKE_PORT_UDP] = "port_udp", [TAKE_PORTS_100] = "ports_100",
        [TAKE_GPU] = "gpu", [TAKE_ENI] = "eni", [TAKE_ZONE] = "zone",
        [TAKE_EBS] = "ebs", [TAKE_DEFINITION] = "definition",
        [TAKE_CONSTRAINT] = "constraint",
        [TAKE_PASSED_OVER] = "passed_over"
    };

    return names[code];
}

/* ---- the verdict on one host ---- */

struct verdict {
    enum hc_take take;
    struct hc_take_why *why;
};

/* A reason that does not fit whole is left out. */
static void text_add(char to[HC_TAKE_TEXT], const char *between,
                     const char *text)
{
    size_t n = strlen(to);

    if (n == 0)
        between = "";
    if (n + strlen(between) + strlen(text) < HC_TAKE_TEXT)
        hc_fmt(to + n, HC_TAKE_TEXT - n, "%s%s", between, text);
}

/* enum hc_take goes from the strongest answer to the weakest, so a lower one
 * replaces the reasons so far, and an equal one joins them. */
static void verdict_add(struct verdict *v, enum hc_take take,
                        enum hc_take_code code, const char *label,
                        const char *text)
{
    if (take > v->take)
        return;
    if (take < v->take) {
        v->take = take;
        v->why->code = code;
        hc_fmt(v->why->label, sizeof(v->why->label), "%s", label);
        v->why->text[0] = '\0';
    }
    text_add(v->why->text, "; ", text);
}

static const struct hc_ecs_tag *host_attribute(const struct hc_ecs_host *host,
                                               struct hc_str name)
{
    const struct hc_ecs_tag *a = host->attributes;

    while (a != NULL && !hc_str_eq(a->key, name))
        a = a->next;
    return a;
}

/* The attribute's value; n == 0: the host has none. */
static struct hc_str host_value(const struct hc_ecs_host *host,
                                const char *name)
{
    const struct hc_ecs_tag *a = host_attribute(host, hc_str(name));

    return a != NULL ? a->value : HC_STR("");
}

/* ---- rows: status, launch type, capacity provider, agent ---- */

static void row_status(struct verdict *v, const struct hc_ecs_host *host)
{
    char text[80];

    if (hc_str_eqz(host->status, "ACTIVE"))
        return;
    hc_fmt(text, sizeof(text), "its status is %.*s", HC_STR_ARG(host->status));
    verdict_add(v, TAKE_NO, TAKE_STATUS, "status ACTIVE", text);
}

static void row_launch(struct verdict *v, const struct hc_ecs_service *s,
                       const struct hc_ecs_host *host)
{
    bool anywhere = hc_measure_is_anywhere(host);

    if (s->launch == LAUNCH_EXTERNAL && !anywhere)
        verdict_add(v, TAKE_NO, TAKE_EXTERNAL, "launch type EXTERNAL",
                    "it is no host of ECS Anywhere");
    else if (s->launch != LAUNCH_EXTERNAL && anywhere)
        verdict_add(v, TAKE_NO, TAKE_EXTERNAL, "launch type EC2",
                    "it is a host of ECS Anywhere");
}

static void row_provider(struct verdict *v, const struct hc_ecs_service *s,
                         const struct hc_ecs_host *host)
{
    const struct hc_ecs_share *own;
    char text[HC_TAKE_TEXT];

    if (s->providers == NULL)
        return;
    own = hc_ecs_share_find(s->providers, host->provider);
    if (own != NULL && hc_ecs_share_most(s->providers, own) > 0)
        return;
    if (host->provider.n == 0)
        hc_fmt(text, sizeof(text), "it belongs to no capacity provider");
    else if (own == NULL)
        hc_fmt(text, sizeof(text), "its capacity provider %.*s is not in the "
               "strategy", HC_STR_ARG(host->provider));
    else
        hc_fmt(text, sizeof(text), "its capacity provider %.*s has weight 0",
               HC_STR_ARG(host->provider));
    verdict_add(v, TAKE_NO, TAKE_PROVIDER, "capacity provider", text);
}

/* ECS places on connected agents only.  Agents reconnect, so this "no" is one
 * for now. */
static void row_agent(struct verdict *v, const struct hc_ecs_host *host)
{
    if (!host->connected)
        verdict_add(v, TAKE_NO, TAKE_AGENT, "a connected agent",
                    "its agent is not connected now");
}

/* ---- rows: attributes and platform ---- */

/* The setting of the agent that adds an attribute, or NULL. */
static const char *attribute_setting(struct hc_str name)
{
    static const struct { const char *part, *setting; } rows[] = {
        { ".logging-driver.", "ECS_AVAILABLE_LOGGING_DRIVERS" },
        { ".execution-role-awslogs",
          "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE" },
        { ".task-iam-role-network-host",
          "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST" },
        { ".task-iam-role", "ECS_ENABLE_TASK_IAM_ROLE" },
        { ".task-eni", "ECS_ENABLE_TASK_ENI" },
        { ".selinux", "ECS_SELINUX_CAPABLE" },
        { ".apparmor", "ECS_APPARMOR_CAPABLE" }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_str part = hc_str(rows[i].part);

        for (size_t at = 0; at + part.n <= name.n; at++)
            if (hc_str_eq(hc_str_n(name.p + at, part.n), part) &&
                (part.p[part.n - 1] == '.' || at + part.n == name.n))
                return rows[i].setting;
    }
    return NULL;
}

/* AWS's own checker compares names only.  Whether placement compares the value
 * of a required attribute is not documented: another value is "unknown". */
static void row_attribute(struct verdict *v, const struct hc_ecs_tag *wanted,
                          const struct hc_ecs_host *host)
{
    const struct hc_ecs_tag *has = host_attribute(host, wanted->key);
    const char *setting = attribute_setting(wanted->key);
    char text[HC_TAKE_TEXT];

    if (has == NULL) {
        hc_fmt(text, sizeof(text), "lacks %.*s%s%s%s", HC_STR_ARG(wanted->key),
               setting != NULL ? " (" : "", setting != NULL ? setting : "",
               setting != NULL ? ")" : "");
        verdict_add(v, TAKE_NO, TAKE_ATTRIBUTE, "an attribute", text);
    } else if (wanted->value.n > 0 && !hc_str_eq(wanted->value, has->value)) {
        hc_fmt(text, sizeof(text), "%.*s has another value there than "
               "\"%.*s\", which is wanted", HC_STR_ARG(wanted->key),
               HC_STR_ARG(wanted->value));
        verdict_add(v, TAKE_UNKNOWN, TAKE_ATTRIBUTE, "an attribute's value",
                    text);
    }
}

/* A feature of the service, not of its definition.  Whether placement asks for
 * its attribute is not documented. */
static void row_feature(struct verdict *v, const struct hc_ecs_host *host,
                        bool wanted, enum hc_take_code code, const char *name)
{
    char text[HC_TAKE_TEXT];

    if (!wanted || host_attribute(host, hc_str(name)) != NULL)
        return;
    hc_fmt(text, sizeof(text), "lacks %s, which a feature of the service uses",
           name);
    verdict_add(v, TAKE_UNKNOWN, code, "an attribute", text);
}

static void row_attributes(struct verdict *v, const struct hc_ecs_service *s,
                           const struct hc_ecs_needs *needs,
                           const struct hc_ecs_host *host)
{
    /* An agent always sends attributes: an answer without any tells nothing. */
    if (host->attributes == NULL) {
        verdict_add(v, TAKE_UNKNOWN, TAKE_ATTRIBUTE, "its attributes",
                    "ECS tells none of its attributes");
        return;
    }
    for (const struct hc_ecs_tag *a = needs->attributes; a != NULL; a = a->next)
        row_attribute(v, a, host);
    row_feature(v, host, s->connects, TAKE_ATTRIBUTE,
                "ecs.capability.service-connect-v1");
    row_feature(v, host, s->volumes, TAKE_EBS,
                "ecs.capability.storage.ebs-task-volume-attach");
    row_feature(v, host, s->executes, TAKE_ATTRIBUTE,
                "ecs.capability.execute-command");
}

/* ecs.os-type is not read: agents of 2021 sent other words there.  The family
 * is compared without case, because some sent "linux". */
static void row_os(struct verdict *v, const struct hc_ecs_needs *needs,
                   const struct hc_ecs_host *host)
{
    struct hc_str has = host_value(host, "ecs.os-family");
    char text[HC_TAKE_TEXT];

    if (needs->os.n == 0 || hc_str_eqi(needs->os, has))
        return;
    if (has.n == 0) {
        verdict_add(v, TAKE_UNKNOWN, TAKE_OS, "its operating system",
                    "ECS does not tell its operating system");
        return;
    }
    hc_fmt(text, sizeof(text), "it runs %.*s, and %.*s is wanted",
           HC_STR_ARG(has), HC_STR_ARG(needs->os));
    verdict_add(v, TAKE_NO, TAKE_OS, "operating system", text);
}

/* X86_64 of a definition is x86_64 of a host, ARM64 is arm64. */
static bool architecture_is_other(const struct hc_ecs_needs *needs,
                                  const struct hc_ecs_host *host)
{
    struct hc_str has = host_value(host, "ecs.cpu-architecture");

    return needs->architecture.n > 0 && has.n > 0 &&
           !hc_str_eqi(needs->architecture, has);
}

/* It is not proven that ECS heeds the architecture on EC2, and the console
 * writes X86_64 into definitions of images for both.  So a host of the other
 * architecture that runs the task shows that ECS does not. */
static void row_architecture(struct verdict *v,
                             const struct hc_placement_task *t,
                             const struct hc_ecs_host *host)
{
    char text[HC_TAKE_TEXT];

    if (t->needs->architecture.n == 0 || t->runs_elsewhere)
        return;
    if (host_value(host, "ecs.cpu-architecture").n == 0) {
        verdict_add(v, TAKE_UNKNOWN, TAKE_ARCHITECTURE, "its architecture",
                    "ECS does not tell its CPU architecture");
    } else if (architecture_is_other(t->needs, host)) {
        hc_fmt(text, sizeof(text), "it is no %.*s host, by the "
               "runtimePlatform of the task definition",
               HC_STR_ARG(t->needs->architecture));
        verdict_add(v, TAKE_NO, TAKE_ARCHITECTURE, "CPU architecture", text);
    }
}

/* ---- rows: room ---- */

/* An amount that equals what is left fits. */
static void row_amount(struct verdict *v, enum hc_take_code code,
                       const char *label, const char *unit, int64_t need,
                       int64_t left)
{
    char text[100];

    if (need <= 0)
        return;
    if (left < 0) {
        hc_fmt(text, sizeof(text), "ECS does not tell its free %s", label);
        verdict_add(v, TAKE_UNKNOWN, code, label, text);
    } else if (need > left) {
        hc_fmt(text, sizeof(text), "%lld %s wanted, %lld left",
               (long long)need, unit, (long long)left);
        verdict_add(v, TAKE_NO, code, label, text);
    }
}

static bool port_is_taken(const struct hc_ecs_text *taken, int64_t port)
{
    uint64_t number;

    for (; taken != NULL; taken = taken->next)
        if (hc_str_u64(taken->s, &number) && number == (uint64_t)port)
            return true;
    return false;
}

static void row_ports(struct verdict *v, const struct hc_ecs_needs *needs,
                      const struct hc_ecs_host *host)
{
    static const char *const protocols[] = { "tcp", "udp" };

    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next) {
        enum hc_take_code code = p->udp ? TAKE_PORT_UDP : TAKE_PORT_TCP;
        char label[HC_TAKE_LABEL], text[100];

        hc_fmt(label, sizeof(label), "port %lld/%s", (long long)p->number,
               protocols[p->udp]);
        if (!(p->udp ? host->lists_udp : host->lists_tcp)) {
            hc_fmt(text, sizeof(text), "ECS does not tell which %s ports are "
                   "taken", protocols[p->udp]);
            verdict_add(v, TAKE_UNKNOWN, code, label, text);
        } else if (port_is_taken(p->udp ? host->udp : host->tcp, p->number)) {
            hc_fmt(text, sizeof(text), "%s is taken", label);
            verdict_add(v, TAKE_NO, code, label, text);
        }
    }
}

/* AWS limits the reserved ports of a host and does not say whether TCP and UDP
 * count together: more in one list is "no", more in both is "unknown".  False:
 * "no", and no port of such lists is looked for. */
static bool row_port_limit(struct verdict *v, const struct hc_ecs_needs *needs,
                           const struct hc_ecs_host *host)
{
    int64_t n[2] = { 0, 0 };
    bool asks[2] = { false, false };

    if (needs->ports == NULL)
        return true;
    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next) {
        asks[p->udp] = true;
        n[p->udp]++;
    }
    for (const struct hc_ecs_text *t = host->tcp; t != NULL; t = t->next)
        n[0]++;
    for (const struct hc_ecs_text *t = host->udp; t != NULL; t = t->next)
        n[1]++;
    if ((asks[0] && n[0] > PLACEMENT_PORTS) ||
        (asks[1] && n[1] > PLACEMENT_PORTS)) {
        verdict_add(v, TAKE_NO, TAKE_PORTS_100, "reserved ports",
                    "its reserved ports would be more than 100");
        return false;
    }
    if (n[0] + n[1] > PLACEMENT_PORTS)
        verdict_add(v, TAKE_UNKNOWN, TAKE_PORTS_100, "reserved ports",
                    "its reserved ports, TCP and UDP together, would be more "
                    "than 100");
    return true;
}

/* The tasks on a host, those that begin too; -1: the answer does not say. */
static int64_t host_tasks(const struct hc_ecs_host *host)
{
    return host->running < 0 || host->pending < 0 ||
                   host->pending > INT64_MAX - host->running
               ? -1 : host->running + host->pending;
}

/* Whether remainingResources lists free or used GPUs is not documented, so
 * only a host without tasks is known to have all of its own free. */
static void row_gpu(struct verdict *v, const struct hc_ecs_needs *needs,
                    const struct hc_ecs_host *host)
{
    int64_t need = needs->gpus == HC_ECS_ALL_GPUS ? 1 : needs->gpus;
    char text[100];

    if (need == 0)
        return;
    if (host->gpus < 0) {
        verdict_add(v, TAKE_UNKNOWN, TAKE_GPU, "GPU",
                    "ECS does not tell its GPUs");
    } else if (need > host->gpus) {
        hc_fmt(text, sizeof(text), "%lld GPU%s wanted, it has %lld",
               (long long)need, need == 1 ? "" : "s", (long long)host->gpus);
        verdict_add(v, TAKE_NO, TAKE_GPU, "GPU", text);
    } else if (host_tasks(host) != 0) {
        verdict_add(v, TAKE_UNKNOWN, TAKE_GPU, "free GPUs",
                    "it runs tasks: ECS does not tell free GPUs");
    }
}

/* Network interfaces are in no list of resources.  The smallest instance type
 * has room for one task, and each type that has a trunk for at least four. */
static void row_eni(struct verdict *v, const struct hc_ecs_host *host)
{
    int64_t tasks = host_tasks(host);
    bool trunk = host_value(host, "ecs.awsvpc-trunk-id").n > 0;
    char text[120];

    if (tasks == 0 || (trunk && tasks > 0 && tasks < PLACEMENT_TRUNKED))
        return;
    if (tasks < 0)
        hc_fmt(text, sizeof(text), "awsvpc: ECS tells neither its tasks nor "
               "its free network interfaces");
    else
        hc_fmt(text, sizeof(text), "awsvpc, %lld task%s there: ECS does not "
               "tell free network interfaces", (long long)tasks,
               tasks == 1 ? "" : "s");
    verdict_add(v, TAKE_UNKNOWN, TAKE_ENI, "a network interface", text);
}

static bool subnet_is_own(const struct hc_ecs_service *s,
                          const struct hc_ecs_host *host)
{
    struct hc_str subnet = host_value(host, "ecs.subnet-id");
    const struct hc_ecs_text *t = s->subnets;

    while (t != NULL && !hc_str_eq(t->s, subnet))
        t = t->next;
    return subnet.n > 0 && t != NULL;
}

static bool zone_is_known(const struct hc_placement_task *t, struct hc_str zone)
{
    for (size_t i = 0; i < t->zones_n; i++)
        if (hc_str_eq(t->zones[i], zone))
            return true;
    return false;
}

/* ECS places a task in the zones of the service's subnets.  Only hosts that
 * stand in a subnet tell which zone it is in. */
static void row_zone(struct verdict *v, const struct hc_placement_task *t,
                     const struct hc_ecs_host *host)
{
    struct hc_str zone = host_value(host, "ecs.availability-zone");
    char text[140];

    if (subnet_is_own(t->service, host) || zone_is_known(t, zone))
        return;
    hc_fmt(text, sizeof(text), "awsvpc: whether a subnet of the service is in "
           "its zone %.*s is not known", HC_STR_ARG(zone));
    verdict_add(v, TAKE_UNKNOWN, TAKE_ZONE, "a subnet in its zone", text);
}

static void row_volume(struct verdict *v, const struct hc_ecs_service *s,
                       const struct hc_ecs_host *host)
{
    if (s->volumes && host_tasks(host) != 0)
        verdict_add(v, TAKE_UNKNOWN, TAKE_EBS, "an EBS slot",
                    "it runs tasks: ECS does not tell free slots of EBS "
                    "volumes");
}

static void row_unclear(struct verdict *v, const struct hc_ecs_needs *needs)
{
    char text[120];

    if (needs->unclear == NULL)
        return;
    hc_fmt(text, sizeof(text), "this version does not understand %s of the "
           "task definition", needs->unclear);
    verdict_add(v, TAKE_UNKNOWN, TAKE_DEFINITION, needs->unclear, text);
}

/* ECS places by the constraints of the service and of its task definition. */
static void row_constraint(struct verdict *v,
                           const struct hc_placement_task *t)
{
    char text[HC_TAKE_TEXT];

    if (t->unheeded.n == 0)
        return;
    hc_fmt(text, sizeof(text), "whether it meets the placement constraint "
           "%.*s is not known", HC_STR_ARG(t->unheeded));
    verdict_add(v, TAKE_UNKNOWN, TAKE_CONSTRAINT, "a placement constraint",
                text);
}

static void rows_of_definition(struct verdict *v,
                               const struct hc_placement_task *t,
                               const struct hc_ecs_host *host)
{
    const struct hc_ecs_needs *needs = t->needs;

    row_unclear(v, needs);
    row_constraint(v, t);
    row_attributes(v, t->service, needs, host);
    row_os(v, needs, host);
    row_architecture(v, t, host);
    row_amount(v, TAKE_CPU, "CPU units", "CPU units", needs->cpu,
               host->cpu_free);
    row_amount(v, TAKE_MEMORY, "memory", "MiB", needs->memory,
               host->memory_free);
    if (row_port_limit(v, needs, host))
        row_ports(v, needs, host);
    row_gpu(v, needs, host);
    if (needs->network == NETWORK_AWSVPC) {
        row_eni(v, host);
        row_zone(v, t, host);
    }
    row_volume(v, t->service, host);
}

/* "256 of 412 CPU units, 512 of 900 MiB, port 8125/udp is free" */
static void say_amount(char to[HC_TAKE_TEXT], int64_t need, int64_t left,
                       const char *unit)
{
    char text[80];

    if (need <= 0)
        return;
    hc_fmt(text, sizeof(text), "%lld of %lld %s", (long long)need,
           (long long)left, unit);
    text_add(to, ", ", text);
}

static void say_room(char to[HC_TAKE_TEXT], const struct hc_ecs_needs *needs,
                     const struct hc_ecs_host *host)
{
    char text[80];

    say_amount(to, needs->cpu, host->cpu_free, "CPU units");
    say_amount(to, needs->memory, host->memory_free, "MiB");
    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next) {
        hc_fmt(text, sizeof(text), "port %lld/%s is free",
               (long long)p->number, p->udp ? "udp" : "tcp");
        text_add(to, ", ", text);
    }
    if (to[0] == '\0')
        text_add(to, "", "the task asks for no room");
}

enum hc_take hc_placement_take(const struct hc_placement_task *t,
                               const struct hc_ecs_host *host, bool runs,
                               struct hc_take_why *why)
{
    struct verdict v = { TAKE_YES, why };

    *why = (struct hc_take_why){ .label = "" };
    row_status(&v, host);
    row_launch(&v, t->service, host);
    row_provider(&v, t->service, host);
    if (v.take == TAKE_YES && runs) {
        hc_fmt(why->text, sizeof(why->text), "it runs a task of the service");
        return TAKE_YES;
    }
    row_agent(&v, host);
    if (t->needs == NULL)
        verdict_add(&v, TAKE_UNKNOWN, TAKE_DEFINITION, "the task definition",
                    "the task definition is not known");
    else
        rows_of_definition(&v, t, host);
    if (v.take == TAKE_YES)
        say_room(why->text, t->needs, host);
    return v.take;
}

enum hc_take hc_placement_pass(struct hc_take_why *why)
{
    struct verdict v = { TAKE_YES, why };

    verdict_add(&v, TAKE_UNKNOWN, TAKE_PASSED_OVER, "passed over by ECS",
                "looks free, but ECS chose hosts that came later");
    return v.take;
}

void hc_placement_learn(struct hc_placement_task *t,
                        const struct hc_ecs_host *host, bool runs)
{
    struct hc_str zone = host_value(host, "ecs.availability-zone");

    if (runs && t->needs != NULL && architecture_is_other(t->needs, host))
        t->runs_elsewhere = true;
    if (subnet_is_own(t->service, host) && zone.n > 0 &&
        t->zones_n < HC_PLACEMENT_ZONES && !zone_is_known(t, zone))
        t->zones[t->zones_n++] = zone;
}

/* ---- all hosts ---- */

void hc_placement_add(struct hc_placement *p, size_t at, enum hc_take take,
                      const struct hc_take_why *why)
{
    struct hc_placement_share *s = &p->shares[at];
    const char *label = why->label;
    size_t i = 0;

    if (take == TAKE_YES) {
        s->can++;
        p->can++;
        return;
    }
    if (take == TAKE_NO) {
        p->cannot++;
    } else if (why->code == TAKE_PASSED_OVER) {
        s->passed++;
        p->passed++;
    } else {
        s->unknown++;
        p->unknown++;
    }
    while (i < p->lacks_n && (p->lacks[i].take != take ||
                              strcmp(p->lacks[i].label, label) != 0))
        i++;
    if (i == HC_PLACEMENT_LACKS) {
        i = HC_PLACEMENT_LACKS - 1;
        label = "";
    } else if (i == p->lacks_n) {
        p->lacks_n++;
    }
    p->lacks[i].take = take;
    p->lacks[i].passed = why->code == TAKE_PASSED_OVER;
    hc_fmt(p->lacks[i].label, sizeof(p->lacks[i].label), "%s", label);
    p->lacks[i].n++;
}
