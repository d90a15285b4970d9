/* tests/reconcile/exchange/exchange_test.c - one exchange: that no write leaves
 * a run that writes nothing, and that nothing is left of it, whatever becomes
 * of it. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

static struct hc_wish wish;

/* A run whose exchanges are made by hand. */
static struct script *set(const struct script_row *rows, size_t n)
{
    struct script *s = script_set(rows, n);

    wish = (struct hc_wish){ .service = HC_STR("web") };
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config,
                                 &s->error), 0);
    return s;
}

static struct hc_exchange *set_cluster(struct script *s)
{
    struct hc_fact_cluster *c = &s->r.run.facts.cluster[READING_FIRST];

    hc_exchange_set(&s->r.exchange, &hc_exchange_cluster, &c->fact, c);
    return &s->r.exchange;
}

static struct hc_exchange *set_write(struct script *s)
{
    hc_exchange_set(&s->r.exchange, &hc_exchange_update_service, NULL, NULL);
    s->r.exchange.ids[s->r.exchange.ids_n++] = HC_STR("web");
    s->r.run.plan.wanted = 12;
    return &s->r.exchange;
}

static void end(struct script *s)
{
    struct hc_exchange *x = &s->r.exchange;

    CHECK(x->in_call && x->in_view);
    hc_exchange_end(x, &s->r.run);
    CHECK(!x->in_call && !x->in_view);
    hc_exchange_end(x, &s->r.run);
    hc_reconcile_fini(&s->r);
    CHECK(!s->open);
    CHECK_INT(s->at, s->n);
}

/* ---- writes ---- */

TEST(exchange, a_write_sends_the_count_and_nothing_else)
{
    static const struct script_row rows[] = {
        { .operation = "UpdateService", .body = "{\"cluster\":\"prod\","
          "\"service\":\"web\",\"desiredCount\":12}" },
    };
    struct script *s = set(rows, 1);
    struct hc_exchange *x = set_write(s);

    x->until = s->now + 60 * HC_SECOND;
    CHECK(!hc_exchange_held(x, &s->r.run));
    CHECK_INT(hc_exchange_start(x, &s->r.run), 0);
    CHECK(s->r.run.write_id != NULL);
    end(s);
}

/* Whatever the plan says: each of these alone is enough. */
TEST(exchange, no_write_leaves_a_run_that_writes_nothing)
{
    for (int i = 0; i < 3; i++) {
        struct script *s = set(NULL, 0);
        struct hc_exchange *x = set_write(s);

        s->r.run.config.dry_run = i == 0;
        s->r.run.config.paused = i == 1;
        s->r.run.taken = i == 2;
        CHECK(hc_exchange_held(x, &s->r.run));
        CHECK_INT(hc_exchange_start(x, &s->r.run), HEADCOUNT_ESTATE);
        CHECK(!x->in_call && s->r.run.write_id == NULL);
        x = set_cluster(s);
        CHECK(!hc_exchange_held(x, &s->r.run));
        hc_reconcile_fini(&s->r);
    }
}

/* ---- its view and its call ---- */

TEST(exchange, a_view_is_opened_anew_for_each_attempt)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters", .restart = true,
          .body = "{\"clusters\":[\"prod\"],\"include\":[\"TAGS\"]}",
          .answer = "{\"clusters\":[{\"clusterName\":\"prod\",\"status\":"
              "\"ACTIVE\",\"registeredContainerInstancesCount\":3}]}" },
    };
    struct script *s = set(rows, 1);
    struct hc_exchange *x = set_cluster(s);
    int got = EXCHANGE_READS;

    CHECK_INT(hc_exchange_start(x, &s->r.run), 0);
    for (int i = 0; got != EXCHANGE_LEARNED && i < 100; i++) {
        got = hc_exchange_step(x, &s->r.run, s->now);
        s->now++;
    }
    CHECK_INT(got, EXCHANGE_LEARNED);
    CHECK_INT(s->r.run.facts.cluster[READING_FIRST].value.registered, 3);
    CHECK(s->r.run.known && s->r.run.read && !x->in_call && !x->in_view);
    hc_reconcile_fini(&s->r);
}

TEST(exchange, a_call_that_does_not_begin_leaves_its_reason)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters", .refuse = true,
          .fail = HEADCOUNT_EREGION },
    };
    struct script *s = set(rows, 1);
    struct hc_exchange *x = set_cluster(s);

    CHECK_INT(hc_exchange_start(x, &s->r.run), HEADCOUNT_EREGION);
    CHECK_Z(x->error.what, "it did not begin");
    CHECK(!x->in_call && !x->in_view);
    hc_reconcile_fini(&s->r);
}

TEST(exchange, a_request_that_would_be_too_long_is_not_made)
{
    static char filter[300000];
    struct script *s = set(NULL, 0);
    struct hc_exchange *x = &s->r.exchange;
    struct hc_fact_hosts *list;

    memset(filter, 'a', sizeof(filter));
    list = hc_facts_hosts(&s->r.run.facts, "ACTIVE",
                          hc_str_n(filter, sizeof(filter)), READING_FIRST);
    CHECK(list != NULL);
    hc_exchange_set(x, &hc_exchange_host_arns, &list->fact, list);
    CHECK_INT(hc_exchange_start(x, &s->r.run), HEADCOUNT_ELIMIT);
    CHECK(strstr(x->error.what, "too long") != NULL);
    CHECK(!x->in_call && !x->in_view);
    hc_reconcile_fini(&s->r);
}

static int describe(void)
{
    static const struct script_row row = { .operation = "DescribeClusters" };
    struct script *s = script_set(&row, 1);
    struct hc_exchange *x = &s->r.exchange;
    int err;

    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    err = hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, &s->error);
    if (err == 0)
        err = hc_exchange_start(set_cluster(s), &s->r.run);
    if (err == 0)
        err = hc_ecs_answer_feed(&x->view.answer,
                           HC_STR("{\"clusters\":[{\"status\":"), &x->error);
    CHECK(err == 0 || s->error.what[0] != '\0' || x->error.what[0] != '\0');
    hc_reconcile_fini(&s->r);
    return err;
}

TEST(exchange, memory_may_end_anywhere)
{
    struct script *s = set(NULL, 0);

    hc_reconcile_fini(&s->r);
    t_fails_every_allocation(describe);
}
