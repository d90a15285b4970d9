/* tests/plan/placement_test.c - every row of the table of placement. */
#include "t.h"

#include <string.h>

#include "plan/placement.h"

/* A host that can take the task, and a task that any host can take.  A row of
 * the table below changes one thing. */
struct scene {
    struct hc_ecs_service service;
    struct hc_ecs_needs needs;
    struct hc_ecs_host host;
    bool runs, unknown;               /* it runs the task; no definition     */
    const char *unheeded;
    struct hc_ecs_tag attributes[8], wanted[2];
    struct hc_ecs_text tcp, udp, many[120], subnet;
    struct hc_ecs_port port, ports[120];
    struct hc_ecs_share shares[2];
};

static void give(struct scene *s, size_t at, const char *name,
                 const char *value)
{
    s->attributes[at].key = hc_str(name);
    s->attributes[at].value = hc_str(value);
    s->attributes[at].next = s->host.attributes;
    s->host.attributes = &s->attributes[at];
}

static void want(struct scene *s, const char *name, const char *value)
{
    s->wanted[0] = (struct hc_ecs_tag){ hc_str(name), hc_str(value), NULL };
    s->needs.attributes = s->wanted;
}

static void set_up(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    s->service = (struct hc_ecs_service){ .name = HC_STR("agent"),
                                          .launch = LAUNCH_EC2 };
    s->host = (struct hc_ecs_host){
        .arn = HC_STR("arn:aws:ecs:eu-west-1:1:container-instance/prod/0a1"),
        .status = HC_STR("ACTIVE"), .connected = true,
        .cpu = 2048, .memory = 3900, .cpu_free = 412, .memory_free = 900,
        .lists_tcp = true, .lists_udp = true
    };
    s->tcp = (struct hc_ecs_text){ HC_STR("22"), NULL };
    s->host.tcp = &s->tcp;
    give(s, 0, "ecs.os-type", "linux");
    give(s, 1, "ecs.availability-zone", "eu-west-1a");
    give(s, 2, "ecs.subnet-id", "subnet-a");
}

static void share(struct scene *s, const char *own, const char *first,
                  int64_t weight, int64_t base)
{
    s->service.launch = LAUNCH_NONE;
    s->host.provider = hc_str(own);
    s->shares[0] = (struct hc_ecs_share){ hc_str(first), weight, base,
                                          &s->shares[1] };
    s->shares[1] = (struct hc_ecs_share){ HC_STR("other"), 1, 0, NULL };
    s->service.providers = s->shares;
}

/* ---- rows 1 to 9: status, launch type, provider ---- */

static void nothing(struct scene *s) { (void)s; }
static void draining(struct scene *s) { s->host.status = HC_STR("DRAINING"); }
static void registering(struct scene *s)
{
    s->host.status = HC_STR("REGISTERING");
    s->runs = true;
}
static void disconnected(struct scene *s) { s->host.connected = false; }
static void disconnected_runs(struct scene *s)
{
    s->host.connected = false;
    s->runs = true;
}
static void anywhere(struct scene *s)
{
    give(s, 3, "ecs.capability.external", "");
}
static void anywhere_of_strategy(struct scene *s)
{
    share(s, "blue", "blue", 1, 0);
    anywhere(s);
}
static void external_on_ec2(struct scene *s)
{
    s->service.launch = LAUNCH_EXTERNAL;
}
static void external_on_anywhere(struct scene *s)
{
    s->service.launch = LAUNCH_EXTERNAL;
    anywhere(s);
}
static void of_provider(struct scene *s) { share(s, "blue", "blue", 1, 0); }
static void of_no_provider(struct scene *s) { share(s, "", "blue", 1, 0); }
static void of_another(struct scene *s) { share(s, "green", "blue", 1, 0); }
static void of_weight_0(struct scene *s)
{
    share(s, "blue", "blue", 0, 0);
    s->runs = true;
}
static void of_base(struct scene *s) { share(s, "blue", "blue", 0, 2); }
static void of_the_only(struct scene *s)
{
    share(s, "blue", "blue", 0, 0);
    s->shares[0].next = NULL;
}

/* ---- rows 13 to 17: attributes, platform ---- */

