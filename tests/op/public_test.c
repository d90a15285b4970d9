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
union newer_call {
    struct headcount_call own;
    char bytes[sizeof(struct headcount_call) + 64];
};
union newer_fetch {
    struct headcount_fetch own;
    char bytes[sizeof(struct headcount_fetch) + 64];
};
union newer_reconcile {
    struct headcount_reconcile own;
    char bytes[sizeof(struct headcount_reconcile) + 64];
};
union newer_sweep {
    struct headcount_sweep own;
    char bytes[sizeof(struct headcount_sweep) + 64];
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

/* ---- the four structs that begin an op ---- */

static union newer_call a_call;
static union newer_fetch a_fetch;
static union newer_reconcile a_reconcile;
static union newer_sweep a_sweep;

static int begin_call(void)
{
    return headcount_begin_call(scene.h, &scene.op, &a_call.own, &error);
}

static int begin_fetch(void)
{
    return headcount_begin_fetch(scene.h, &scene.op, &a_fetch.own, &error);
}

static int begin_reconcile(void)
{
    return headcount_begin_reconcile(scene.h, &scene.op, &a_reconcile.own,
                                     &error);
}

static int begin_sweep(void)
{
    return headcount_begin_sweep(scene.h, &scene.op, &a_sweep.own, &error);
}

/* `own` bytes, at the start of which is the size, and 64 of a newer header. */
static const struct {
    const char *name;
    size_t *size;
    char *bytes;
    size_t own;
    int (*begin)(void);
} structs[] = {
    { "headcount_call", &a_call.own.size, a_call.bytes, sizeof a_call.own,
      begin_call },
    { "headcount_fetch", &a_fetch.own.size, a_fetch.bytes, sizeof a_fetch.own,
      begin_fetch },
    { "headcount_reconcile", &a_reconcile.own.size, a_reconcile.bytes,
      sizeof a_reconcile.own, begin_reconcile },
    { "headcount_sweep", &a_sweep.own.size, a_sweep.bytes, sizeof a_sweep.own,
      begin_sweep },
};

static void fill_structs(void)
{
    static const char *const prod[] = { "prod" };
    static const struct headcount_wish web = { .size = sizeof web,
                                               .service = "web" };
    static struct headcount_reconcile each;

    HEADCOUNT_INIT(&a_call.own);
    a_call.own.service = "ecs";
    a_call.own.operation = "ListClusters";
    HEADCOUNT_INIT(&a_fetch.own);
    a_fetch.own.url = "http://127.0.0.1:1/";
    HEADCOUNT_INIT(&each);
    each.wishes = &web;
    each.wishes_n = 1;
    a_reconcile.own = each;
    a_reconcile.own.clusters = prod;
    a_reconcile.own.clusters_n = 1;
    HEADCOUNT_INIT(&a_sweep.own);
    a_sweep.own.each = &each;
}

TEST(take, a_struct_without_a_size_begins_nothing)
{
    scene_open(false, NULL);
    fill_structs();
    for (size_t i = 0; i < sizeof structs / sizeof *structs; i++) {
        char name[64];

        snprintf(name, sizeof name, "struct %s", structs[i].name);
        for (int way = 0; way < 4; way++) {
            const char *what;

            *structs[i].size = wrong_size(structs[i].own, way, &what);
            CHECK_INT(structs[i].begin(), HEADCOUNT_EARG);
            CHECK(scene.op == NULL);
            CHECK(strstr(error.what, name) != NULL);
            CHECK(said(what));
        }
        *structs[i].size = structs[i].own + 64;
        CHECK_INT(structs[i].begin(), 0);
        headcount_op_free(scene.op);
        structs[i].bytes[structs[i].own] = 1;
        CHECK_INT(structs[i].begin(), HEADCOUNT_EARG);
        CHECK(said("does not know what was set"));
        structs[i].bytes[structs[i].own] = 0;
    }
    scene_close();
}

TEST(take, an_op_gives_its_user_back)
{
    int mine[4];

    scene_open(false, NULL);
    fill_structs();
    a_call.own.user = &mine[0];
    a_fetch.own.user = &mine[1];
    a_reconcile.own.user = &mine[2];
    a_sweep.own.user = &mine[3];
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(structs[i].begin(), 0);
        CHECK(headcount_op_user(scene.op) == &mine[i]);
        headcount_op_free(scene.op);
    }
    scene_close();
}

/* The number is for #if, the text for people. */
TEST(take, the_version_is_one)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", HEADCOUNT_VERSION_NUMBER / 10000,
             HEADCOUNT_VERSION_NUMBER / 100 % 100,
             HEADCOUNT_VERSION_NUMBER % 100);
    CHECK_Z(text, HEADCOUNT_VERSION);
    CHECK_Z(headcount_version(), HEADCOUNT_VERSION);
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
    struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod,
        .clusters_n = 1, .wishes = two, .wishes_n = 2,
    };

    scene_open(false, NULL);
    for (int way = 0; way < 4; way++) {
        for (size_t i = 0; i < 2; i++) {
            const char *what;

            two[i].size = wrong_size(sizeof two[i], way, &what);
            CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error),
                      HEADCOUNT_EARG);
            CHECK(said(what));
            two[i].size = sizeof two[i];
        }
    }
    r.wishes = &newer[0].own;
    newer[0].own.size = newer[1].own.size = sizeof newer[0].bytes;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error), 0);
    headcount_op_free(scene.op);
    newer[1].own.size = sizeof newer[0].own;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error),
              HEADCOUNT_EARG);
    CHECK(said("wish 2 has size "));
    newer[1].own.size = sizeof newer[0].bytes;
    newer[1].bytes[sizeof newer[1].bytes - 1] = 1;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error),
              HEADCOUNT_EARG);
    scene_close();
}

/* ---- in its turn ---- */

TEST(take, a_query_or_wish_without_a_size_is_no_fact_and_no_wish)
{
    static const char *const prod[] = { "prod" };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod,
        .clusters_n = 1, .policy = true,
    };
    union newer_query q = { .own = { .kind = HEADCOUNT_FACT_CLUSTER } };
    union newer_wish w = { .own = { .service = "web" } };
    struct headcount_fact fact;

    scene_open(false, NULL);
    hear(scene.h);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error), 0);
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
