/* tests/cli/watch/inbox_test.c - which messages wait for which clusters:
 * tables, and random sequences beside a model that is simple enough to
 * believe. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/inbox.h"

#define SECOND ((int64_t)1000000)
#define VISIBILITY (60 * SECOND)

static struct inbox *inbox_of(size_t at_once)
{
    const struct inbox_config config = { .visibility = VISIBILITY,
                                        .at_once = at_once,
                                        .messages_max = 1000,
                                        .bytes_max = 1 << 20,
                                        .claims_max = 1000 };
    struct inbox *c = inbox_new(&config);

    CHECK(c != NULL);
    return c;
}

/* The message `id` about these clusters, each one letter; '*' is the sweep. */
static enum inbox_put put_at(struct inbox *c, const char *id,
                            const char *clusters, int64_t now)
{
    struct inbox_want wants[32];
    char keys[32][2], receipt[40];
    size_t n = strlen(clusters);

    for (size_t i = 0; i < n; i++) {
        keys[i][0] = clusters[i];
        keys[i][1] = '\0';
        wants[i] = (struct inbox_want){ clusters[i] == '*' ? NULL : keys[i],
                                       keys[i] };
    }
    snprintf(receipt, sizeof receipt, "%s@%lld", id, (long long)now);
    const struct inbox_given given = { .id = id, .receipt = receipt,
                                      .body = id, .body_n = strlen(id),
                                      .wants = wants, .wants_n = n };

    return inbox_put(c, &given, now);
}

static void put(struct inbox *c, const char *id, const char *clusters)
{
    CHECK_INT(put_at(c, id, clusters, 0), INBOX_TAKEN);
}

static struct inbox_begun begin(struct inbox *c, const char *cluster)
{
    struct inbox_begun begun = { .cluster = NULL };

    CHECK(inbox_begin(c, &begun));
    CHECK_Z(begun.key, cluster);
    CHECK_Z(begun.name, cluster);
    return begun;
}

static void none_begins(struct inbox *c)
{
    struct inbox_begun begun;

    CHECK(!inbox_begin(c, &begun));
}

/* The receipts, with a blank between them, of what take hands out. */
static const char *receipts(const struct inbox_item *items, size_t n)
{
    static char text[1000];

    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);

        snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? " " : "",
                 items[i].receipt);
    }
    return text;
}

static const char *deleted(struct inbox *c)
{
    struct inbox_item items[10];
    size_t n = inbox_take_done(c, items, 10, 0);
    const char *text = receipts(items, n);

    for (size_t i = 0; i < n; i++)
        inbox_forget(c, items[i].number);
    return text;
}

static size_t held(const struct inbox *c)
{
    struct inbox_counts counts;

    inbox_count(c, &counts);
    return counts.messages;
}

/* ---- messages and clusters ---- */

TEST(inbox, a_message_is_deleted_behind_its_reconcile)
{
    struct inbox *c = inbox_of(10);

    put(c, "1", "a");
    CHECK_Z(deleted(c), "");
    struct inbox_begun begun = begin(c, "a");

    CHECK_Z(begun.body, "1");
    CHECK_INT(begun.body_n, 1);
    CHECK_Z(deleted(c), "");
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    CHECK_Z(deleted(c), "");
    CHECK_INT(held(c), 0);
    none_begins(c);
    inbox_free(c);
}

TEST(inbox, what_is_about_nothing_is_deleted_at_once)
{
    struct inbox *c = inbox_of(10);

    put(c, "1", "");
    none_begins(c);
    CHECK_Z(deleted(c), "1@0");
    inbox_free(c);
}

TEST(inbox, messages_that_come_during_a_reconcile_are_one_more)
{
    struct inbox *c = inbox_of(10);
    char id[16];

    put(c, "1", "a");
    struct inbox_begun begun = begin(c, "a");

    for (int i = 2; i <= 9; i++) {
        snprintf(id, sizeof id, "%d", i);
        put(c, id, "a");
    }
    none_begins(c);
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    begun = begin(c, "a");
    CHECK_Z(begun.body, "9");
    none_begins(c);
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "2@0 3@0 4@0 5@0 6@0 7@0 8@0 9@0");
    none_begins(c);
    CHECK_INT(held(c), 0);
    inbox_free(c);
}