static void attribute_there(struct scene *s)
{
    want(s, "ecs.capability.efs", "");
    give(s, 3, "ecs.capability.efs", "");
}
static void attribute_missing(struct scene *s)
{
    want(s, "com.amazonaws.ecs.capability.logging-driver.fluentd", "");
}
static void attribute_missing_runs(struct scene *s)
{
    attribute_missing(s);
    s->runs = true;
}
static void role_missing(struct scene *s)
{
    want(s, "com.amazonaws.ecs.capability.task-iam-role-network-host", "");
}
static void api_missing(struct scene *s)
{
    want(s, "com.amazonaws.ecs.capability.docker-remote-api.1.25", "");
}
static void value_equal(struct scene *s)
{
    want(s, "ecs.capability.cni-plugin-version", "2");
    give(s, 3, "ecs.capability.cni-plugin-version", "2");
}
static void value_other(struct scene *s)
{
    want(s, "ecs.capability.cni-plugin-version", "2");
    give(s, 3, "ecs.capability.cni-plugin-version", "1");
}
static void no_attributes(struct scene *s) { s->host.attributes = NULL; }
static void service_connect(struct scene *s) { s->service.connects = true; }
static void volumes(struct scene *s) { s->service.volumes = true; }
static void execute(struct scene *s) { s->service.executes = true; }
static void execute_there(struct scene *s)
{
    s->service.executes = true;
    give(s, 3, "ecs.capability.execute-command", "");
}
static void os_equal(struct scene *s)
{
    s->needs.os = HC_STR("LINUX");
    give(s, 3, "ecs.os-family", "linux");
}
static void os_other(struct scene *s)
{
    s->needs.os = HC_STR("WINDOWS_SERVER_2022_CORE");
    give(s, 3, "ecs.os-family", "LINUX");
}
static void os_not_told(struct scene *s) { s->needs.os = HC_STR("LINUX"); }
static void os_of_any(struct scene *s)
{
    give(s, 3, "ecs.os-family", "WINDOWS_SERVER_2022_CORE");
}
static void cpu_equal(struct scene *s)
{
    s->needs.architecture = HC_STR("ARM64");
    give(s, 3, "ecs.cpu-architecture", "arm64");
}
static void cpu_other(struct scene *s)
{
    s->needs.architecture = HC_STR("ARM64");
    give(s, 3, "ecs.cpu-architecture", "x86_64");
}
static void cpu_not_told(struct scene *s)
{
    s->needs.architecture = HC_STR("ARM64");
}

/* ---- rows 21 to 31: room ---- */

