/* peers/fleet.c - see fleet.h. */
#include "peers/fleet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t.h"

#define AT "arn:aws:ecs:%s:123456789012:"

const char *const fleet_regions[FLEET_REGIONS] = {
    "eu-west-1", "us-east-1", "eu-north-1"
};

struct text {
    size_t n;
    char p[16384];
};

struct asked {
    const char *head, *body;
    int region, cluster;                 /* -1: none is named                */
};

static void put(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    t->n += (size_t)vsnprintf(t->p + t->n, sizeof t->p - t->n, format, args);
    va_end(args);
    CHECK(t->n < sizeof t->p);
}

/* ---- chance ---- */

unsigned fleet_random(struct fleet *f, unsigned n)
{
    f->random = f->random * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)((f->random >> 33) % n);
}

bool fleet_chance(struct fleet *f, unsigned percent)
{
    return fleet_random(f, 100) < percent;
}

/* ---- what is answered ---- */

static void put_arns(struct fleet *f, struct text *t, const struct asked *a)
{
    const char *token = strstr(a->body, "\"nextToken\":\"t");
    size_t from = token != NULL ? strtoul(token + 14, NULL, 10) : 0;
    size_t all = f->clusters_n[a->region], to = from + f->page;

    put(t, "{\"clusterArns\":[");
    for (size_t i = from; i < to && i < all; i++)
        put(t, "%s\"" AT "cluster/c%zu\"", i > from ? "," : "",
            fleet_regions[a->region], i);
    if (f->repeats && from > 0 && from < all)
        put(t, ",\"" AT "cluster/c0\"", fleet_regions[a->region]);
    put(t, "]");
    if (to < all)
        put(t, ",\"nextToken\":\"t%zu\"", to);
    put(t, "}");
}

static void put_clusters(struct fleet *f, struct text *t,
                         const struct asked *a)
{
    const char *region = fleet_regions[a->region];
    char name[96];
    bool some = false;

    put(t, "{\"clusters\":[");
    for (size_t i = 0; i < f->clusters_n[a->region]; i++) {
        const struct fleet_cluster *c = &f->clusters[a->region][i];

        snprintf(name, sizeof name, "cluster/c%zu\"", i);
        if (strstr(a->body, name) == NULL)
            continue;
        put(t, "%s{\"clusterArn\":\"" AT "cluster/c%zu\",\"clusterName\":"
            "\"c%zu\",\"status\":\"ACTIVE\","
            "\"registeredContainerInstancesCount\":%d,\"tags\":[{\"key\":"
            "\"tier\",\"value\":\"%s\"}]}", some ? "," : "", region, i, i,
            c->hosts, c->gold ? "gold" : "tin");
        some = true;
    }
    put(t, "],\"failures\":[]}");
}

static void put_hosts(struct fleet *f, struct text *t, const struct asked *a)
{
    const struct fleet_cluster *c = &f->clusters[a->region][a->cluster];

    put(t, "{\"containerInstanceArns\":[");
    for (int i = 0; i < c->hosts; i++)
        put(t, "%s\"" AT "container-instance/c%d/h%d\"", i > 0 ? "," : "",
            fleet_regions[a->region], a->cluster, i);
    put(t, "]}");
}

static void put_service(struct fleet *f, struct text *t,
                        const struct asked *a)
{
    const struct fleet_cluster *c = &f->clusters[a->region][a->cluster];
    const char *region = fleet_regions[a->region];

    put(t, "{\"serviceArn\":\"" AT "service/c%d/web\",\"serviceName\":\"web\","
        "\"clusterArn\":\"" AT "cluster/c%d\",\"status\":\"ACTIVE\","
        "\"desiredCount\":%d,\"runningCount\":1,\"pendingCount\":0,"
        "\"launchType\":\"EC2\",\"schedulingStrategy\":\"REPLICA\","
        "\"deploymentController\":{\"type\":\"ECS\"},\"deployments\":[{}]}",
        region, a->cluster, region, a->cluster, c->desired);
}

static void answer(struct fleet *f, struct text *t, const struct asked *a)
{
    const char *count = strstr(a->body, "\"desiredCount\":");

    if (strstr(a->head, ".ListClusters") != NULL) {
        put_arns(f, t, a);
    } else if (strstr(a->head, ".DescribeClusters") != NULL) {
        put_clusters(f, t, a);
    } else if (strstr(a->head, ".GetResources") != NULL) {
        put(t, "{\"PaginationToken\":\"\",\"ResourceTagMappingList\":[]}");
    } else if (a->cluster < 0) {
        fail_msg("no cluster in %s", a->body);
    } else if (strstr(a->head, ".ListContainerInstances") != NULL) {
        put_hosts(f, t, a);
    } else if (strstr(a->head, ".DescribeServices") != NULL) {
        put(t, "{\"services\":[");
        put_service(f, t, a);
        put(t, "],\"failures\":[]}");
    } else if (strstr(a->head, ".UpdateService") != NULL && count != NULL) {
        f->clusters[a->region][a->cluster].desired =
            (int)strtol(count + 15, NULL, 10);
        f->clusters[a->region][a->cluster].writes++;
        put(t, "{\"service\":");
        put_service(f, t, a);
        put(t, "}");
    } else {
        fail_msg("this was not expected: %s", a->head);
    }
}

/* ---- one request ---- */

