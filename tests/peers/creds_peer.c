/* peers/creds_peer.c - see creds_peer.h. */
#include "peers/creds_peer.h"

#include <stdio.h>
#include <string.h>

static void creds_peer_run(struct hc_job *job, int64_t now)
{
    struct creds_peer *p =
        (struct creds_peer *)(void *)((char *)job -
                                      offsetof(struct creds_peer, job));
    const struct hc_creds_ask ask = { .waiter = &p->link, .job = &p->job };

    if (p->ended || p->from == NULL)
        return;
    p->got = hc_creds_get(p->from, &ask, now, &p->out, &p->error);
    p->ended = p->got != 0;
}

/* The texts of the environment are ours, never a format of somebody else's. */
static void put_env(struct creds_peer *p, const char *const *env)
{
    size_t n = 0;

    snprintf(p->text[n++], sizeof p->text[0], "AWS_REGION=eu-west-1");
    for (; *env != NULL; env++) {
        const char *port = strstr(*env, "%u");
        int before = port != NULL ? (int)(port - *env) : (int)strlen(*env);

        if (strncmp(*env, "AWS_REGION=", 11) == 0)
            n = 0;
        CHECK(n < CREDS_PEER_ENV);
        if (port != NULL)
            snprintf(p->text[n++], sizeof p->text[0], "%.*s%u%s", before,
                     *env, p->aws.world.peer.port, port + 2);
        else
            snprintf(p->text[n++], sizeof p->text[0], "%s", *env);
    }
    for (size_t i = 0; i < n; i++)
        p->env[i] = p->text[i];
    p->env[n] = NULL;
}

int creds_peer_open(struct creds_peer *p, const char *const *env,
                    const char *const *answers)
{
    int err = creds_peer_open_files(p, env, NULL, NULL);

    p->aws.script.answers = answers;
    return err;
}

int creds_peer_open_files(struct creds_peer *p, const char *const *env,
                          const char *const *files, const char *profile)
{
    struct aws_world *w = &p->aws;
    const struct hc_config_options options = { .profile = profile };
    const struct hc_client_config client = { .config = &w->config,
                                             .net = &w->world.net,
                                             .version = "0.0.0" };

    memset(p, 0, sizeof *p);
    t_alloc_state()->secret = "hush";
    w->world.files = files;
    net_world_open(&w->world, NULL, NULL);
    put_env(p, env);
    w->world.env = p->env;
    hc_credentials_init(&p->out, t_alloc());
    hc_job_init(&p->job, &w->world.net.jobs, creds_peer_run);
    int err = hc_config_init(&w->config, &w->world.net.sys, &options,
                             &p->error);

    return err == 0 ? hc_client_init(&w->client, &client, &p->error) : err;
}

void creds_peer_close(struct creds_peer *p)
{
    hc_waiter_leave(&p->link);
    hc_job_fini(&p->job);
    hc_credentials_fini(&p->out);
    aws_world_close(&p->aws);
    CHECK(!t_alloc_state()->unwiped);
}

/* Several exchanges follow each other before nothing happens any more. */
static void settle(struct creds_peer *p)
{
    for (int i = 0; i < 60 && !p->ended; i++)
        aws_world_round(&p->aws);
}

int creds_peer_ask(struct creds_peer *p, struct hc_creds *from)
{
    p->from = from;
    p->ended = false;
    hc_error_reset(&p->error);
    hc_job_wake(&p->job);
    settle(p);
    for (int i = 0; i < 200 && !p->ended; i++) {
        int64_t deadline;

        hc_jobs_wants(&p->aws.world.net.jobs, NULL, 0, &deadline);
        if (deadline != HC_NEVER && deadline > p->aws.world.now)
            net_world_pass(&p->aws.world, deadline - p->aws.world.now);
        settle(p);
    }
    CHECK(p->ended);
    return p->got;
}

void creds_peer_pass(struct creds_peer *p, int64_t us)
{
    net_world_pass(&p->aws.world, us);
    p->ended = false;
    settle(p);
}

void creds_peer_failed(const struct creds_peer *p, int code, const char *words)
{
    CHECK_INT(p->got, code);
    CHECK_INT(p->error.code, code);
    if (strstr(p->error.what, words) == NULL)
        fail_msg("no \"%s\" in \"%s\"", words, p->error.what);
    if (strstr(p->error.what, "hush") != NULL)
        fail_msg("a secret in \"%s\"", p->error.what);
}

void creds_peer_has(const struct creds_peer *p, const char *key_id)
{
    if (p->got < 0)
        fail_msg("%s", p->error.what);
    CHECK_STR(hc_credentials_view(&p->out).key_id, key_id);
}