static void units_equal(struct scene *s) { s->needs.cpu = 412; }
static void units_more(struct scene *s) { s->needs.cpu = 413; }
static void units_not_told(struct scene *s)
{
    s->needs.cpu = 1;
    s->host.cpu_free = -1;
}
static void units_negative(struct scene *s)
{
    s->needs.cpu = 1;
    s->host.cpu_free = -64;
}
static void memory_equal(struct scene *s) { s->needs.memory = 900; }
static void memory_more(struct scene *s) { s->needs.memory = 901; }
static void port(struct scene *s, int64_t number, bool udp)
{
    s->port = (struct hc_ecs_port){ number, udp, NULL };
    s->needs.ports = &s->port;
}
static void port_free(struct scene *s) { port(s, 8125, true); }
static void port_taken(struct scene *s)
{
    port(s, 8125, true);
    s->udp = (struct hc_ecs_text){ HC_STR("8125"), NULL };
    s->host.udp = &s->udp;
}
static void port_taken_by_tcp(struct scene *s)
{
    port(s, 22, true);
}
static void port_tcp_taken(struct scene *s) { port(s, 22, false); }
static void ports_not_told(struct scene *s)
{
    port(s, 8125, true);
    s->host.lists_udp = false;
}
static void take_ports(struct scene *s, size_t tcp, size_t udp)
{
    struct hc_ecs_text **lists[2] = { &s->host.tcp, &s->host.udp };
    size_t n[2] = { tcp, udp }, at = 0;

    for (size_t i = 0; i < 2; i++) {
        *lists[i] = NULL;
        for (size_t k = 0; k < n[i]; k++, at++) {
            s->many[at].s = HC_STR("9");
            s->many[at].next = *lists[i];
            *lists[i] = &s->many[at];
        }
    }
}
static void ports_99(struct scene *s)
{
    port(s, 8125, false);
    take_ports(s, 99, 0);
}
static void ports_100(struct scene *s)
{
    port(s, 8125, false);
    take_ports(s, 100, 0);
}
static void ports_of_both(struct scene *s)
{
    port(s, 8125, false);
    s->ports[0] = (struct hc_ecs_port){ 8126, true, NULL };
    s->port.next = &s->ports[0];
    take_ports(s, 60, 50);
}
static void ports_of_the_other(struct scene *s)
{
    port(s, 8125, false);
    take_ports(s, 60, 50);
}
static void gpu_none(struct scene *s) { s->needs.gpus = 1; }
static void gpu_idle(struct scene *s)
{
    s->needs.gpus = 2;
    s->host.gpus = 2;
}
static void gpu_busy(struct scene *s)
{
    gpu_idle(s);
    s->host.running = 1;
}
static void gpu_all(struct scene *s)
{
    s->needs.gpus = HC_ECS_ALL_GPUS;
    s->host.gpus = 8;
}
static void gpu_all_of_none(struct scene *s)
{
    s->needs.gpus = HC_ECS_ALL_GPUS;
}
static void gpu_not_told(struct scene *s)
{
    s->needs.gpus = 1;
    s->host.gpus = -1;
}
static void awsvpc(struct scene *s)
{
    s->needs.network = NETWORK_AWSVPC;
    s->subnet = (struct hc_ecs_text){ HC_STR("subnet-a"), NULL };
    s->service.subnets = &s->subnet;
}
static void eni_busy(struct scene *s)
{
    awsvpc(s);
    s->host.running = 5;
    s->host.pending = 1;
}
static void eni_trunk(struct scene *s)
{
    awsvpc(s);
    give(s, 3, "ecs.awsvpc-trunk-id", "eni-1");
    s->host.running = 3;
}
static void eni_trunk_busy(struct scene *s)
{
    eni_trunk(s);
    s->host.running = 4;
}
static void eni_not_told(struct scene *s)
{
    awsvpc(s);
    s->host.pending = -1;
}
static void zone_not_known(struct scene *s)
{
    awsvpc(s);
    s->subnet.s = HC_STR("subnet-b");
}
static void volume_idle(struct scene *s)
{
    s->service.volumes = true;
    give(s, 3, "ecs.capability.storage.ebs-task-volume-attach", "");
}
static void volume_busy(struct scene *s)
{
    volume_idle(s);
    s->host.running = 1;
}
static void constrained(struct scene *s)
{
    s->unheeded = "attribute:a exists";
}
static void not_clear(struct scene *s)
{
    s->needs.unclear = "networkMode";
}
static void definition_not_known(struct scene *s) { s->unknown = true; }