TEST(inbox, a_failure_leaves_the_message_to_come_back)
{
    struct inbox *c = inbox_of(10);
    struct inbox_counts counts;

    put(c, "1", "ab");
    put(c, "2", "b");
    struct inbox_begun a = begin(c, "a"), b = begin(c, "b");

    inbox_end(c, a.cluster, INBOX_FAILED);
    CHECK_INT(held(c), 2);           /* its other cluster is not given up */
    inbox_end(c, b.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "2@0");
    CHECK_INT(held(c), 0);
    inbox_count(c, &counts);
    CHECK_INT(counts.failed, 1);
    inbox_free(c);
}

TEST(inbox, what_is_kept_is_not_deleted)
{
    struct inbox *c = inbox_of(10);
    const struct inbox_want want = { "a", "a" };
    const struct inbox_given given = { .id = "1", .receipt = "1", .body = "1",
                                      .body_n = 1, .wants = &want,
                                      .wants_n = 1, .kept = true };

    CHECK_INT(inbox_put(c, &given, 0), INBOX_TAKEN);
    inbox_end(c, begin(c, "a").cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "");
    CHECK_INT(held(c), 0);
    inbox_free(c);
}

TEST(inbox, the_longest_waiting_is_first_and_no_more_than_may_be)
{
    struct inbox *c = inbox_of(2);

    put(c, "1", "c");
    put(c, "2", "a");
    put(c, "3", "b");
    put(c, "4", "c");
    struct inbox_begun first = begin(c, "c");

    begin(c, "a");
    none_begins(c);
    put(c, "5", "c");
    inbox_end(c, first.cluster, INBOX_WELL);
    begin(c, "b");                   /* c came again behind it */
    none_begins(c);
    inbox_free(c);
}

TEST(inbox, a_duplicate_settles_nothing_but_itself)
{
    struct inbox *c = inbox_of(10);

    put(c, "1", "a");
    put(c, "2", "a");
    put(c, "3", "a");
    struct inbox_begun begun = begin(c, "a");

    CHECK_Z(begun.body, "3");
    inbox_end(c, begun.cluster, INBOX_IDLE);
    CHECK_Z(deleted(c), "3@0");
    begun = begin(c, "a");
    CHECK_Z(begun.body, "2");
    put(c, "4", "a");
    inbox_end(c, begun.cluster, INBOX_IDLE);
    CHECK_Z(deleted(c), "2@0");
    begun = begin(c, "a");
    CHECK_Z(begun.body, "4");
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0 4@0");
    inbox_free(c);
}

static const char *shelved(struct inbox *c)
{
    struct inbox_item items[10];
    size_t n = inbox_take_shelved(c, items, 10);
    const char *text = receipts(items, n);

    for (size_t i = 0; i < n; i++)
        inbox_forget(c, items[i].number);
    return text;
}

/* One that names ours, too, waits for it; one that failed comes back as one. */
TEST(inbox, what_is_somebody_elses_is_shelved_and_settles_nothing_else)
{
    struct inbox *c = inbox_of(10);
    struct inbox_counts counts;

    put(c, "1", "a");
    put(c, "2", "ab");
    put(c, "3", "a");
    struct inbox_begun begun = begin(c, "a"), ours = begin(c, "b");

    CHECK_Z(begun.body, "3");
    inbox_end(c, begun.cluster, INBOX_FOREIGN);
    inbox_count(c, &counts);
    CHECK_INT(counts.released, 1);
    CHECK_Z(shelved(c), "3@0");
    CHECK_Z(shelved(c), "");
    begun = begin(c, "a");
    CHECK_Z(begun.body, "2");
    inbox_end(c, begun.cluster, INBOX_FOREIGN);
    CHECK_Z(shelved(c), "");
    inbox_end(c, ours.cluster, INBOX_FAILED);
    CHECK_Z(shelved(c), "");
    begun = begin(c, "a");
    CHECK_Z(begun.body, "1");
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    CHECK_INT(held(c), 0);
    inbox_count(c, &counts);
    CHECK_INT(counts.failed, 1);
    CHECK_INT(counts.released, 0);
    inbox_free(c);
}

TEST(inbox, a_cluster_that_is_named_twice_is_claimed_once)
{
    struct inbox *c = inbox_of(10);

    put(c, "1", "aa");
    struct inbox_begun begun = begin(c, "a");

    none_begins(c);
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    inbox_free(c);
}

