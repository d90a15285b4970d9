/* ecs/ops_definitions.c - DescribeTaskDefinition: which hosts a task definition
 * says its tasks may stand on, and whether one host has room for two of them.
 *
 * A port of the host is taken by one task at a time.  With the network mode
 * host every port of a container is the host's.  With bridge those are that
 * hostPort names; 0 and absent mean one that ECS picks.  With awsvpc and none
 * no port is the host's, and of a mode that is new nothing is assumed.
 */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { DEFINITION_ITSELF, DEFINITION_ARN, DEFINITION_CONSTRAINT,
       DEFINITION_NETWORK, DEFINITION_CONTAINER, DEFINITION_MAPPING,
       DEFINITION_HOST_PORT, DEFINITION_PORT };

static const struct hc_view_member definition_mapping[] = {
    { "hostPort", VIEW_INT, DEFINITION_HOST_PORT, NULL },
    { "containerPort", VIEW_INT, DEFINITION_PORT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_container[] = {
    { "portMappings", VIEW_OBJECTS, DEFINITION_MAPPING, definition_mapping },
    HC_VIEW_LAST
};

static const struct hc_view_member definition_itself[] = {
    { "taskDefinitionArn", VIEW_TEXT, DEFINITION_ARN, NULL },
    { "networkMode", VIEW_TEXT, DEFINITION_NETWORK, NULL },
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

static enum hc_ecs_network definition_network(struct hc_str mode)
{
    if (hc_str_eqz(mode, "host"))
        return NETWORK_HOST;
    return hc_str_eqz(mode, "bridge") || hc_str_eqz(mode, "default") ||
                   hc_str_eqz(mode, "nat")
               ? NETWORK_BRIDGE : NETWORK_OWN;
}

static int definition_sink(void *ud, const struct hc_view_item *item,
                           struct headcount_error *e)
{
    struct hc_ecs_definition *v = ud;

    (void)e;
    switch (item->id) {
    /* networkMode may come after the ports.  With "host" a container's port is
     * the host's own, whatever hostPort says. */
    case DEFINITION_ITSELF:
        v->fixed_port = (v->network == NETWORK_BRIDGE && v->host_port) ||
                        (v->network == NETWORK_HOST && v->any_port);
        break;
    case DEFINITION_CONTAINER:
    case DEFINITION_MAPPING:
        break;
    case DEFINITION_ARN:
        v->arn = hc_arena_str(&v->answer.arena, item->text);
        break;
    case DEFINITION_NETWORK:
        v->network = definition_network(item->text);
        break;
    case DEFINITION_HOST_PORT:
        v->host_port |= item->number > 0;
        v->any_port |= item->number > 0;
        break;
    case DEFINITION_PORT:
        v->any_port |= item->number > 0;
        break;
    case DEFINITION_CONSTRAINT:
        if (item->mark == VIEW_BEGIN)
            v->constraint = (struct hc_ecs_constraint){ .type = HC_STR("") };
        else
            v->unclear |= !hc_ecs_shape_constraint_end(
                &v->constraint, &v->answer.arena, &v->constraints);
        break;
    default:
        hc_ecs_shape_constraint(&v->constraint, &v->answer.arena, item);
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
