/* reconcile/exchange/check.c - what every answer is checked for. */
#include "reconcile/exchange/check.h"

#include <string.h>

#include "aws/strike.h"
#include "base/text.h"

int hc_check_refuse(const struct hc_run *r, struct hc_exchange *x,
                    const char *what, struct hc_str which)
{
    return hc_error_set(&x->error, HEADCOUNT_EANSWER,
                        "%s \"%.*s\" in cluster %.*s: "
                        "nothing is made of this answer",
                        what, HC_STR_ARG(which), HC_STR_ARG(r->cluster.name));
}

int hc_check_no_memory(struct hc_exchange *x, const char *what)
{
    return hc_error_set(&x->error, HEADCOUNT_ENOMEM, "no memory for %s", what);
}

int hc_check_keep(struct hc_run *r, struct hc_exchange *x)
{
    if (hc_arena_join(&r->facts.arena, &x->view.answer.arena) == 0)
        return 0;
    return hc_error_set(&x->error, HEADCOUNT_EANSWER,
                        "ECS answers more about cluster "
                        "%.*s than is kept",
                        HC_STR_ARG(r->cluster.name));
}

bool hc_check_was_asked(const struct hc_exchange *x, struct hc_str name)
{
    for (size_t i = 0; i < x->ids_n; i++)
        if (hc_str_eq(x->ids[i], name))
            return true;
    return false;
}

bool hc_check_is_here(struct hc_run *r, const struct hc_arn *arn)
{
    hc_run_note_account(r, arn);
    return hc_run_is_here(r, arn);
}

bool hc_check_is_our_cluster(struct hc_run *r, struct hc_str text)
{
    struct hc_arn arn;

    return text.n == 0 || (hc_arn_cluster(&arn, text, NULL) == 0 &&
                           hc_check_is_here(r, &arn));
}

bool hc_check_is_our_service(struct hc_run *r, struct hc_str text)
{
    struct hc_arn arn;

    return text.n == 0 || (hc_arn_service(&arn, text, NULL) == 0 &&
                           hc_check_is_here(r, &arn));
}

bool hc_check_is_named(const struct hc_ecs_service *s, struct hc_str name)
{
    struct hc_arn arn;

    return s->arn.n == 0 || (hc_arn_service(&arn, s->arn, NULL) == 0 &&
                             hc_str_eq(arn.name, name));
}

struct hc_str hc_check_said(struct hc_run *r, const struct hc_exchange *x,
                            struct hc_str text)
{
    char said[2048];               /* as much as the arena formats */

    hc_fmt(said, sizeof(said), "%.*s", HC_STR_ARG(text));
    hc_call_strike(&x->call, said);
    return hc_str(hc_arena_fmt(&r->facts.arena, "%s", said));
}

struct hc_str hc_check_used(struct hc_run *r, const struct hc_exchange *x,
                            struct hc_str text)
{
    char *used = text.n < HC_STRIKE_LEAST
                     ? NULL : hc_arena_zero(&r->facts.arena, text.n + 1);

    if (used == NULL)
        return text;
    memcpy(used, text.p, text.n);
    hc_call_strike(&x->call, used);
    return hc_str(used);
}

void hc_check_tags(struct hc_run *r, const struct hc_exchange *x,
                   struct hc_ecs_tag *tags)
{
    for (; tags != NULL; tags = tags->next)
        if (hc_str_starts(tags->key, HC_STR("headcount:")))
            tags->value = hc_check_said(r, x, tags->value);
}

int hc_check_page(const struct hc_run *r, struct hc_exchange *x,
                  const struct hc_ecs_arns *v)
{
    const char *why = NULL;
    int err = hc_pages_turn(&x->pages, v->arns_n == 0, v->next, &why);

    if (err >= 0)
        return err;
    if (why == NULL)
        return hc_error_set(&x->error, err, "%s: %s", x->class->operation,
                            hc_error_sentence(err));
    return hc_error_set(&x->error, err,
                        "%s for cluster %.*s %s: nothing is made of this "
                        "answer", x->class->operation,
                        HC_STR_ARG(r->cluster.name), why);
}

/* The ARN is copied, because the look after a write forgets the answer of
 * DescribeClusters that holds it. */
void hc_check_learn_cluster(struct hc_run *r, struct hc_str text)
{
    if (text.n == 0 || hc_arn_is_full(&r->cluster))
        return;
    text = hc_arena_str(&r->facts.arena, text);
    if (text.n > 0)
        hc_arn_cluster(&r->cluster, text, NULL);
}
