/* tests/reconcile/exchange/check_test.c - an answer is ours, and a list comes
 * to an end, or it is refused with a sentence. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/exchange/check.h"

static struct script *set(void)
{
    struct script *s = script_set(NULL, 0);

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config,
                                 &s->error), 0);
    hc_exchange_set(&s->r.exchange, &hc_exchange_host_arns, NULL, NULL);
    return s;
}

TEST(check, only_what_the_request_names_was_asked)
{
    struct script *s = set();
    struct hc_exchange *x = &s->r.exchange;

    CHECK(!hc_check_was_asked(x, HC_STR("web")));
    x->ids[x->ids_n++] = HC_STR("web");
    CHECK(hc_check_was_asked(x, HC_STR("web")));
    CHECK(!hc_check_was_asked(x, HC_STR("we")));
    x->ids[x->ids_n] = HC_STR("log");    /* of an earlier request */
    CHECK(!hc_check_was_asked(x, HC_STR("log")));
    hc_reconcile_fini(&s->r);
}

TEST(check, an_arn_of_another_place_is_not_ours)
{
    static const struct { const char *arn; bool cluster, service; } rows[] = {
        { "", true, true },
        { SCRIPT_CLUSTER, true, false },
        { SCRIPT_AT "cluster/stage", false, false },
        { SCRIPT_AT "service/prod/web", false, true },
        { SCRIPT_AT "service/stage/web", false, false },
        { "arn:aws:ecs:us-east-1:111122223333:cluster/prod", false, false },
        { "a/b", false, false },
    };
    struct script *s = set();

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_str arn = hc_str(rows[i].arn);

        CHECK_INT(hc_check_is_our_cluster(&s->r.run, arn), rows[i].cluster);
        CHECK_INT(hc_check_is_our_service(&s->r.run, arn), rows[i].service);
    }
    hc_reconcile_fini(&s->r);
}

TEST(check, the_first_arn_of_the_cluster_stays)
{
    struct script *s = set();
    struct hc_run *r = &s->r.run;
    char arn[] = SCRIPT_CLUSTER;

    hc_check_learn_cluster(r, HC_STR(""));
    CHECK(!hc_arn_is_full(&r->cluster));
    hc_check_learn_cluster(r, hc_str(arn));
    memset(arn, 'x', sizeof(arn) - 1);   /* the answer is freed */
    CHECK(hc_str_eqz(r->cluster.text, SCRIPT_CLUSTER));
    hc_check_learn_cluster(r, HC_STR("arn:aws:ecs:eu-west-1:444455556666:"
                                     "cluster/prod"));
    CHECK(hc_str_eqz(r->cluster.text, SCRIPT_CLUSTER));
    hc_reconcile_fini(&s->r);
}

static int turn(struct script *s, const char *next)
{
    const struct hc_ecs_arns v = { .next = hc_str(next) };

    return hc_check_page(&s->r.run, &s->r.exchange, &v);
}

TEST(check, a_list_comes_to_an_end)
{
    struct script *s = set();
    struct hc_exchange *x = &s->r.exchange;
    int got = 0;

    CHECK_INT(turn(s, ""), 1);
    hc_pages_reset(&x->pages);
    CHECK_INT(turn(s, "a"), 0);
    CHECK_Z(x->error.what, "");
    CHECK_INT(turn(s, "a"), HEADCOUNT_EANSWER);
    CHECK(strstr(x->error.what, "ListContainerInstances for cluster prod ") !=
          NULL);
    CHECK(strstr(x->error.what, "nothing is made of this answer") != NULL);
    hc_pages_reset(&x->pages);
    hc_error_reset(&x->error);
    for (int i = 0; got == 0 && i < 20; i++)
        got = turn(s, i % 2 == 0 ? "a" : "b");
    CHECK_INT(got, HEADCOUNT_EANSWER);
    CHECK(x->error.what[0] != '\0');
    hc_reconcile_fini(&s->r);
}

TEST(check, a_refusal_names_what_and_where)
{
    struct script *s = set();
    struct hc_exchange *x = &s->r.exchange;

    CHECK_INT(hc_check_refuse(&s->r.run, x, "ECS says", HC_STR("x")),
              HEADCOUNT_EANSWER);
    CHECK_Z(x->error.what, "ECS says \"x\" in cluster prod: nothing is made "
            "of this answer");
    hc_error_reset(&x->error);
    CHECK_INT(hc_check_no_memory(x, "facts"), HEADCOUNT_ENOMEM);
    CHECK_Z(x->error.what, "no memory for facts");
    hc_reconcile_fini(&s->r);
}
