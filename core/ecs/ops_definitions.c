/* ecs/ops_definitions.c - DescribeTaskDefinition: which hosts a task definition
 * says its tasks may stand on, and what one task asks of its host.
 *
 * A port of the host is taken by one task at a time.  With the network mode
 * host every port of a container is the host's.  With bridge hostPort names a
 * port of the host; 0 and absent mean one that ECS picks.  With awsvpc and none
 * no port is the host's, and of a mode that is new nothing is assumed.
 *
 * ECS adds up CPU and memory as its agent does: the numbers of the task if it
 * has them, else the sum over its containers; a container's reservation goes
 * before its limit.
 */
#include "ecs/ops.h"
#include "ecs/shapes.h"

#define DEFINITION_MOST ((int64_t)1 << 40)   /* no host has more of it      */
#define DEFINITION_PORT_MOST 65535
#define DEFINITION_ATTRIBUTES 256            /* more are no definition's    */

enum { DEFINITION_ITSELF, DEFINITION_ARN, DEFINITION_CONSTRAINT,
       DEFINITION_NETWORK, DEFINITION_CONTAINER, DEFINITION_MAPPING,
       DEFINITION_HOST_PORT, DEFINITION_PORT, DEFINITION_PROTOCOL,
       DEFINITION_RANGE, DEFINITION_CPU, DEFINITION_MEMORY,
       DEFINITION_CONTAINER_CPU, DEFINITION_CONTAINER_MEMORY,
       DEFINITION_RESERVATION, DEFINITION_RESOURCE, DEFINITION_RESOURCE_TYPE,
       DEFINITION_RESOURCE_VALUE, DEFINITION_ACCELERATOR, DEFINITION_PLATFORM,
       DEFINITION_ARCHITECTURE, DEFINITION_OS, DEFINITION_ATTRIBUTE,
       DEFINITION_ATTRIBUTE_NAME, DEFINITION_ATTRIBUTE_VALUE };

