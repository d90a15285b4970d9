/* peers/aws_peer.c - see aws_peer.h. */
#include "peers/aws_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const default_env[] = {
    "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN=token", NULL
};

void aws_world_open(struct aws_world *w, const char *const *env,
                    const char *const *answers)
{
    struct headcount_error e = { 0 };
    struct hc_config_options options = { .region = NULL };
    struct hc_client_config client = { .config = &w->config,
                                       .net = &w->world.net,
                                       .version = "0.0.0" };

    memset(w, 0, sizeof *w);
    w->world.env = env != NULL ? env : default_env;
    w->script.answers = answers;
    net_world_open(&w->world, NULL, NULL);
    snprintf(w->url, sizeof w->url, "http://127.0.0.1:%u", w->world.peer.port);
    options.endpoint_url = w->url;
    if (hc_config_init(&w->config, &w->world.net.sys, &options, &e) < 0 ||
        hc_client_init(&w->client, &client, &e) < 0)
        fail_msg("%s", e.what);
}

void aws_world_close(struct aws_world *w)
{
    hc_client_fini(&w->client);
    hc_config_fini(&w->config);
    net_world_close(&w->world);
}

/* Length of the whole request at `text`, 0 if it is not whole yet.  Who says
 * no Content-Length sends no body. */
static size_t request_length(const char *text, size_t n)
{
    static char head[NET_PEER_GOT + 1];

    memcpy(head, text, n);
    head[n] = '\0';
    const char *end = strstr(head, "\r\n\r\n");
    const char *length = strstr(head, "Content-Length: ");

    if (end == NULL)
        return 0;
    size_t body = length != NULL && length < end
                      ? strtoul(length + 16, NULL, 10) : 0;
    size_t whole = (size_t)(end - head) + 4 + body;

    return whole <= n ? whole : 0;
}

static void answer(struct aws_script *s, struct net_peer *peer, size_t conn)
{
    const char *text = s->answers != NULL ? s->answers[s->requests - 1] : NULL;

    if (text == NULL)
        fail_msg("request %zu was not expected", s->requests);
    else if (strcmp(text, AWS_PEER_CLOSE) == 0)
        net_peer_hang_up(peer, conn);
    else if (strcmp(text, AWS_PEER_SILENT) != 0)
        net_peer_say(peer, conn, text);
}

static bool take_request(struct aws_script *s, struct net_peer *peer,
                         size_t conn)
{
    struct net_peer_conn *c = &peer->conns[conn];
    const char *at = c->got + s->taken[conn];
    size_t n = request_length(at, c->got_n - s->taken[conn]);

    if (n == 0 || c->fd < 0)
        return false;
    CHECK(s->requests < AWS_PEER_REQUESTS);
    CHECK(n < sizeof s->request[0]);
    memcpy(s->request[s->requests], at, n);
    s->taken[conn] += n;
    s->requests++;
    answer(s, peer, conn);
    return true;
}

void aws_script_pump(struct aws_script *s, struct net_peer *peer)
{
    for (size_t i = 0; i < peer->n; i++)
        while (take_request(s, peer, i))
            continue;
}

void aws_world_round(struct aws_world *w)
{
    net_world_round(&w->world);
    aws_script_pump(&w->script, &w->world.peer);
}

void aws_world_until(struct aws_world *w, const bool *flag)
{
    for (int i = 0; i < 200 && !*flag; i++) {
        int64_t deadline;

        for (int k = 0; k < 10 && !*flag; k++)
            aws_world_round(w);
        hc_jobs_wants(&w->world.net.jobs, NULL, 0, &deadline);
        if (!*flag && deadline != HC_NEVER && deadline > w->world.now)
            net_world_pass(&w->world, deadline - w->world.now);
    }
    CHECK(*flag);
}

const char *aws_world_header(struct aws_world *w, size_t i, const char *name)
{
    return aws_script_header(&w->script, i, name);
}

const char *aws_script_header(const struct aws_script *s, size_t i,
                              const char *name)
{
    static char value[4][1024];
    static unsigned turn;
    char *out = value[turn++ % 4];
    const char *line = s->request[i];
    size_t n = strlen(name);

    out[0] = '\0';
    while ((line = strstr(line, "\r\n")) != NULL && line[2] != '\r') {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            snprintf(out, sizeof value[0], "%.*s",
                     (int)strcspn(line + n + 2, "\r"), line + n + 2);
            return out;
        }
    }
    return out;
}

const char *aws_answer(int status, const char *headers, const char *body)
{
    static char text[16][16384];
    static unsigned turn;
    char *out = text[turn++ % 16];

    snprintf(out, sizeof text[0], "HTTP/1.1 %d Some\r\n"
             "x-amzn-RequestId: req-%d\r\nContent-Length: %zu\r\n%s\r\n%s",
             status, status, strlen(body), headers, body);
    return out;
}