TEST(inbox, a_sweep_covers_what_asked_before_it)
{
    struct inbox *c = inbox_of(1);

    inbox_sweep_begin(c);             /* nobody asked: it is time */
    CHECK(!inbox_sweep_is_wanted(c));
    put(c, "1", "*");
    put(c, "2", "*a");
    CHECK(!inbox_sweep_is_wanted(c)); /* never two */
    struct inbox_begun begun = begin(c, "a");

    inbox_end(c, begun.cluster, INBOX_WELL);
    inbox_sweep_end(c, INBOX_WELL);
    CHECK_Z(deleted(c), "");
    CHECK(inbox_sweep_is_wanted(c));
    inbox_sweep_begin(c);
    inbox_sweep_end(c, INBOX_FAILED);
    CHECK_Z(deleted(c), "");
    CHECK_INT(held(c), 0);
    put(c, "1", "*");
    inbox_sweep_begin(c);
    inbox_sweep_end(c, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    inbox_free(c);
}

/* ---- what the queue is told ---- */

TEST(inbox, a_message_that_comes_again_has_the_newer_receipt)
{
    struct inbox *c = inbox_of(10);

    put(c, "1", "a");
    struct inbox_begun begun = begin(c, "a");

    CHECK_INT(put_at(c, "1", "a", 5), INBOX_KNOWN);
    inbox_end(c, begun.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@5");
    none_begins(c);
    inbox_free(c);
}

TEST(inbox, a_delete_that_failed_is_tried_again_and_not_for_ever)
{
    struct inbox *c = inbox_of(10);
    struct inbox_item item;
    int64_t now = 0;
    int tries = 0;

    put(c, "1", "");
    for (bool again = true; again; tries++) {
        CHECK_INT(inbox_take_done(c, &item, 1, now), 1);
        CHECK_INT(inbox_take_done(c, &item, 1, now), 0);
        again = inbox_not_deleted(c, item.number, now);
        CHECK_INT(inbox_take_done(c, &item, 1, now), 0);
        if (again)
            now = inbox_deletes_due(c);
    }
    CHECK_INT(tries, 5);
    CHECK_INT(now, 15 * SECOND);
    CHECK_INT(held(c), 0);
    inbox_free(c);
}

TEST(inbox, visibility_is_extended_at_half_and_for_twelve_hours)
{
    struct inbox *c = inbox_of(10);
    struct inbox_item item;
    int64_t now = 0, last = 0;
    int times = 0;

    put(c, "1", "a");
    begin(c, "a");
    CHECK_INT(inbox_take_due(c, &item, 1, VISIBILITY / 2 - 1), 0);
    while ((now = inbox_extensions_due(c)) != INT64_MAX) {
        CHECK_INT(now - last, VISIBILITY / 2);
        if (inbox_take_due(c, &item, 1, now) == 0)
            break;
        times++;
        last = now;
    }
    CHECK_INT(last, 12 * 3600 * SECOND - VISIBILITY);
    CHECK_INT(times, last / (VISIBILITY / 2));
    inbox_free(c);
}

TEST(inbox, an_extension_that_failed_is_tried_before_it_is_too_late)
{
    struct inbox *c = inbox_of(10);
    struct inbox_item item;
    int64_t now = VISIBILITY / 2;

    put(c, "1", "a");
    CHECK_INT(inbox_take_due(c, &item, 1, now), 1);
    inbox_not_extended(c, item.number, now);
    CHECK_INT(inbox_extensions_due(c), now + VISIBILITY / 8);
    inbox_free(c);
}

TEST(inbox, what_is_done_is_not_extended)
{
    struct inbox *c = inbox_of(10);
    struct inbox_item item;

    put(c, "1", "a");
    inbox_end(c, begin(c, "a").cluster, INBOX_WELL);
    CHECK_INT(inbox_extensions_due(c), INT64_MAX);
    CHECK_INT(inbox_take_due(c, &item, 1, INT64_MAX), 0);
    inbox_free(c);
}

TEST(inbox, there_is_room_for_so_many_messages_and_bytes)
{
    const struct inbox_config config = { .visibility = VISIBILITY,
                                        .at_once = 1, .messages_max = 3,
                                        .bytes_max = 4, .claims_max = 9 };
    struct inbox *c = inbox_new(&config);

    put(c, "1", "a");
    put(c, "2", "a");
    CHECK(inbox_has_room(c));
    put(c, "3", "a");
    CHECK(!inbox_has_room(c));
    inbox_end(c, begin(c, "a").cluster, INBOX_WELL);
    CHECK(!inbox_has_room(c));        /* they are still to be deleted */
    deleted(c);
    CHECK(inbox_has_room(c));
    put(c, "long", "a");
    CHECK(!inbox_has_room(c));
    inbox_free(c);
}

TEST(inbox, there_is_room_for_so_many_clusters)
{
    const struct inbox_config config = { .visibility = VISIBILITY,
                                        .at_once = 9, .messages_max = 3,
                                        .bytes_max = 100, .claims_max = 6 };
    struct inbox *c = inbox_new(&config);

    put(c, "1", "abc");
    put(c, "2", "ab");
    CHECK(inbox_has_room(c));
    inbox_end(c, begin(c, "a").cluster, INBOX_WELL);
    inbox_end(c, begin(c, "b").cluster, INBOX_WELL);
    deleted(c);
    put(c, "3", "abc");
    CHECK(!inbox_has_room(c));
    inbox_end(c, begin(c, "c").cluster, INBOX_WELL);
    deleted(c);
    CHECK(inbox_has_room(c));
    inbox_free(c);
}

TEST(inbox, a_stop_gives_back_what_waits_and_what_fails_then)
{
    struct inbox *c = inbox_of(3);
    struct inbox_item items[10];

    put(c, "1", "a");
    put(c, "2", "b");
    put(c, "3", "ace");
    struct inbox_begun a = begin(c, "a"), b = begin(c, "b"), third;

    third = begin(c, "c");
    put(c, "4", "a");                /* dirty */
    put(c, "5", "d");
    put(c, "6", "ad");
    inbox_stop(c);
    CHECK(!inbox_has_room(c));
    none_begins(c);
    size_t n = inbox_take_released(c, items, 10);

    CHECK_Z(receipts(items, n), "4@0 5@0 6@0");
    for (size_t i = 0; i < n; i++)
        inbox_forget(c, items[i].number);
    inbox_end(c, a.cluster, INBOX_WELL);
    inbox_end(c, b.cluster, INBOX_FAILED);
    inbox_end(c, third.cluster, INBOX_WELL);
    CHECK_Z(deleted(c), "1@0");
    n = inbox_take_released(c, items, 10);
    CHECK_Z(receipts(items, n), "2@0 3@0");
    none_begins(c);
    inbox_free(c);
}

/* ---- random sequences beside a model ---- */

enum { MODEL_CLUSTERS = 5, MODEL_MESSAGES = 400, MODEL_STEPS = 1200 };

/* Of a message: when it was put, and which clusters it still needs. */
struct model_message {
    long put;                        /* step; 0: not there                   */
    bool needs[MODEL_CLUSTERS], foreign, failed, gone;
};

struct model {
    struct inbox *inbox;
    struct model_message messages[MODEL_MESSAGES];
    size_t n;
    struct inbox_begun turns[MODEL_CLUSTERS];
    long began[MODEL_CLUSTERS];      /* step; 0: not at work                 */
    long step;
    int at_work;
    bool stopping;
    unsigned dice;
};

static unsigned roll(struct model *m, unsigned n)
{
    m->dice = m->dice * 1664525u + 1013904223u;
    return (m->dice >> 8) % n;
}

static void model_put(struct model *m)
{
    char id[16], clusters[MODEL_CLUSTERS + 1];
    size_t n = 0;
    struct model_message *to = &m->messages[m->n];

    if (m->n == MODEL_MESSAGES)
        return;
    to->put = m->step;
    for (unsigned i = 0; i < MODEL_CLUSTERS; i++) {
        to->needs[i] = roll(m, 3) == 0;
        if (to->needs[i])
            clusters[n++] = (char)('a' + i);
    }
    clusters[n] = '\0';
    snprintf(id, sizeof id, "%zu", m->n++);
    CHECK_INT(put_at(m->inbox, id, clusters, 0), INBOX_TAKEN);
}

static void model_begin(struct model *m)
{
    struct inbox_begun begun;

    if (!inbox_begin(m->inbox, &begun))
        return;
    int at = begun.key[0] - 'a';

    CHECK(!m->stopping);
    CHECK_INT(m->began[at], 0);      /* never two of one cluster */
    CHECK(++m->at_work <= 3);
    m->began[at] = m->step;
    m->turns[at] = begun;
}

static void model_end(struct model *m, int at, enum inbox_how how)
{
    if (m->began[at] == 0)
        return;
    size_t cause = strtoul(m->turns[at].body, NULL, 10);

    for (size_t i = 0; i < m->n; i++) {
        struct model_message *x = &m->messages[i];

        if (x->put >= m->began[at] || !x->needs[at] ||
            ((how == INBOX_IDLE || how == INBOX_FOREIGN) && i != cause))
            continue;
        x->needs[at] = false;
        x->failed |= how == INBOX_FAILED;
        x->foreign |= how == INBOX_FOREIGN;
    }
    m->began[at] = 0;
    m->at_work--;
    inbox_end(m->inbox, m->turns[at].cluster, how);
}

static bool model_needs(const struct model_message *x)
{
    for (int i = 0; i < MODEL_CLUSTERS; i++)
        if (x->needs[i])
            return true;
    return false;
}

static void model_take(struct model *m, bool released)
{
    struct inbox_item items[10];
    size_t n = released ? inbox_take_released(m->inbox, items, 10)
                        : inbox_take_done(m->inbox, items, 10, INT64_MAX);

    for (size_t i = 0; i < n; i++) {
        struct model_message *x =
            &m->messages[strtoul(items[i].receipt, NULL, 10)];

        CHECK(!x->gone);
        if (released)
            CHECK(m->stopping && (x->failed || model_needs(x)));
        else
            CHECK(!x->failed && !x->foreign && !model_needs(x));
        if (!released && roll(m, 4) == 0 &&
            inbox_not_deleted(m->inbox, items[i].number, 0))
            continue;
        x->gone = true;
        inbox_forget(m->inbox, items[i].number);
    }
}

static void model_take_shelved(struct model *m)
{
    struct inbox_item items[10];
    size_t n = inbox_take_shelved(m->inbox, items, 10);

    for (size_t i = 0; i < n; i++) {
        struct model_message *x =
            &m->messages[strtoul(items[i].receipt, NULL, 10)];

        CHECK(!x->gone && !x->failed && x->foreign && !model_needs(x));
        x->gone = true;
        inbox_forget(m->inbox, items[i].number);
    }
}

static void model_step(struct model *m)
{
    static const enum inbox_how hows[] = { INBOX_WELL, INBOX_WELL, INBOX_WELL,
                                          INBOX_FAILED, INBOX_IDLE,
                                          INBOX_FOREIGN };

    m->step++;
    switch (roll(m, 5)) {
    case 0:
    case 1:
        model_put(m);
        break;
    case 2:
        model_begin(m);
        break;
    case 3:
        model_end(m, (int)roll(m, MODEL_CLUSTERS), hows[roll(m, 6)]);
        break;
    case 4:
        model_take(m, false);
        model_take_shelved(m);
        break;
    }
}

/* All is settled in the end: whatever is left over ends well. */
static void model_drain(struct model *m)
{
    struct inbox_counts counts;

    for (int round = 0; round < 2000; round++) {
        m->step++;
        for (int i = 0; i < MODEL_CLUSTERS; i++)
            model_end(m, i, INBOX_WELL);
        model_take(m, true);
        model_take(m, false);
        model_take_shelved(m);
        model_begin(m);
    }
    inbox_count(m->inbox, &counts);
    CHECK_INT(counts.messages, 0);
    CHECK_INT(counts.bytes, 0);
    CHECK_INT(counts.waiting, 0);
    CHECK_INT(counts.at_work, 0);
    for (size_t i = 0; i < m->n; i++)
        CHECK(m->messages[i].gone || m->messages[i].failed);
}

static void model_run(unsigned seed, bool stops)
{
    struct model *m = calloc(1, sizeof *m);

    m->inbox = inbox_of(3);
    m->dice = seed;
    for (int i = 0; i < MODEL_STEPS; i++)
        model_step(m);
    if (stops) {
        m->stopping = true;
        inbox_stop(m->inbox);
    }
    model_drain(m);
    inbox_free(m->inbox);
    free(m);
}

TEST(inbox, random_sequences_do_as_the_model_does)
{
    for (unsigned seed = 1; seed <= 200; seed++)
        model_run(seed, false);
}

TEST(inbox, random_sequences_that_are_stopped_do_too)
{
    for (unsigned seed = 1; seed <= 200; seed++)
        model_run(seed * 7919, true);
}
