/* tests/op/public_test.c - structs that the caller fills: a size that is none,
 * one of a newer header, and what such a header may have set. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "op/op.h"
#include "peers/scene.h"
#include "t.h"

/* One struct as the library was built, and 64 bytes of a newer header's. */
union newer_config {
    struct headcount_config own;
    char bytes[sizeof(struct headcount_config) + 64];
};
union newer_system {
    struct headcount_system own;
    char bytes[sizeof(struct headcount_system) + 64];
};
union newer_request {
    struct headcount_request own;
    char bytes[sizeof(struct headcount_request) + 64];
};
union newer_wish {
    struct headcount_wish own;
    char bytes[sizeof(struct headcount_wish) + 64];
};
union newer_query {
    struct headcount_query own;
    char bytes[sizeof(struct headcount_query) + 64];
};
union newer_sign {
    struct headcount_sign_request own;
    char bytes[sizeof(struct headcount_sign_request) + 64];
};

static struct headcount_error error;

static bool said(const char *what)
{
    bool yes = error.code == HEADCOUNT_EARG && strstr(error.what, what) != NULL;

    if (!yes)
        fprintf(stderr, "# %d: %s\n", error.code, error.what);
    memset(&error, 0, sizeof error);
    return yes;
}

static char line[600];

static void note_line(void *ud, int level, const char *text, size_t n)
{
    (void)ud;
    snprintf(line, sizeof line, "%d %.*s", level, (int)n, text);
}

/* Where no error is handed out. */
static void hear(headcount *h)
{
    h->net.log =
        (struct hc_log){ .level = HEADCOUNT_LOG_ERROR, .fn = note_line };
    line[0] = '\0';
}

static bool heard(const char *call, const char *what)
{
    bool yes = strncmp(line, "0 ", 2) == 0 &&
               strncmp(line + 2, call, strlen(call)) == 0 &&
               strstr(line, what) != NULL;

    if (!yes)
        fprintf(stderr, "# %s\n", line);
    line[0] = '\0';
    return yes;
}

/* The sizes of a struct of n bytes that nobody has, each with its sentence. */
static size_t wrong_size(size_t n, int way, const char **what)
{
    static const char *const sentences[] = { "has size 0", "set it to sizeof",
                                             "set it to sizeof",
                                             "set it to sizeof" };

    *what = sentences[way];
    return way == 0 ? 0 : way == 1 ? 1 : way == 2 ? n - 8 : SIZE_MAX / 2;
}

TEST(take, a_config_without_a_size_is_not_the_environments)
{
    headcount *h = NULL;
    struct headcount_system system = { .size = sizeof system };
    union newer_config c = { .own = { .region = "eu-west-1",
                                      .system = &system } };

    for (int way = 0; way < 4; way++) {
        const char *what;

        c.own.size = wrong_size(sizeof c.own, way, &what);
        CHECK_INT(headcount_new(&h, &c.own, &error), HEADCOUNT_EARG);
        CHECK(h == NULL);
        CHECK(strstr(error.what, "headcount_config") != NULL);
        CHECK(said(what));
        CHECK_INT(headcount_new(&h, &c.own, NULL), HEADCOUNT_EARG);
    }
    c.own.size = sizeof c.bytes;
    CHECK_INT(headcount_new(&h, &c.own, &error), 0);
    headcount_free(h);
    c.bytes[sizeof c.bytes - 1] = 1;
    CHECK_INT(headcount_new(&h, &c.own, &error), HEADCOUNT_EARG);
    CHECK(said("this library (" HEADCOUNT_VERSION ") does not know what was "
               "set"));
}

TEST(take, a_system_without_a_size_is_not_the_real_one)
{
    headcount *h = NULL;
    headcount_json *json = NULL;
    struct headcount_event *event = NULL;
    struct headcount_signed *sign = NULL;
    union newer_system s = { .own = { .ud = NULL } };
    struct headcount_config c = { .size = sizeof c, .region = "eu-west-1",
                                  .system = &s.own };
    const struct headcount_sign_request r = {
        .size = sizeof r, .url = "http://a/", .service = "ecs",
        .region = "eu-west-1", .access_key_id = "k", .secret_access_key = "s",
    };

    for (int way = 0; way < 5; way++) {
        const char *what = "does not know what was set";

        if (way < 4) {
            s.own.size = wrong_size(sizeof s.own, way, &what);
        } else {
            s.own.size = sizeof s.bytes;
            s.bytes[sizeof s.own] = 1;
        }
        CHECK_INT(headcount_new(&h, &c, &error), HEADCOUNT_EARG);
        CHECK(h == NULL && said(what));
        CHECK_INT(headcount_event_read(&event, "{}", 2, &s.own, &error),
                  HEADCOUNT_EARG);
        CHECK(event == NULL && said(what));
        CHECK_INT(headcount_sign(&sign, &r, &s.own, &error), HEADCOUNT_EARG);
        CHECK(sign == NULL && said(what));
        CHECK_INT(headcount_json_new(&json, "1", 1, &s.own), HEADCOUNT_EARG);
        CHECK(json == NULL);
    }
    s.bytes[sizeof s.own] = 0;
    CHECK_INT(headcount_json_new(&json, "1", 1, &s.own), 0);
    headcount_json_free(json);
}