static void say(struct fleet_conn *c, int status, const char *body)
{
    char head[256];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d Some\r\n"
                     "x-amzn-RequestId: r\r\nContent-Length: %zu\r\n\r\n",
                     status, strlen(body));

    if (send(c->fd, head, (size_t)n, MSG_NOSIGNAL) < 0 ||
        send(c->fd, body, strlen(body), MSG_NOSIGNAL) < 0)
        return;                          /* it hung up */
}

static void hang_up(struct fleet_conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* True: this was the answer. */
static bool fault(struct fleet *f, struct fleet_conn *c, const char *head)
{
    bool finds = strstr(head, "Clusters") != NULL;

    if (!fleet_chance(f, f->faults) || (finds && f->lists_well))
        return false;
    switch (fleet_random(f, 6)) {
    case 0: say(c, 500, "{}"); break;
    case 1: say(c, 400, "{\"__type\":\"ThrottlingException\"}"); break;
    case 2: say(c, 400, "{\"__type\":\"AccessDeniedException\"}"); break;
    case 3: say(c, 200, "{\"clusterArns\":[7"); break;
    case 4: hang_up(c); break;
    default: break;                      /* silence */
    }
    return true;
}

static int region_of(const char *head)
{
    for (int i = 0; i < FLEET_REGIONS; i++)
        if (strstr(head, fleet_regions[i]) != NULL)
            return i;
    fail_msg("no region in %s", head);
    return -1;
}

static void take(struct fleet *f, struct fleet_conn *c, const char *body)
{
    static struct text t;
    const char *cluster = strstr(body, "\"cluster\":\"");
    struct asked a = { c->got, body, region_of(c->got), -1 };

    f->requests++;
    if (fault(f, c, c->got))
        return;
    if (cluster != NULL) {
        const char *name = strstr(cluster, "cluster/c");

        a.cluster = (int)strtol(name != NULL ? name + 9 : cluster + 12, NULL,
                                10);
        if ((size_t)a.cluster >= f->clusters_n[a.region]) {
            say(c, 400, "{\"__type\":\"ClusterNotFoundException\"}");
            return;
        }
    }
    t.n = 0;
    answer(f, &t, &a);
    say(c, 200, t.p);
}

static bool take_whole(struct fleet *f, struct fleet_conn *c)
{
    char *end = strstr(c->got, "\r\n\r\n");
    const char *length = strstr(c->got, "Content-Length: ");
    size_t body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;

    if (end == NULL || strlen(end + 4) < body)
        return false;
    CHECK_INT(strlen(end + 4), body);    /* one after another */
    *end = '\0';
    take(f, c, end + 4);
    c->n = 0;
    c->got[0] = '\0';
    return true;
}

static bool receive(struct fleet_conn *c)
{
    ssize_t n = recv(c->fd, c->got + c->n, sizeof c->got - 1 - c->n,
                     MSG_DONTWAIT);

    if (n == 0)
        hang_up(c);
    if (n <= 0)
        return n == 0;
    c->n += (size_t)n;
    c->got[c->n] = '\0';
    CHECK(c->n < sizeof c->got - 1);
    return true;
}

/* ---- the port ---- */

bool fleet_serve(struct fleet *f)
{
    bool busy = false;
    int fd;

    while ((fd = accept(f->listener, NULL, NULL)) >= 0) {
        CHECK(f->conns_n < FLEET_CONNS);
        f->conns[f->conns_n++] = (struct fleet_conn){ .fd = fd };
        busy = true;
    }
    for (size_t i = 0; i < f->conns_n; i++) {
        struct fleet_conn *c = &f->conns[i];

        if (c->fd >= 0)
            busy |= receive(c);
        if (c->fd >= 0)
            busy |= take_whole(f, c);
    }
    return busy;
}

static void make_clusters(struct fleet *f)
{
    for (int r = 0; r < FLEET_REGIONS; r++) {
        f->clusters_n[r] = fleet_random(f, FLEET_CLUSTERS + 1);
        for (size_t i = 0; i < f->clusters_n[r]; i++)
            f->clusters[r][i] = (struct fleet_cluster){
                .gold = fleet_chance(f, 50),
                .hosts = (int)fleet_random(f, 4),
                .desired = (int)fleet_random(f, 4),
            };
    }
}

void fleet_open(struct fleet *f, uint64_t seed)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;

    memset(f, 0, sizeof *f);
    f->random = seed * 2 + 1;
    for (int i = 0; i < 8; i++)
        fleet_random(f, 2);
    make_clusters(f);
    f->page = 1 + fleet_random(f, 5);
    f->repeats = fleet_chance(f, 30);
    f->lists_well = fleet_chance(f, 60);
    f->faults = fleet_chance(f, 60) ? fleet_random(f, 40) : 0;
    f->conns = calloc(FLEET_CONNS, sizeof *f->conns);
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(f->conns != NULL && f->listener >= 0);
    CHECK_INT(fcntl(f->listener, F_SETFL, O_NONBLOCK), 0);
    CHECK_INT(bind(f->listener, (struct sockaddr *)&at, n), 0);
    CHECK_INT(listen(f->listener, 256), 0);
    CHECK_INT(getsockname(f->listener, (struct sockaddr *)&at, &n), 0);
    f->port = ntohs(at.sin_port);
}

void fleet_close(struct fleet *f)
{
    for (size_t i = 0; i < f->conns_n; i++)
        hang_up(&f->conns[i]);
    free(f->conns);
    close(f->listener);
}