static const struct row {
    const char *claim;
    void (*change)(struct scene *s);
    enum hc_take take;
    enum hc_take_code code;           /* of no and unknown                   */
    const char *says;                 /* a part of the text                  */
} rows[] = {
    { "a plain host", nothing, TAKE_YES, 0, "asks for no room" },
    { "1 draining", draining, TAKE_NO, TAKE_STATUS, "status is DRAINING" },
    { "1 registering", registering, TAKE_NO, TAKE_STATUS, "REGISTERING" },
    { "2 disconnected", disconnected, TAKE_NO, TAKE_AGENT, "not connected" },
    { "2 and runs it", disconnected_runs, TAKE_YES, 0, "it runs a task" },
    { "4 EC2, anywhere", anywhere, TAKE_NO, TAKE_EXTERNAL, "ECS Anywhere" },
    { "4 strategy, anywhere", anywhere_of_strategy, TAKE_NO, TAKE_EXTERNAL,
      "ECS Anywhere" },
    { "5 EXTERNAL, EC2", external_on_ec2, TAKE_NO, TAKE_EXTERNAL, "no host" },
    { "5 EXTERNAL, anywhere", external_on_anywhere, TAKE_YES, 0, "" },
    { "7 its provider", of_provider, TAKE_YES, 0, "" },
    { "7 no provider", of_no_provider, TAKE_NO, TAKE_PROVIDER, "no capacity" },
    { "7 another", of_another, TAKE_NO, TAKE_PROVIDER, "green is not in" },
    { "8 weight 0", of_weight_0, TAKE_NO, TAKE_PROVIDER, "blue has weight 0" },
    { "8 weight 0, base", of_base, TAKE_YES, 0, "" },
    { "8 the only one", of_the_only, TAKE_YES, 0, "" },
    { "13 there", attribute_there, TAKE_YES, 0, "" },
    { "13 missing", attribute_missing, TAKE_NO, TAKE_ATTRIBUTE,
      "lacks com.amazonaws.ecs.capability.logging-driver.fluentd "
      "(ECS_AVAILABLE_LOGGING_DRIVERS)" },
    { "13 and runs it", attribute_missing_runs, TAKE_YES, 0, "it runs a task" },
    { "13 role", role_missing, TAKE_NO, TAKE_ATTRIBUTE,
      "(ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST)" },
    { "13 no setting", api_missing, TAKE_NO, TAKE_ATTRIBUTE, "api.1.25" },
    { "13 value", value_equal, TAKE_YES, 0, "" },
    { "13 other value", value_other, TAKE_UNKNOWN, TAKE_ATTRIBUTE,
      "has another value there than \"2\", which is wanted" },
    { "13 none told", no_attributes, TAKE_UNKNOWN, TAKE_ATTRIBUTE, "none" },
    { "15 connect", service_connect, TAKE_UNKNOWN, TAKE_ATTRIBUTE,
      "service-connect-v1" },
    { "15 volumes", volumes, TAKE_UNKNOWN, TAKE_EBS, "storage.ebs-task" },
    { "15 execute", execute, TAKE_UNKNOWN, TAKE_ATTRIBUTE, "execute-command" },
    { "15 there", execute_there, TAKE_YES, 0, "" },
    { "16 equal", os_equal, TAKE_YES, 0, "" },
    { "16 other", os_other, TAKE_NO, TAKE_OS, "runs LINUX, and WINDOWS" },
    { "16 not told", os_not_told, TAKE_UNKNOWN, TAKE_OS, "does not tell" },
    { "16 any", os_of_any, TAKE_YES, 0, "" },
    { "17 equal", cpu_equal, TAKE_YES, 0, "" },
    { "17 other", cpu_other, TAKE_NO, TAKE_ARCHITECTURE,
      "by the runtimePlatform" },
    { "17 not told", cpu_not_told, TAKE_UNKNOWN, TAKE_ARCHITECTURE, "tell" },
    { "21 equal", units_equal, TAKE_YES, 0, "412 of 412 CPU units" },
    { "21 more", units_more, TAKE_NO, TAKE_CPU, "413 CPU units wanted, 412" },
    { "21 not told", units_not_told, TAKE_UNKNOWN, TAKE_CPU, "does not tell" },
    { "21 negative", units_negative, TAKE_UNKNOWN, TAKE_CPU, "not tell" },
    { "22 equal", memory_equal, TAKE_YES, 0, "900 of 900 MiB" },
    { "22 more", memory_more, TAKE_NO, TAKE_MEMORY, "901 MiB wanted, 900 lef" },
    { "23 free", port_free, TAKE_YES, 0, "port 8125/udp is free" },
    { "23 taken", port_taken, TAKE_NO, TAKE_PORT_UDP, "8125/udp is taken" },
    { "23 of tcp", port_taken_by_tcp, TAKE_YES, 0, "port 22/udp is free" },
    { "23 tcp", port_tcp_taken, TAKE_NO, TAKE_PORT_TCP, "22/tcp is taken" },
    { "23 not told", ports_not_told, TAKE_UNKNOWN, TAKE_PORT_UDP, "which udp" },
    { "25 99", ports_99, TAKE_YES, 0, "" },
    { "25 100", ports_100, TAKE_NO, TAKE_PORTS_100, "more than 100" },
    { "25 both", ports_of_both, TAKE_UNKNOWN, TAKE_PORTS_100, "together" },
    { "25 other", ports_of_the_other, TAKE_UNKNOWN, TAKE_PORTS_100, "togeth" },
    { "27 none", gpu_none, TAKE_NO, TAKE_GPU, "1 GPU wanted, it has 0" },
    { "27 idle", gpu_idle, TAKE_YES, 0, "" },
    { "27 busy", gpu_busy, TAKE_UNKNOWN, TAKE_GPU, "free GPUs" },
    { "27 all", gpu_all, TAKE_YES, 0, "" },
    { "27 all of none", gpu_all_of_none, TAKE_NO, TAKE_GPU, "has 0" },
    { "27 not told", gpu_not_told, TAKE_UNKNOWN, TAKE_GPU, "tell its GPUs" },
    { "29 idle", awsvpc, TAKE_YES, 0, "" },
    { "29 busy", eni_busy, TAKE_UNKNOWN, TAKE_ENI, "awsvpc, 6 tasks there" },
    { "29 trunk", eni_trunk, TAKE_YES, 0, "" },
    { "29 4 tasks", eni_trunk_busy, TAKE_UNKNOWN, TAKE_ENI, "4 tasks there" },
    { "29 not told", eni_not_told, TAKE_UNKNOWN, TAKE_ENI, "neither" },
    { "30 unknown", zone_not_known, TAKE_UNKNOWN, TAKE_ZONE, "eu-west-1a" },
    { "31 idle", volume_idle, TAKE_YES, 0, "" },
    { "31 busy", volume_busy, TAKE_UNKNOWN, TAKE_EBS, "slots of EBS" },
    { "18 not heeded", constrained, TAKE_UNKNOWN, TAKE_CONSTRAINT,
      "constraint attribute:a exists is not known" },
    { "28 not clear", not_clear, TAKE_UNKNOWN, TAKE_DEFINITION, "networkMode" },
    { "no definition", definition_not_known, TAKE_UNKNOWN, TAKE_DEFINITION,
      "definition is not known" }
};

