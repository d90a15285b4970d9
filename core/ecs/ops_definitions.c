/* ecs/ops_definitions.c - DescribeTaskDefinition: which hosts a task definition
 * says its tasks may stand on. */
#include "ecs/ops.h"
#include "ecs/parts.h"

enum { DEFINITION_ITSELF, DEFINITION_ARN, DEFINITION_CONSTRAINT };

static const struct hc_view_member definition_itself_members[] = {
    { "taskDefinitionArn", VIEW_TEXT, DEFINITION_ARN, NULL },
    { "placementConstraints", VIEW_OBJECTS, DEFINITION_CONSTRAINT,
      &hc_ecs_constraint_shape }
};
static const struct hc_view_shape definition_itself =
    HC_VIEW_SHAPE(definition_itself_members);

static const struct hc_view_member definition_members[] = {
    { "taskDefinition", VIEW_OBJECT, DEFINITION_ITSELF, &definition_itself }
};
static const struct hc_view_shape definition_shape =
    HC_VIEW_SHAPE(definition_members);

void hc_ecs_put_describe_definition(struct hc_buf *out, struct hc_str arn)
{
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "taskDefinition", arn);
    hc_buf_chr(out, '}');
}

static int definition_sink(void *ud, const struct hc_view_item *item,
                           struct hc_error *e)
{
    struct hc_ecs_definition *v = ud;

    if (item->id == DEFINITION_ARN)
        v->arn = hc_keep_str(&v->keep, item->text);
    else if (item->id == DEFINITION_CONSTRAINT && item->mark == VIEW_BEGIN)
        v->constraint = (struct hc_ecs_constraint){ .type = HC_STR("") };
    else if (item->id == DEFINITION_CONSTRAINT)
        v->unclear |= !hc_ecs_part_constraint_end(&v->constraint, &v->keep,
                                                  &v->constraints);
    else
        hc_ecs_part_constraint(&v->constraint, &v->keep, item);
    return hc_ecs_kept(&v->keep, v->view.what, e);
}

void hc_ecs_definition_init(struct hc_ecs_definition *v,
                            const struct hc_alloc *a)
{
    struct hc_view_config config = {
        .alloc = a, .root = &definition_shape, .sink = definition_sink,
        .ud = v, .what = "the answer to DescribeTaskDefinition",
        .code = HC_EANSWER, .max_bytes = HC_ECS_ANSWER, .max_text = 65536
    };

    *v = (struct hc_ecs_definition){ .unclear = false };
    hc_view_init(&v->view, &config);
    hc_keep_init(&v->keep, a, HC_ECS_SERVICE);
}

int hc_ecs_definition_feed(struct hc_ecs_definition *v, struct hc_str span,
                           struct hc_error *e)
{
    return hc_view_feed(&v->view, span, e);
}

int hc_ecs_definition_end(struct hc_ecs_definition *v, struct hc_error *e)
{
    int err = hc_view_end(&v->view, e);

    return err < 0 ? err : hc_ecs_kept(&v->keep, v->view.what, e);
}

void hc_ecs_definition_fini(struct hc_ecs_definition *v)
{
    hc_view_fini(&v->view);
    hc_keep_fini(&v->keep);
}
