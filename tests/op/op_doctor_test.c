/* tests/op/op_doctor_test.c - the order of subjects, the report, the end of
 * the time, a cancel, and what begin refuses. */
#include "op/doctor_look.h"

static int begin_prod(void)
{
    const struct headcount_doctor doctor = look_of_prod();
    int err = look_new((struct headcount_config){ .size = 0 });

    if (err != 0)
        return err;
    return headcount_begin_doctor(scene.h, &scene.op, &doctor, &scene.error);
}

TEST(op_doctor, each_subject_has_its_findings_in_order)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };
    static const char *const order[] = {
        "region", "profile", "sweep", "endpoint", "dns", "connect", "tls",
        "clock", "chain", "credentials", "expiry", "principal", "call",
        "update", "hosts", "disconnected", "kinds", "rule" };
    const struct headcount_outcome *o;
    size_t at = 0;

    look_open(false, answers);
    look(look_of_prod());
    o = headcount_outcome(scene.op);
    for (size_t i = 0; i < o->findings_n; i++) {
        while (at < sizeof order / sizeof *order &&
               strcmp(order[at], o->findings[i].code) != 0)
            at++;
        if (at == sizeof order / sizeof *order)
            fail_msg("%s is out of order: %s", o->findings[i].code,
                     o->findings[i].text);
    }
    CHECK_INT(scene.script.requests, 11);
    CHECK_INT(scene.audited, 0);
    look_end();
}

TEST(op_doctor, the_report_is_json_of_all_findings)
{
    const char *const answers[] = { NULL };
    struct headcount_doctor doctor = look_of_prod();
    const struct headcount_outcome *o;
    static const char *const env[] = { "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                       "AWS_SECRET_ACCESS_KEY=secretsecret",
                                       NULL };

    scene_open(false, answers);
    headcount_free(scene.h);
    scene.env = env;
    CHECK_INT(scene_new((struct headcount_config){ .size = 0 }), 0);
    look(doctor);
    o = headcount_outcome(scene.op);
    CHECK_INT(o->json_size, strlen(o->json));
    CHECK(strstr(o->json, "{\"format_version\":\"1.0\",\"findings\":["
                 "{\"level\":\"error\",\"code\":\"region\",\"what\":"
                 "\"region\",\"text\":\"none is set, so no endpoint is "
                 "known\",\"advice\":\"set AWS_REGION or config.region\","
                 "\"elapsed_us\":0},{\"level\":\"ok\",\"code\":\"profile\"") ==
          o->json);
    look_has("calls", HEADCOUNT_WARNING, "no region is known");
    CHECK(strstr(o->json, "secretsecret") == NULL);
    CHECK_INT(scene.script.requests, 0);
    look_end();
}

/* The peer never answers; the time is over long before a call's own. */
TEST(op_doctor, the_end_of_the_time_is_a_finding)
{
    const char *const answers[] = { LOOK_GET, AWS_PEER_SILENT, NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.timeout = 50 * HC_MS;
    look(doctor);
    look_has("timeout", HEADCOUNT_ERROR, "in the checks of the identity");
    CHECK(look_nth("hosts", 0) == NULL);
    look_end();
}

TEST(op_doctor, a_cancel_ends_it)
{
    const char *const answers[] = { LOOK_GET, AWS_PEER_SILENT, NULL };

    scene_open(false, answers);
    CHECK_INT(begin_prod(), 0);
    scene_until(2);
    headcount_cancel(scene.op);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECANCELLED);
    look_end();
}

TEST(op_doctor, begin_refuses_what_no_doctor_can_take)
{
    const char *const answers[] = { NULL };
    struct headcount_reconcile each = { .size = sizeof each };
    struct headcount_doctor doctor = look_of_prod();

    scene_open(false, answers);
    each.record = true;
    doctor.each = &each;
    CHECK_INT(headcount_begin_doctor(scene.h, &scene.op, &doctor,
                                     &scene.error), HEADCOUNT_EARG);
    CHECK_Z(scene.error.what, "each->record is set: it is not for a doctor");
    doctor.each = NULL;
    doctor.clusters = NULL;
    CHECK_INT(headcount_begin_doctor(scene.h, &scene.op, &doctor, NULL),
              HEADCOUNT_EARG);
    doctor.size = 8;
    CHECK_INT(headcount_begin_doctor(scene.h, &scene.op, &doctor, NULL),
              HEADCOUNT_EARG);
    scene_close();
}

TEST(op_doctor, levels_have_names)
{
    CHECK_Z(headcount_level_name(HEADCOUNT_FINE), "ok");
    CHECK_Z(headcount_level_name(HEADCOUNT_WARNING), "warning");
    CHECK_Z(headcount_level_name(HEADCOUNT_ERROR), "error");
    CHECK(headcount_level_name((enum headcount_level)7) == NULL);
}

static int run_once(void)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_prod };

    return scene_run_once(&run);
}

TEST(op_doctor, survives_every_failing_allocation)
{
    t_fails_every_allocation(run_once);
}

TEST(op_doctor, may_be_cut_off_in_every_round)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_prod };

    scene_run_cut(&run);
}