TEST(take, a_signature_is_not_made_of_a_struct_without_a_size)
{
    struct headcount_signed *sign = NULL;
    union newer_sign r = { .own = {
        .url = "http://a/", .service = "ecs", .region = "eu-west-1",
        .access_key_id = "k", .secret_access_key = "s" } };

    for (int way = 0; way < 4; way++) {
        const char *what;

        r.own.size = wrong_size(sizeof r.own, way, &what);
        CHECK_INT(headcount_sign(&sign, &r.own, NULL, &error), HEADCOUNT_EARG);
        CHECK(sign == NULL && said(what));
    }
    r.own.size = sizeof r.bytes;
    CHECK_INT(headcount_sign(&sign, &r.own, NULL, &error), 0);
    headcount_signed_free(sign);
    r.bytes[sizeof r.own] = 1;
    CHECK_INT(headcount_sign(&sign, &r.own, NULL, &error), HEADCOUNT_EARG);
    CHECK(said("does not know what was set"));
}

TEST(take, a_request_without_a_size_begins_nothing)
{
    union newer_request r = { .own = { .kind = HEADCOUNT_FETCH,
                                       .url = "http://127.0.0.1:1/" } };

    scene_open(false, NULL);
    hear(scene.h);
    for (int way = 0; way < 4; way++) {
        const char *what;

        r.own.size = wrong_size(sizeof r.own, way, &what);
        CHECK_INT(headcount_begin(scene.h, &scene.op, &r.own), HEADCOUNT_EARG);
        CHECK(scene.op == NULL);
        CHECK(heard("headcount_begin: struct headcount_request", what));
    }
    r.own.size = sizeof r.bytes;
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r.own), 0);
    headcount_op_free(scene.op);
    r.bytes[sizeof r.own] = 1;
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r.own), HEADCOUNT_EARG);
    CHECK(heard("headcount_begin: ", "does not know what was set"));
    scene_close();
}

/* Each element of an array has its own size, which is the first one's. */
TEST(take, a_wish_without_a_size_begins_nothing)
{
    static const char *const prod[] = { "prod" };
    struct headcount_wish two[] = {
        { .size = sizeof two[0], .service = "web" },
        { .size = sizeof two[0], .service = "log" },
    };
    union newer_wish newer[2] = { { .own = two[0] }, { .own = two[1] } };
    struct headcount_request r = {
        .size = sizeof r, .kind = HEADCOUNT_RECONCILE, .clusters = prod,
        .clusters_n = 1, .wishes = two, .wishes_n = 2,
    };

    scene_open(false, NULL);
    hear(scene.h);
    for (int way = 0; way < 4; way++) {
        for (size_t i = 0; i < 2; i++) {
            const char *what;

            two[i].size = wrong_size(sizeof two[i], way, &what);
            CHECK_INT(headcount_begin(scene.h, &scene.op, &r), HEADCOUNT_EARG);
            CHECK(heard("headcount_begin: struct headcount_wish", what));
            two[i].size = sizeof two[i];
        }
    }
    r.wishes = &newer[0].own;
    newer[0].own.size = newer[1].own.size = sizeof newer[0].bytes;
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r), 0);
    headcount_op_free(scene.op);
    newer[1].own.size = sizeof newer[0].own;
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r), HEADCOUNT_EARG);
    CHECK(heard("headcount_begin: wish 2 has size ", ", the first one "));
    newer[1].own.size = sizeof newer[0].bytes;
    newer[1].bytes[sizeof newer[1].bytes - 1] = 1;
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r), HEADCOUNT_EARG);
    scene_close();
}

/* ---- in its turn ---- */

TEST(take, a_query_or_wish_without_a_size_is_no_fact_and_no_wish)
{
    static const char *const prod[] = { "prod" };
    const struct headcount_request r = {
        .size = sizeof r, .kind = HEADCOUNT_RECONCILE, .clusters = prod,
        .clusters_n = 1, .policy = true,
    };
    union newer_query q = { .own = { .kind = HEADCOUNT_FACT_CLUSTER } };
    union newer_wish w = { .own = { .service = "web" } };
    struct headcount_fact fact;

    scene_open(false, NULL);
    hear(scene.h);
    CHECK_INT(headcount_begin(scene.h, &scene.op, &r), 0);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_ASKS);
    for (int way = 0; way < 4; way++) {
        const char *what;

        q.own.size = wrong_size(sizeof q.own, way, &what);
        CHECK_INT(headcount_fact(scene.op, &q.own, &fact, &error),
                  HEADCOUNT_EARG);
        CHECK(said(what));
        w.own.size = wrong_size(sizeof w.own, way, &what);
        CHECK_INT(headcount_wish(scene.op, &w.own), HEADCOUNT_EARG);
        CHECK(heard("headcount_wish: struct headcount_wish", what));
    }
    q.own.size = sizeof q.bytes;
    CHECK_INT(headcount_fact(scene.op, &q.own, &fact, &error), 0);
    q.bytes[sizeof q.own] = 1;
    CHECK_INT(headcount_fact(scene.op, &q.own, &fact, &error), HEADCOUNT_EARG);
    CHECK(said("does not know what was set"));
    w.own.size = sizeof w.bytes;
    CHECK_INT(headcount_wish(scene.op, &w.own), 0);
    w.bytes[sizeof w.own] = 1;
    CHECK_INT(headcount_wish(scene.op, &w.own), HEADCOUNT_EARG);
    CHECK(heard("headcount_wish: ", "does not know what was set"));
    w.own = (struct headcount_wish){ .size = sizeof w.own, .service = "web",
                                     .rule = (enum headcount_rule)99 };
    CHECK_INT(headcount_wish(scene.op, &w.own), HEADCOUNT_EARG);
    CHECK(heard("headcount_wish: ", "rule 99 is none of"));
    headcount_op_free(scene.op);
    scene_close();
}
