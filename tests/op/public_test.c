/* tests/op/public_test.c - structs that the caller fills: a size that no
 * release has, one of a newer header, and what such a header may have set. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "peers/scene.h"
#include "t.h"

static struct headcount_error error;

static bool said(const char *what)
{
    bool yes = error.code == HEADCOUNT_EARG && strstr(error.what, what) != NULL;

    if (!yes)
        fprintf(stderr, "# %d: %s\n", error.code, error.what);
    memset(&error, 0, sizeof error);
    return yes;
}

/* headcount_wish has no error to fill; its sentence is in the log. */
static void note_line(void *ud, int level, const char *text, size_t n)
{
    (void)ud;
    error.code = level == HEADCOUNT_LOG_ERROR ? HEADCOUNT_EARG : 0;
    snprintf(error.what, sizeof error.what, "%.*s", (int)n, text);
}

/* ---- the structs, each with 64 bytes of a newer header ---- */

#define NEWER 64
#define STRUCT(name)                                                        \
    static union {                                                          \
        struct headcount_##name own;                                        \
        char bytes[sizeof(struct headcount_##name) + NEWER];                \
    } a_##name

STRUCT(config);
STRUCT(system);
STRUCT(sign_request);
STRUCT(call);
STRUCT(fetch);
STRUCT(reconcile);
STRUCT(sweep);
STRUCT(query);
STRUCT(wish);

static int give_config(void)
{
    headcount *h = NULL;
    int err = headcount_new(&h, &a_config.own, &error);

    CHECK((err < 0) == (h == NULL));
    headcount_free(h);
    return err;
}

static int give_event_system(void)
{
    struct headcount_event *event = NULL;
    int err = headcount_event_read(&event, EVENT, strlen(EVENT),
                                   &a_system.own, &error);

    CHECK((err < 0) == (event == NULL));
    headcount_event_free(event);
    return err;
}

/* It has no error to fill, and logs nowhere. */
static int give_json_system(void)
{
    headcount_json *json = NULL;
    int err = headcount_json_new(&json, "1", 1, &a_system.own);

    CHECK((err < 0) == (json == NULL));
    headcount_json_free(json);
    return err;
}

static int give_sign(const struct headcount_system *system)
{
    struct headcount_signed *sign = NULL;
    int err = headcount_sign(&sign, &a_sign_request.own, system, &error);

    CHECK((err < 0) == (sign == NULL));
    headcount_signed_free(sign);
    return err;
}

static int give_sign_system(void)
{
    return give_sign(&a_system.own);
}

static int give_sign_request(void)
{
    return give_sign(NULL);
}

static char user;                        /* of each struct that begins an op */

static int begun(int err)
{
    CHECK((err < 0) == (scene.op == NULL));
    CHECK(err < 0 || headcount_op_user(scene.op) == &user);
    headcount_op_free(scene.op);
    scene.op = NULL;
    return err;
}

static int give_call(void)
{
    return begun(headcount_begin_call(scene.h, &scene.op, &a_call.own,
                                      &error));
}

static int give_fetch(void)
{
    return begun(headcount_begin_fetch(scene.h, &scene.op, &a_fetch.own,
                                       &error));
}

static int give_reconcile(void)
{
    return begun(headcount_begin_reconcile(scene.h, &scene.op,
                                           &a_reconcile.own, &error));
}

static int give_sweep(void)
{
    return begun(headcount_begin_sweep(scene.h, &scene.op, &a_sweep.own,
                                       &error));
}

static headcount_op *asking;             /* it is the policy's turn          */

static int give_query(void)
{
    struct headcount_fact fact;

    return headcount_fact(asking, &a_query.own, &fact, &error);
}

static int give_wish(void)
{
    return headcount_wish(asking, &a_wish.own);
}

#define hc_form_sign_request hc_form_sign
#define GIVES(name, give)                                                   \
    { "struct headcount_" #name, &a_##name.own.size, a_##name.bytes,        \
      sizeof a_##name.own, &hc_form_##name, give }

static const struct form {
    const char *name;
    size_t *size;
    char *bytes;
    size_t own;
    const struct hc_form *released;      /* how large it was at first        */
    int (*give)(void);
} forms[] = {
    GIVES(config, give_config),
    GIVES(system, give_config),
    GIVES(system, give_event_system),
    GIVES(system, give_json_system),
    GIVES(system, give_sign_system),
    GIVES(sign_request, give_sign_request),
    GIVES(call, give_call),
    GIVES(fetch, give_fetch),
    GIVES(reconcile, give_reconcile),
    GIVES(sweep, give_sweep),
    GIVES(query, give_query),
    GIVES(wish, give_wish),
};

static void fill_structs(void)
{
    static const char *const prod[] = { "prod" };
    static const struct headcount_wish web = { .size = sizeof web,
                                               .service = "web" };
    static struct headcount_reconcile each;

    HEADCOUNT_INIT(&a_system.own);
    HEADCOUNT_INIT(&a_config.own);
    a_config.own.region = "eu-west-1";
    a_config.own.system = &a_system.own;
    HEADCOUNT_INIT(&a_sign_request.own);
    a_sign_request.own.url = "http://a/";
    a_sign_request.own.service = "ecs";
    a_sign_request.own.region = "eu-west-1";
    a_sign_request.own.access_key_id = "k";
    a_sign_request.own.secret_access_key = "s";
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
    a_call.own.user = a_fetch.own.user = a_reconcile.own.user =
        a_sweep.own.user = &user;
    HEADCOUNT_INIT(&a_query.own);
    a_query.own.kind = HEADCOUNT_FACT_CLUSTER;
    HEADCOUNT_INIT(&a_wish.own);
    a_wish.own.service = "web";
}

/* A handle, and an op whose policy has its turn. */
static void open_turn(void)
{
    static const char *const prod[] = { "prod" };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod, .clusters_n = 1, .policy = true,
    };

    scene_open(false, NULL);
    fill_structs();
    scene.h->net.log =
        (struct hc_log){ .level = HEADCOUNT_LOG_ERROR, .fn = note_line };
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, &error), 0);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_ASKS);
    asking = scene.op;
    scene.op = NULL;
}