static enum hc_take take(struct scene *s, struct hc_take_why *why)
{
    struct hc_placement_task t = {
        .service = &s->service, .needs = s->unknown ? NULL : &s->needs,
        .unheeded = hc_str(s->unheeded != NULL ? s->unheeded : "")
    };

    hc_placement_learn(&t, &s->host, s->runs);
    return hc_placement_take(&t, &s->host, s->runs, why);
}

TEST(placement, every_row_of_the_table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct scene s;
        struct hc_take_why why;

        set_up(&s);
        rows[i].change(&s);
        if (take(&s, &why) != rows[i].take ||
            (rows[i].take != TAKE_YES && why.code != rows[i].code) ||
            strstr(why.text, rows[i].says) == NULL)
            CHECK_Z(why.text, rows[i].claim);
        if (rows[i].take != TAKE_YES)
            CHECK(why.label[0] != '\0' && hc_take_name(why.code)[0] != '\0');
    }
}

TEST(placement, no_outweighs_unknown_and_says_all_its_reasons)
{
    struct hc_take_why why;
    struct scene s;

    set_up(&s);
    os_not_told(&s);
    port_taken(&s);
    s.needs.memory = 901;
    CHECK_INT(take(&s, &why), TAKE_NO);
    CHECK_INT(why.code, TAKE_MEMORY);
    CHECK_Z(why.text, "901 MiB wanted, 900 left; port 8125/udp is taken");
}

/* The host of the service's subnet tells in which zone that subnet is. */
TEST(placement, a_zone_is_learned_from_a_host_in_the_subnet)
{
    struct hc_placement_task t = { .service = NULL };
    struct hc_take_why why;
    struct scene a, b;

    set_up(&a);
    awsvpc(&a);
    set_up(&b);
    b.attributes[2].value = HC_STR("subnet-c");
    t.service = &a.service;
    t.needs = &a.needs;
    CHECK_INT(hc_placement_take(&t, &b.host, false, &why), TAKE_UNKNOWN);
    hc_placement_learn(&t, &a.host, false);
    CHECK_INT(hc_placement_take(&t, &b.host, false, &why), TAKE_YES);
    b.attributes[1].value = HC_STR("eu-west-1b");
    CHECK_INT(hc_placement_take(&t, &b.host, false, &why), TAKE_UNKNOWN);
}

/* Evidence: ECS placed it on a host of the other architecture. */
TEST(placement, an_architecture_that_ecs_ignores_bars_no_host)
{
    struct hc_placement_task t = { .service = NULL };
    struct hc_take_why why;
    struct scene s;

    set_up(&s);
    cpu_other(&s);
    t.service = &s.service;
    t.needs = &s.needs;
    hc_placement_learn(&t, &s.host, false);
    CHECK_INT(hc_placement_take(&t, &s.host, false, &why), TAKE_NO);
    hc_placement_learn(&t, &s.host, true);
    CHECK_INT(hc_placement_take(&t, &s.host, false, &why), TAKE_YES);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

TEST(placement, a_long_list_of_reasons_ends_with_a_whole_one)
{
    struct hc_take_why why;
    struct scene s;

    set_up(&s);
    s.needs.ports = NULL;
    for (size_t i = 0; i < 99; i++) {
        s.ports[i] = (struct hc_ecs_port){ 22, false, s.needs.ports };
        s.needs.ports = &s.ports[i];
    }
    CHECK_INT(take(&s, &why), TAKE_NO);
    CHECK(strlen(why.text) > 200);
    CHECK(ends_with(why.text, "; port 22/tcp is taken"));
    s.host.tcp = NULL;
    s.needs.ports = s.needs.ports->next;
    CHECK_INT(take(&s, &why), TAKE_YES);
    CHECK(strlen(why.text) > 200);
    CHECK(ends_with(why.text, ", port 22/tcp is free"));
}