static const struct hc_view_member definition_mapping[] = {
    { "hostPort", VIEW_INT, DEFINITION_HOST_PORT, NULL },
    { "containerPort", VIEW_INT, DEFINITION_PORT, NULL },
    { "protocol", VIEW_TEXT, DEFINITION_PROTOCOL, NULL },
    { "containerPortRange", VIEW_TEXT, DEFINITION_RANGE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_resource[] = {
    { "type", VIEW_TEXT, DEFINITION_RESOURCE_TYPE, NULL },
    { "value", VIEW_TEXT, DEFINITION_RESOURCE_VALUE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_container[] = {
    { "cpu", VIEW_INT, DEFINITION_CONTAINER_CPU, NULL },
    { "memory", VIEW_INT, DEFINITION_CONTAINER_MEMORY, NULL },
    { "memoryReservation", VIEW_INT, DEFINITION_RESERVATION, NULL },
    { "resourceRequirements", VIEW_OBJECTS, DEFINITION_RESOURCE,
      definition_resource },
    { "portMappings", VIEW_OBJECTS, DEFINITION_MAPPING, definition_mapping },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_platform[] = {
    { "cpuArchitecture", VIEW_TEXT, DEFINITION_ARCHITECTURE, NULL },
    { "operatingSystemFamily", VIEW_TEXT, DEFINITION_OS, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_attribute[] = {
    { "name", VIEW_TEXT, DEFINITION_ATTRIBUTE_NAME, NULL },
    { "value", VIEW_TEXT, DEFINITION_ATTRIBUTE_VALUE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_nothing[] = { HC_VIEW_LAST };

static const struct hc_view_member definition_itself[] = {
    { "taskDefinitionArn", VIEW_TEXT, DEFINITION_ARN, NULL },
    { "networkMode", VIEW_TEXT, DEFINITION_NETWORK, NULL },
    { "cpu", VIEW_TEXT, DEFINITION_CPU, NULL },
    { "memory", VIEW_TEXT, DEFINITION_MEMORY, NULL },
    { "runtimePlatform", VIEW_OBJECT, DEFINITION_PLATFORM,
      definition_platform },
    { "requiresAttributes", VIEW_OBJECTS, DEFINITION_ATTRIBUTE,
      definition_attribute },
    { "inferenceAccelerators", VIEW_OBJECTS, DEFINITION_ACCELERATOR,
      definition_nothing },
    { "containerDefinitions", VIEW_OBJECTS, DEFINITION_CONTAINER,
      definition_container },
    { "placementConstraints", VIEW_OBJECTS, DEFINITION_CONSTRAINT,
      hc_ecs_constraint_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_shape[] = {
    { "taskDefinition", VIEW_OBJECT, DEFINITION_ITSELF, definition_itself },
    HC_VIEW_LAST
};

void hc_ecs_put_describe_definition(struct hc_buf *out, struct hc_str arn)
{
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "taskDefinition", arn);
    hc_buf_chr(out, '}');
}

/* ---- its parts ---- */

static enum hc_ecs_network definition_network(struct hc_str mode)
{
    if (hc_str_eqz(mode, "host"))
        return NETWORK_HOST;
    if (hc_str_eqz(mode, "awsvpc"))
        return NETWORK_AWSVPC;
    if (hc_str_eqz(mode, "none"))
        return NETWORK_NONE;
    return hc_str_eqz(mode, "bridge") || hc_str_eqz(mode, "default") ||
                   hc_str_eqz(mode, "nat")
               ? NETWORK_BRIDGE : NETWORK_OTHER;
}

/* A number that no host can have says nothing, so it is not understood. */
static int64_t definition_amount(struct hc_ecs_definition *v, int64_t n,
                                 const char *member)
{
    if (n >= 0 && n <= DEFINITION_MOST)
        return n;
    v->needs.unclear = member;
    return 0;
}

/* A task has its CPU units and MiB as digits in a string. */
static int64_t definition_digits(struct hc_ecs_definition *v,
                                 struct hc_str text, const char *member)
{
    uint64_t n;

    if (!hc_str_u64(text, &n) || n > (uint64_t)DEFINITION_MOST) {
        v->needs.unclear = member;
        return 0;
    }
    return (int64_t)n;
}

static void definition_constraint(struct hc_ecs_definition *v,
                                  const struct hc_view_item *item)
{
    if (item->mark == VIEW_BEGIN)
        v->constraint = (struct hc_ecs_constraint){ .type = HC_STR("") };
    else
        v->unclear |= !hc_ecs_shape_constraint_end(
            &v->constraint, &v->answer.arena, &v->constraints);
}

static void definition_attribute_item(struct hc_ecs_definition *v,
                                      const struct hc_view_item *item)
{
    struct hc_arena *arena = &v->answer.arena;
    struct hc_ecs_tag *a = v->needs.attributes;

    if (item->mark == VIEW_BEGIN) {
        a = hc_arena_zero(arena, sizeof(*a));
        if (a == NULL)
            return;
        a->next = v->needs.attributes;
        v->needs.attributes = a;
    } else if (a != NULL && item->id == DEFINITION_ATTRIBUTE_NAME) {
        a->key = hc_arena_str(arena, item->text);
    } else if (a != NULL && item->id == DEFINITION_ATTRIBUTE_VALUE) {
        a->value = hc_arena_str(arena, item->text);
    }
}

/* hc_ecs_put_needs writes the member that is not understood as the type of a
 * resource.  Any other type that is new is a resource's own. */
static const char *definition_unclear(struct hc_str type)
{
    static const char *const members[] = {
        "cpu", "memory", "memoryReservation", "portMappings",
        "requiresAttributes", "inferenceAccelerators", "containerPortRange",
        "containerDefinitions"
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
        if (hc_str_eqz(type, members[i]))
            return members[i];
    return "resourceRequirements";
}

/* Its type may come after its value, and only GPUs are understood. */
static void definition_resource_item(struct hc_ecs_definition *v,
                                     const struct hc_view_item *item)
{
    struct hc_ecs_container *c = &v->container;
    uint64_t n;

    if (item->id == DEFINITION_RESOURCE_TYPE) {
        c->is_gpu = hc_str_eqz(item->text, "GPU");
        c->unclear = definition_unclear(item->text);
    } else if (item->id == DEFINITION_RESOURCE_VALUE) {
        c->gpus = hc_str_eqz(item->text, "ALL") ? HC_ECS_ALL_GPUS
                  : hc_str_u64(item->text, &n) && n <= INT32_MAX ? (int64_t)n
                                                                 : -2;
    } else if (item->mark == VIEW_BEGIN) {
        c->is_gpu = false;
        c->unclear = "resourceRequirements";
        c->gpus = -2;
    } else if (!c->is_gpu || c->gpus < HC_ECS_ALL_GPUS) {
        v->needs.unclear = c->unclear;
    } else if (c->gpus == HC_ECS_ALL_GPUS ||
               v->needs.gpus == HC_ECS_ALL_GPUS) {
        v->needs.gpus = HC_ECS_ALL_GPUS;
    } else {
        v->needs.gpus += c->gpus;
    }
}

static void definition_container_item(struct hc_ecs_definition *v,
                                      const struct hc_view_item *item)
{
    struct hc_ecs_container *c = &v->container;

    switch (item->id) {
    case DEFINITION_CONTAINER_CPU:
        c->cpu = definition_amount(v, item->number, "cpu");
        break;
    case DEFINITION_CONTAINER_MEMORY:
        c->memory = definition_amount(v, item->number, "memory");
        break;
    case DEFINITION_RESERVATION:
        c->reservation = definition_amount(v, item->number,
                                           "memoryReservation");
        break;
    default:
        if (item->mark == VIEW_BEGIN) {
            *c = (struct hc_ecs_container){ .cpu = 0 };
            v->has_container = true;
            break;
        }
        v->sum.cpu = definition_amount(v, v->sum.cpu + c->cpu, "cpu");
        v->sum.memory = definition_amount(
            v, v->sum.memory + (c->reservation > 0 ? c->reservation
                                                   : c->memory), "memory");
        break;
    }
}

static void definition_mapping_item(struct hc_ecs_definition *v,
                                    const struct hc_view_item *item)
{
    struct hc_ecs_mapping *m = v->mappings;

    if (item->id == DEFINITION_MAPPING && item->mark == VIEW_BEGIN) {
        m = hc_arena_zero(&v->answer.arena, sizeof(*m));
        if (m == NULL)
            return;
        m->next = v->mappings;
        v->mappings = m;
    }
    if (m == NULL)
        return;
    if (item->id == DEFINITION_HOST_PORT)
        m->host = item->number;
    else if (item->id == DEFINITION_PORT)
        m->container = item->number;
    else if (item->id == DEFINITION_PROTOCOL) {
        m->udp = hc_str_eqz(item->text, "udp");
        if (!m->udp && !hc_str_eqz(item->text, "tcp"))
            v->needs.unclear = "portMappings";
    } else if (item->id == DEFINITION_RANGE)
        m->range = true;
}

/* ---- the end: the network mode may have come last ---- */

static void definition_port(struct hc_ecs_definition *v, int64_t number,
                            bool udp)
{
    struct hc_ecs_port *p = hc_arena_zero(&v->answer.arena, sizeof(*p));

    if (p == NULL)
        return;
    if (number > DEFINITION_PORT_MOST)
        v->needs.unclear = "portMappings";
    *p = (struct hc_ecs_port){ number, udp, v->needs.ports };
    v->needs.ports = p;
}

/* Each host is compared with each of them, so their number has a bound. */
static void definition_count_attributes(struct hc_ecs_needs *needs)
{
    size_t n = 0;

    for (const struct hc_ecs_tag *a = needs->attributes; a != NULL; a = a->next)
        n++;
    if (n <= DEFINITION_ATTRIBUTES)
        return;
    needs->attributes = NULL;
    needs->unclear = "requiresAttributes";
}

static void definition_end(struct hc_ecs_definition *v)
{
    enum hc_ecs_network network = v->needs.network;
    struct hc_ecs_needs *needs = &v->needs;

    definition_count_attributes(needs);
    for (const struct hc_ecs_mapping *m = v->mappings; m != NULL; m = m->next) {
        int64_t port = m->host;

        if (m->host < 0 || m->container < 0)
            needs->unclear = "portMappings";
        if (network == NETWORK_HOST && port <= 0)
            port = m->container;
        if (network == NETWORK_HOST && m->range)
            needs->unclear = "containerPortRange";
        if ((network == NETWORK_HOST || network == NETWORK_BRIDGE) && port > 0)
            definition_port(v, port, m->udp);
    }
    v->fixed_port = needs->ports != NULL;
    if (network == NETWORK_OTHER)
        needs->unclear = "networkMode";
    /* An answer without containers leaves out their ports. */
    if (!v->has_container)
        needs->unclear = "containerDefinitions";
    if (needs->cpu == 0)
        needs->cpu = v->sum.cpu;
    if (needs->memory == 0)
        needs->memory = v->sum.memory;
}

static int definition_sink(void *ud, const struct hc_view_item *item,
                           struct headcount_error *e)
{
    struct hc_ecs_definition *v = ud;
    struct hc_arena *arena = &v->answer.arena;

    (void)e;
    switch (item->id) {
    case DEFINITION_ITSELF:
        if (item->mark == VIEW_END)
            definition_end(v);
        break;
    case DEFINITION_ARN:     v->arn = hc_arena_str(arena, item->text);   break;
    case DEFINITION_NETWORK:
        v->needs.network = definition_network(item->text);
        break;
    case DEFINITION_CPU:
        v->needs.cpu = definition_digits(v, item->text, "cpu");
        break;
    case DEFINITION_MEMORY:
        v->needs.memory = definition_digits(v, item->text, "memory");
        break;
    case DEFINITION_ARCHITECTURE:
        v->needs.architecture = hc_arena_str(arena, item->text);
        break;
    case DEFINITION_OS:
        v->needs.os = hc_arena_str(arena, item->text);
        break;
    case DEFINITION_ACCELERATOR:
        v->needs.unclear = "inferenceAccelerators";
        break;
    case DEFINITION_PLATFORM:                                             break;
    case DEFINITION_ATTRIBUTE:
    case DEFINITION_ATTRIBUTE_NAME:
    case DEFINITION_ATTRIBUTE_VALUE: definition_attribute_item(v, item);  break;
    case DEFINITION_RESOURCE:
    case DEFINITION_RESOURCE_TYPE:
    case DEFINITION_RESOURCE_VALUE:  definition_resource_item(v, item);   break;
    case DEFINITION_CONTAINER:
    case DEFINITION_CONTAINER_CPU:
    case DEFINITION_CONTAINER_MEMORY:
    case DEFINITION_RESERVATION:     definition_container_item(v, item);  break;
    case DEFINITION_MAPPING:
    case DEFINITION_HOST_PORT:
    case DEFINITION_PORT:
    case DEFINITION_PROTOCOL:
    case DEFINITION_RANGE:           definition_mapping_item(v, item);    break;
    case DEFINITION_CONSTRAINT:      definition_constraint(v, item);      break;
    default:
        hc_ecs_shape_constraint(&v->constraint, arena, item);
        break;
    }
    return 0;
}

void hc_ecs_definition_init(struct hc_ecs_definition *v,
                            const struct hc_alloc *a)
{
    *v = (struct hc_ecs_definition){ .unclear = false };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = definition_shape, .sink = definition_sink,
        .ud = v, .what = "the answer to DescribeTaskDefinition"
    }, HC_ECS_SERVICE);
}

int hc_ecs_needs_get(struct hc_ecs_definition *v, const struct hc_alloc *a,
                     struct hc_str text)
{
    int err;

    hc_ecs_definition_init(v, a);
    err = hc_ecs_answer_feed(&v->answer, HC_STR("{\"taskDefinition\":"), NULL);
    if (err == 0)
        err = hc_ecs_answer_feed(&v->answer, text, NULL);
    if (err == 0)
        err = hc_ecs_answer_feed(&v->answer, HC_STR("}"), NULL);
    return err < 0 ? err : hc_ecs_answer_end(&v->answer, NULL);
}
