/* tests/op/op_request_test.c - struct headcount_reconcile, as a reconcile and a
 * sweep take it. */
#include "op/op_request.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

static void free_nothing(headcount_op *op)
{
    (void)op;
}

static const struct op_class no_class = { .size = sizeof(headcount_op),
                                          .free = free_nothing };

static headcount_op *new_op(const struct headcount_reconcile *r)
{
    const struct hc_op_params params = hc_op_request_params(r);

    return hc_op_new(scene.h, &no_class, &params);
}

TEST(op_request, what_cannot_be_meant_begins_nothing)
{
    static const char *const hole[] = { "a", NULL };
    const struct headcount_wish nameless = { .size = sizeof nameless };
    /* What the second says would end 6 KiB behind the array. */
    const struct headcount_wish sizes[] = {
        { .size = sizeof *sizes, .service = "web" }, { .size = 8000 } };
    const struct {
        struct headcount_reconcile r;
        const char *says;
    } rows[] = {
        { { .clusters = hole, .clusters_n = 2 }, "clusters[1] is NULL" },
        { { .clusters_n = 1 }, "clusters[0] is NULL" },
        { { .allow = hole, .allow_n = 2 }, "allow[1] is NULL" },
        { { .max_changes = -1 }, "max_changes is negative" },
        { { .max_falls = -1 }, "max_falls is negative" },
        { { .wishes_n = 3 }, "wishes is NULL, and wishes_n 3" },
        { { .wishes = &nameless, .wishes_n = 1 },
          "wishes[0]: a wish's service is NULL" },
        { { .wishes = &sizes[0], .wishes_n = 2 },
          "wish 2 has size 8000, the first one" },
        { { .event_size = 7 }, "event is NULL, and event_size 7" },
        { { .snapshot_size = 5, .dry_run = true },
          "snapshot is NULL, and snapshot_size 5" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_reconcile given = rows[i].r, to = { .size = 0 };
        struct headcount_error e = { .code = 0 };

        given.size = sizeof given;
        CHECK_INT(hc_op_request_take(&to, &given, &e), HEADCOUNT_EARG);
        if (strstr(e.what, rows[i].says) == NULL)
            CHECK_Z(e.what, rows[i].says);
    }
}

/* Numbers that are none of their enum: of a binding, or of a newer header. */
TEST(op_request, numbers_are_those_of_their_enums)
{
    static const struct {
        int hosts, constraints;
        const char *says;
        int swept;
    } rows[] = {
        { .says = "swept 77 is none of enum headcount_sweep_state",
          .swept = 77 },
        { .says = "swept -1 is none of enum headcount_sweep_state",
          .swept = -1 },
        { .swept = HEADCOUNT_SWEPT_FAILED },
        { HEADCOUNT_ACTIVE, HEADCOUNT_CONSTRAINTS_DEFAULT, NULL, 0 },
        { HEADCOUNT_CONNECTED, HEADCOUNT_CONSTRAINTS_ALL, NULL, 0 },
        { HEADCOUNT_ACTIVE - 1, 0, "none of enum headcount_hosts", 0 },
        { HEADCOUNT_CONNECTED + 1, 0, "none of enum headcount_hosts", 0 },
        { 0, HEADCOUNT_CONSTRAINTS_DEFAULT - 1,
          "enum headcount_constraints", 0 },
        { 0, HEADCOUNT_CONSTRAINTS_ALL + 1, "enum headcount_constraints", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_reconcile r = {
            .hosts = (enum headcount_hosts)rows[i].hosts,
            .constraints = (enum headcount_constraints)rows[i].constraints,
            .swept = (enum headcount_sweep_state)rows[i].swept,
        };

        scene_open(false, NULL);
        scene.op = new_op(&r);
        CHECK(scene.op != NULL);
        CHECK_INT(hc_op_request_check(scene.op, &r),
                  rows[i].says != NULL ? HEADCOUNT_EARG : 0);
        if (rows[i].says != NULL)
            CHECK(strstr(scene.op->error.what, rows[i].says) != NULL);
        scene_close();
    }
}

/* The caller's memory may go once the op has begun; wishes are copied apart. */
static int copies(void)
{
    char text[][8] = { "region", "url", "role", "event", "snap", "a", "zero",
                       "sha", "id", "name", "account" };
    const char *clusters[] = { text[5], NULL }, *allow[] = { text[6] };
    struct headcount_reconcile r = {
        .region = text[0], .endpoint_url = text[1], .assume_role = text[2],
        .event = text[3], .event_size = 5, .snapshot = text[4],
        .snapshot_size = 4, .clusters = clusters, .clusters_n = 1,
        .allow = allow, .allow_n = 1, .policy_sha256 = text[7],
        .external_id = text[8], .role_session_name = text[9],
        .role_duration = 5, .expect_account = text[10],
    };
    int err = scene_try(false, NULL);

    if (err == 0) {
        scene.op = new_op(&r);
        err = scene.op == NULL ? HEADCOUNT_ENOMEM : 0;
    }
    if (err == 0) {
        hc_op_request_copy(scene.op, &r);
        memset(text, 'x', sizeof text);
        clusters[0] = allow[0] = NULL;
        err = hc_arena_error(&scene.op->arena);
    }
    if (err == 0) {
        CHECK_Z(r.region, "region");
        CHECK_Z(r.endpoint_url, "url");
        CHECK_Z(r.assume_role, "role");
        CHECK_MEM(r.event, r.event_size, "event");
        CHECK_MEM(r.snapshot, r.snapshot_size, "snap");
        CHECK_Z(r.clusters[0], "a");
        CHECK_Z(r.allow[0], "zero");
        CHECK_Z(r.policy_sha256, "sha");
        CHECK_Z(r.external_id, "id");
        CHECK_Z(r.role_session_name, "name");
        CHECK_Z(r.expect_account, "account");
        CHECK_INT(scene.op->params.role_duration, 5);
    }
    scene_close();
    return err;
}

TEST(op_request, all_of_it_is_copied_or_memory_ended)
{
    t_fails_every_allocation(copies);
}
