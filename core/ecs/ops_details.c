/* ecs/ops_details.c - DescribeContainerInstances: a hundred hosts, and of each
 * what a count or a policy may ask for.
 */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { DETAIL_HOST, DETAIL_FAILURE };

/* The members of a host.  These numbers are lower than those of shapes.h. */
enum { HOST_ARN = 50, HOST_STATUS, HOST_PROVIDER, HOST_EC2_ID, HOST_CONNECTED,
       HOST_REGISTERED_AT, HOST_RUNNING, HOST_VERSION_INFO, HOST_AGENT,
       HOST_REGISTERED, HOST_REMAINING, HOST_RESOURCE, HOST_AMOUNT,
       HOST_ATTRIBUTE, HOST_ATTRIBUTE_NAME, HOST_ATTRIBUTE_VALUE, HOST_TAG,
       HOST_PENDING, HOST_SET };

static const struct hc_view_member details_resource[] = {
    { "name", VIEW_TEXT, HOST_RESOURCE, NULL },
    { "integerValue", VIEW_INT, HOST_AMOUNT, NULL },
    { "stringSetValue", VIEW_TEXTS, HOST_SET, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member details_attribute[] = {
    { "name", VIEW_TEXT, HOST_ATTRIBUTE_NAME, NULL },
    { "value", VIEW_TEXT, HOST_ATTRIBUTE_VALUE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member details_version[] = {
    { "agentVersion", VIEW_TEXT, HOST_AGENT, NULL },
    HC_VIEW_LAST
};

const struct hc_view_member hc_ecs_host_shape[] = {
    { "containerInstanceArn", VIEW_TEXT, HOST_ARN, NULL },
    { "status", VIEW_TEXT, HOST_STATUS, NULL },
    { "capacityProviderName", VIEW_TEXT, HOST_PROVIDER, NULL },
    { "ec2InstanceId", VIEW_TEXT, HOST_EC2_ID, NULL },
    { "agentConnected", VIEW_BOOL, HOST_CONNECTED, NULL },
    { "registeredAt", VIEW_TIME, HOST_REGISTERED_AT, NULL },
    { "runningTasksCount", VIEW_INT, HOST_RUNNING, NULL },
    { "pendingTasksCount", VIEW_INT, HOST_PENDING, NULL },
    { "versionInfo", VIEW_OBJECT, HOST_VERSION_INFO, details_version },
    { "registeredResources", VIEW_OBJECTS, HOST_REGISTERED, details_resource },
    { "remainingResources", VIEW_OBJECTS, HOST_REMAINING, details_resource },
    { "attributes", VIEW_OBJECTS, HOST_ATTRIBUTE, details_attribute },
    { "tags", VIEW_OBJECTS, HOST_TAG, hc_ecs_tag_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member details_shape[] = {
    { "containerInstances", VIEW_OBJECTS, DETAIL_HOST, hc_ecs_host_shape },
    { "failures", VIEW_OBJECTS, DETAIL_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

void hc_ecs_put_describe_hosts(struct hc_buf *out, struct hc_str cluster,
                               const struct hc_str *arns, size_t n, bool full)
{
    hc_ecs_put_cluster(out, cluster);
    hc_ecs_put_list(out, "containerInstances", arns, n);
    hc_buf_text(out, full ? ",\"include\":[\"TAGS\"]}" : "}");
}

/* ---- one host ---- */

/* Two amounts of one resource tell none. */
static void details_amount(int64_t *to, int64_t amount)
{
    *to = *to == -1 ? amount : -2;
}

/* The remaining PORTS are the ports that are taken, not those that are left.
 * Registered GPUs are a list of their ids. */
static void details_resource_end(const struct hc_ecs_host_part *p,
                                 struct hc_ecs_host *h, bool remaining,
                                 bool is_set)
{
    if (hc_str_eqz(p->resource, "CPU")) {
        details_amount(remaining ? &h->cpu_free : &h->cpu, p->amount);
    } else if (hc_str_eqz(p->resource, "MEMORY")) {
        details_amount(remaining ? &h->memory_free : &h->memory, p->amount);
    } else if (hc_str_eqz(p->resource, "GPU") && !remaining) {
        h->gpus = (int64_t)p->set_n;
    } else if (hc_str_eqz(p->resource, "PORTS") && remaining) {
        h->lists_tcp = is_set && h->tcp == NULL;
        h->tcp = p->set;
    } else if (hc_str_eqz(p->resource, "PORTS_UDP") && remaining) {
        h->lists_udp = is_set && h->udp == NULL;
        h->udp = p->set;
    }
    if (!remaining && h->gpus < 0)
        h->gpus = 0;
}

/* The same words stand on every host (instance types, zones, versions), so an
 * answer's words are kept once. */
static struct hc_str details_word(struct hc_ecs_host_part *p,
                                  struct hc_str text)
{
    uint64_t hash = hc_str_hash(HC_STR_HASH, text);
    struct hc_str *slot = &p->words[hash % HC_ECS_WORDS];

    if (slot->p == NULL || !hc_str_eq(*slot, text))
        *slot = hc_arena_str(p->arena, text);
    return *slot;
}

static void details_pair(struct hc_ecs_host_part *p, struct hc_ecs_tag **to,
                         const struct hc_view_item *item, bool names)
{
    struct hc_ecs_tag *pair = *to;

    if (!p->full || item->mark == VIEW_END)
        return;
    if (item->mark == VIEW_BEGIN) {
        pair = hc_arena_zero(p->arena, sizeof(*pair));
        if (pair != NULL) {
            pair->next = *to;
            *to = pair;
        }
    } else if (pair != NULL) {
        *(names ? &pair->key : &pair->value) = details_word(p, item->text);
    }
}

void hc_ecs_shape_host(struct hc_ecs_host_part *p, struct hc_ecs_host *h,
                      const struct hc_view_item *item)
{
    struct hc_str text = item->text;

    switch (item->id) {
    case HOST_REGISTERED:
    case HOST_REMAINING:
        if (item->mark == VIEW_END)
            details_resource_end(p, h, item->id == HOST_REMAINING,
                                 hc_view_gave(item, details_resource,
                                              HOST_SET));
        p->resource = HC_STR("");
        p->amount = -1;
        p->set = NULL;
        p->set_n = 0;
        break;
    case HOST_ATTRIBUTE:
    case HOST_ATTRIBUTE_NAME:
    case HOST_ATTRIBUTE_VALUE:
        details_pair(p, &h->attributes, item, item->id == HOST_ATTRIBUTE_NAME);
        break;
    case HOST_TAG:
    case PART_TAG_KEY:
    case PART_TAG_VALUE:
        details_pair(p, &h->tags, item, item->id == PART_TAG_KEY);
        break;
    case HOST_ARN:           h->arn = hc_arena_str(p->arena, text);     break;
    case HOST_EC2_ID:        h->ec2_id = hc_arena_str(p->arena, text);  break;
    case HOST_STATUS:        h->status = details_word(p, text);         break;
    case HOST_PROVIDER:      h->provider = details_word(p, text);       break;
    case HOST_AGENT:         h->agent_version = details_word(p, text);  break;
    case HOST_RESOURCE:      p->resource = details_word(p, text);       break;
    case HOST_CONNECTED:     h->connected = item->number != 0;          break;
    case HOST_REGISTERED_AT: h->registered_at = item->number;           break;
    case HOST_RUNNING:       h->running = item->number;                 break;
    case HOST_PENDING:       h->pending = item->number;                 break;
    case HOST_SET:
        p->set_n++;
        if (p->full)
            hc_ecs_shape_text(&p->set, p->arena, details_word(p, text));
        break;
    case HOST_AMOUNT:        p->amount = item->number;                  break;
    default:                                                            break;
    }
}

void hc_ecs_shape_host_init(struct hc_ecs_host *h)
{
    *h = (struct hc_ecs_host){
        .registered_at = -1, .running = -1, .pending = -1, .cpu = -1,
        .memory = -1, .cpu_free = -1, .memory_free = -1, .gpus = -1
    };
}

/* ---- the answer ---- */

static int details_sink(void *ud, const struct hc_view_item *item,
                        struct headcount_error *e)
{
    struct hc_ecs_host_details *v = ud;

    if (item->id == DETAIL_HOST || item->id == DETAIL_FAILURE) {
        size_t n = item->id == DETAIL_HOST ? v->hosts_n : v->failures_n;

        if (item->mark == VIEW_END)
            return 0;
        if (n == HC_ECS_BATCH)
            return hc_error_set(e, HEADCOUNT_EANSWER,
                                "%s holds more than %d elements",
                                v->answer.view.what, HC_ECS_BATCH);
        if (item->id == DETAIL_FAILURE)
            v->failures_n++;
        else
            hc_ecs_shape_host_init(&v->hosts[v->hosts_n++]);
    } else if (item->id >= PART_FAILURE_ARN &&
               item->id <= PART_FAILURE_DETAIL) {
        hc_ecs_shape_failure(&v->failures[v->failures_n - 1], &v->answer.arena,
                             item);
    } else {
        hc_ecs_shape_host(&v->part, &v->hosts[v->hosts_n - 1], item);
    }
    return 0;
}

void hc_ecs_host_details_init(struct hc_ecs_host_details *v,
                              const struct hc_alloc *a, bool full)
{
    *v = (struct hc_ecs_host_details){ .part = { .arena = &v->answer.arena,
                                                 .full = full } };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = details_shape, .sink = details_sink, .ud = v,
        .what = "the answer to DescribeContainerInstances"
    }, HC_ECS_KEPT);
    v->hosts =
        hc_arena_zero(&v->answer.arena, HC_ECS_BATCH * sizeof(*v->hosts));
    v->failures =
        hc_arena_zero(&v->answer.arena, HC_ECS_BATCH * sizeof(*v->failures));
}