static void close_turn(void)
{
    headcount_op_free(asking);
    scene_close();
}

static bool refused(const struct form *form, const char *what)
{
    CHECK_INT(form->give(), HEADCOUNT_EARG);
    if (form->give == give_json_system)
        return true;
    CHECK(strstr(error.what, form->name) != NULL);
    return said(what);
}

TEST(public, a_size_that_no_release_has_is_refused)
{
    open_turn();
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *form = &forms[i];
        const size_t sizes[] = { 0, 1, form->released->least - 1,
                                 SIZE_MAX / 2 };

        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            *form->size = sizes[k];
            CHECK(refused(form, k == 0 ? "has size 0" : "set it to sizeof"));
        }
        *form->size = form->released->least;
        CHECK_INT(form->give(), 0);
        *form->size = form->own;
        CHECK_INT(form->give(), 0);
    }
    close_turn();
}

TEST(public, what_a_newer_header_has_is_zero_or_refused)
{
    open_turn();
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *form = &forms[i];
        const size_t beyond[] = { form->own, form->own + NEWER - 1 };

        *form->size = form->own + NEWER;
        CHECK_INT(form->give(), 0);
        for (size_t k = 0; k < 2; k++) {
            form->bytes[beyond[k]] = 1;
            CHECK(refused(form, "this library (" HEADCOUNT_VERSION ") does "
                                "not know what was set"));
            form->bytes[beyond[k]] = 0;
        }
        *form->size = form->own;
    }
    close_turn();
}

TEST(public, an_error_need_not_be_handed_in)
{
    headcount *h = NULL;

    fill_structs();
    a_config.own.size = 0;
    CHECK_INT(headcount_new(&h, &a_config.own, NULL), HEADCOUNT_EARG);
    CHECK(h == NULL);
}

/* Each element of an array has its own size, which is the first one's. */
TEST(public, each_wish_of_an_array_has_its_size)
{
    struct headcount_wish two[2];

    open_turn();
    two[0] = two[1] = a_wish.own;
    two[1].service = "log";
    a_reconcile.own.wishes = two;
    a_reconcile.own.wishes_n = 2;
    CHECK_INT(give_reconcile(), 0);
    for (size_t i = 0; i < 2; i++) {
        const size_t sizes[] = { 0, 1, sizeof *two - 8, SIZE_MAX / 2 };

        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            two[i].size = sizes[k];
            CHECK_INT(give_reconcile(), HEADCOUNT_EARG);
            CHECK(said(k == 0 ? "has size 0" : i == 0 ? "set it to sizeof"
                                                      : "the first one"));
        }
        two[i].size = sizeof *two;
    }
    close_turn();
}

TEST(public, wishes_of_a_newer_header_are_that_far_apart)
{
    struct { struct headcount_wish own; char beyond[NEWER]; } two[2];

    open_turn();
    memset(two, 0, sizeof two);
    two[0].own = two[1].own = a_wish.own;
    two[1].own.service = "log";
    two[0].own.size = two[1].own.size = sizeof *two;
    a_reconcile.own.wishes = &two[0].own;
    a_reconcile.own.wishes_n = 2;
    CHECK_INT(give_reconcile(), 0);
    two[1].own.size = sizeof two->own;
    CHECK_INT(give_reconcile(), HEADCOUNT_EARG);
    CHECK(said("wish 2 has size "));
    two[1].own.size = sizeof *two;
    two[1].beyond[NEWER - 1] = 1;
    CHECK_INT(give_reconcile(), HEADCOUNT_EARG);
    CHECK(said("does not know what was set"));
    close_turn();
}

TEST(public, a_wish_with_a_rule_that_is_none_is_refused)
{
    open_turn();
    a_wish.own.rule = (enum headcount_rule)99;
    CHECK_INT(give_wish(), HEADCOUNT_EARG);
    CHECK(strncmp(error.what, "headcount_wish: ", 16) == 0);
    CHECK(said("rule 99 is none of"));
    close_turn();
}

TEST(public, an_op_gives_its_user_back)
{
    scene_open(false, NULL);
    fill_structs();
    CHECK(give_call() == 0 && give_fetch() == 0 && give_reconcile() == 0 &&
          give_sweep() == 0);
    scene_close();
}

/* The number is for #if, the text for people. */
TEST(public, the_version_is_one)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", HEADCOUNT_VERSION_NUMBER / 10000,
             HEADCOUNT_VERSION_NUMBER / 100 % 100,
             HEADCOUNT_VERSION_NUMBER % 100);
    CHECK_Z(text, HEADCOUNT_VERSION);
    CHECK_Z(headcount_version(), HEADCOUNT_VERSION);
}
