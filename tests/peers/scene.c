/* peers/scene.c - headcount.h against servers on loopback. */
#include "peers/scene.h"

#include <poll.h>
#include <string.h>

#include "base/text.h"
#include "t.h"

const char *const scene_env_of[] = {
    "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL
};

struct scene scene;

static void *scene_alloc(void *ud, void *p, size_t old, size_t n)
{
    (void)ud;
    return t_alloc()->fn(t_alloc()->ud, p, old, n);
}

static const char *scene_env(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (const char *const *at = scene.env; *at != NULL; at++)
        if (strncmp(*at, name, n) == 0 && (*at)[n] == '=')
            return *at + n + 1;
    return strcmp(name, "AWS_ENDPOINT_URL_STS") == 0 ? scene.url : NULL;
}

static void scene_audit(void *ud, const char *line, size_t n)
{
    (void)ud;
    CHECK(n > 0 && line[n - 1] == '}');
    scene.audited++;
}

static bool answer_a(struct dns_peer *peer, const struct dns_asked *asked,
                     struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8180);
    if (asked->type == 1)
        dns_put_a(reply, NULL, 60, "127.0.0.1");
    return true;
}

int scene_new(struct headcount_config config)
{
    const struct headcount_system system = {
        .size = sizeof system, .alloc = scene_alloc, .env = scene_env,
        .audit = scene_audit,
    };

    config.size = sizeof config;
    config.system = &system;
    return headcount_new(&scene.h, &config, &scene.error);
}

int scene_try(bool tls, const char *const *answers)
{
    struct headcount_config config = { .max_attempts = 1 };

    memset(&scene, 0, sizeof scene);
    scene.env = scene_env_of;
    scene.script.answers = answers;
    net_peer_open(&scene.peer, tls ? "ec" : NULL);
    if (tls) {
        scene.dns.answer = answer_a;
        dns_peer_open(&scene.dns);
        hc_fmt(scene.server, sizeof scene.server, "127.0.0.1:%u",
               scene.dns.port);
        hc_fmt(scene.bundle, sizeof scene.bundle, "%s/ca.pem", t_certs());
        config.dns_server = scene.server;
        config.ca_bundle = scene.bundle;
    }
    hc_fmt(scene.url, sizeof scene.url, "%s:%u",
           tls ? "https://ecs.test.internal" : "http://127.0.0.1",
           scene.peer.port);
    config.endpoint_url = scene.url;
    return scene_new(config);
}

void scene_open(bool tls, const char *const *answers)
{
    if (scene_try(tls, answers) != 0)
        fail_msg("%s", scene.error.what);
}

void scene_close(void)
{
    headcount_free(scene.h);
    net_peer_close(&scene.peer);
    if (scene.dns.port != 0)
        dns_peer_close(&scene.dns);
    CHECK_INT(t_alloc_state()->live, 0);
}

void scene_serve(void)
{
    net_peer_pump(&scene.peer);
    aws_script_pump(&scene.script, &scene.peer);
    if (scene.dns.port != 0)
        dns_peer_serve(&scene.dns);
}

void scene_round(void)
{
    struct headcount_want wants[8];
    struct pollfd fds[8];
    int64_t deadline;
    size_t n = headcount_wants(scene.h, wants, 8, &deadline);

    CHECK(n <= 8);
    for (size_t k = 0; k < n; k++)
        fds[k] = (struct pollfd){ .fd = wants[k].fd,
                                  .events = wants[k].events };
    poll(fds, (nfds_t)n, deadline == 0 || t_is_doomed() ? 0 : 1);
    for (size_t k = 0; k < n; k++)
        wants[k].events = fds[k].revents;
    headcount_step(scene.h, wants, n);
    scene_serve();
}

void scene_drive(void)
{
    for (int i = 0; i < 20000 &&
                    headcount_op_state(scene.op) == HEADCOUNT_RUNNING; i++)
        scene_round();
    CHECK(headcount_op_state(scene.op) != HEADCOUNT_RUNNING);
}

void scene_until(size_t requests)
{
    for (int i = 0; i < 2000 && scene.script.requests < requests; i++)
        scene_round();
    CHECK_INT(scene.script.requests, requests);
}

/* ---- one op from its begin to its end ---- */

/* False: it is done before this round. */
static bool run_to(const struct scene_run *run, size_t round)
{
    for (size_t i = 0; i < round; i++) {
        enum headcount_state state = headcount_op_state(scene.op);

        if (state == HEADCOUNT_DONE)
            return false;
        if (state == HEADCOUNT_RUNNING)
            scene_round();
        else if (run->turn != NULL)
            run->turn();
        else
            headcount_resume(scene.op);
    }
    return headcount_op_state(scene.op) != HEADCOUNT_DONE;
}

int scene_run_once(const struct scene_run *run)
{
    int err = scene_try(false, run->answers);

    if (err == 0)
        err = run->begin();
    if (err == 0) {
        CHECK(!run_to(run, 20000));
        err = headcount_outcome(scene.op)->code;
        if (run->done != NULL)
            run->done();
        headcount_op_free(scene.op);
    }
    scene_close();
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

/* What was sent before the cancel has come whole by now. */
static void cancel_and_end(const struct scene_run *run)
{
    poll(NULL, 0, 1);
    scene_serve();

    size_t requests = scene.script.requests;

    headcount_cancel(scene.op);
    CHECK(!run_to(run, 20000));
    CHECK_INT(scene.script.requests, requests);
}

void scene_run_cut(const struct scene_run *run)
{
    bool runs = true;

    for (size_t round = 0; runs; round++) {
        CHECK(round < 1000);
        for (int cancels = 0; cancels < 2; cancels++) {
            scene_open(false, run->answers);
            CHECK_INT(run->begin(), 0);
            runs = run_to(run, round);
            if (runs && cancels)
                cancel_and_end(run);
            if (cancels && run->done != NULL)
                run->done();
            headcount_op_free(scene.op);
            CHECK(scene.h->ops == NULL && scene.h->changed == NULL);
            CHECK_INT(scene.h->inside, 0);
            scene_close();
        }
    }
}
