/* tests/peers/ecs_script.h - a reconcile whose calls are answered from a
 * table, in order: no network, no clock but the script's.
 *
 *     static const struct script_row rows[] = { { ... }, ... };
 *     struct script *s = script_set(rows, 3);
 *     s->config.wishes = ...;  s->config.wishes_n = ...;
 *     CHECK_INT(script_run(), 1);        then s->r.run.result
 *     script_end();                      every row was used, nothing is left
 *
 * Used by: reconcile/.
 * Instead of moto: moto answers over a network and by its own state; a unit
 * test needs the answers of a table, in order.
 */
#ifndef ECS_SCRIPT_H
#define ECS_SCRIPT_H

#include "reconcile/reconcile.h"

/* Operations, short enough for a table. */
#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define DETAILS "DescribeContainerInstances"
#define UPDATE "UpdateService"
#define SCRIPT_AT "arn:aws:ecs:eu-west-1:111122223333:"
#define SCRIPT_CLUSTER SCRIPT_AT "cluster/prod"
#define SCRIPT_HOST(id) "\"" SCRIPT_AT "container-instance/prod/" id "\""
/* `more` starts with a comma or is empty. */
#define SCRIPT_SERVICE(name, desired, more)                                 \
    SCRIPT_BARE(name, desired, ",\"launchType\":\"EC2\"" more)
/* Without a launch type. */
#define SCRIPT_BARE(name, desired, more)                                 \
    "{\"serviceArn\":\"" SCRIPT_AT "service/prod/" name "\","               \
    "\"serviceName\":\"" name "\",\"clusterArn\":\"" SCRIPT_CLUSTER "\","   \
    "\"status\":\"ACTIVE\",\"desiredCount\":" #desired ","                  \
    "\"runningCount\":1,\"pendingCount\":0,\"deployments\":[{}]" more "}"
#define SCRIPT_SERVICES(list) "{\"services\":[" list "],\"failures\":[]}"
#define SCRIPT_MISSING(name)                                                \
    "{\"arn\":\"" SCRIPT_AT "service/prod/" name "\","                      \
    "\"reason\":\"MISSING\"}"
#define SCRIPT_DESCRIBED(id) "{\"containerInstanceArn\":" SCRIPT_HOST(id)    \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\"}"
/* The whole body of a list of hosts; for a service of EC2, whose filter says
 * so, SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)). */
#define SCRIPT_EC2 "attribute:ecs.capability.external !exists"
#define SCRIPT_ANYWHERE "attribute:ecs.capability.external exists"
#define SCRIPT_FILTER(text) "\"filter\":\"" text "\","
#define SCRIPT_LIST(status, filter) "{\"cluster\":\"" SCRIPT_CLUSTER "\"," \
    filter "\"status\":\"" status "\",\"maxResults\":100}"
#define SCRIPT_HOSTS(list) "{\"containerInstanceArns\":[" list "]}"
#define TWO_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b"))
/* The answer of UpdateService: the count that the request asked for. */
#define SCRIPT_TAKEN "taken"
/* What its calls are signed with. */
#define SCRIPT_SECRET "the-secret/of+this"
#define SCRIPT_TOKEN "the-token/of+this=="
#define SCRIPT_ROWS(table) (table), sizeof(table) / sizeof(*(table))

struct script_row {
    const char *operation;
    const char *service;       /* NULL: ecs                                  */
    const char *body;          /* the request's, NULL: any                   */
    const char *answer;        /* of a 2xx; NULL: none                       */
    int fail;                  /* how it ends after the answer; 0: well      */
    const char *code; /* AWS's, where fail is HEADCOUNT_ESERVICE           */
    int status;                /* likewise; 0 is 400                         */
    int attempts;              /* begun, 0 is 1                              */
    bool sent;                 /* the last attempt was flushed whole         */
    bool outcome_unknown;      /* one of them was, and had no answer         */
    bool restart;              /* half of the answer first, then all of it   */
    bool refuse;               /* the call does not even begin               */
    bool rises, yields;        /* it has to go first, it has to let others   */
    int64_t takes;             /* time that goes by while it is under way    */
    int64_t aged;              /* what this drop follows from, by now        */
};

struct script {
    struct hc_run_config config;   /* cluster "prod", one a host       */
    struct hc_reconcile r;
    struct headcount_error error;        /* of a start that failed           */
    size_t piece;                        /* bytes a span; 0: the whole       */
    size_t at;                           /* calls begun                      */
    int64_t now, wall;
    size_t cancel_at;                    /* cancelled in call number ..., 0  */
    int64_t awaited;                     /* until when, as the call was told */
    void (*policy)(struct hc_reconcile *r);  /* with config.asks: its turn   */

    const struct script_row *rows;       /* private from here                */
    size_t n;
    struct hc_net net;
    struct hc_job job;
    const struct script_row *row;
    size_t given;
    int phase;
    struct hc_wish wishes[16];
    char taken[120];                     /* what SCRIPT_TAKEN stands for     */
    bool open, started, done;
};

/* Starts over; the script is good until the next set. */
struct script *script_set(const struct script_row *rows, size_t n);
/* Likewise, with a wish for each of these services ("web log"): one task on
 * each host. */
struct script *script_wishes(const struct script_row *rows, size_t n,
                             const char *services);
/* Likewise for "web"; `wishes_n` 2 adds "log", which is required.  The last
 * call fails with this code of AWS, when it is not NULL. */
struct script *script_fails(struct script_row *rows, size_t n,
                            const char *code);
/* The wish of this place, to be changed before the run. */
struct hc_wish *script_wish(size_t at);
/* 1, or the negative code of start or step. */
int script_run(void);
/* Runs to the end; the service of this place has this outcome and code. */
void script_gives(size_t at, enum headcount_result outcome, const char *code);
/* Likewise, of a run that ended. */
void script_gave(size_t at, enum headcount_result outcome, const char *code);
void script_end(void);
/* The last of these calls is answered so, in turn: the service "web" fails as
 * EANSWER and its reason says this. */
struct script_answer {
    const char *answer, *says;
};

void script_disbelieve(struct script_row *rows, size_t n,
                       const struct script_answer *answers, size_t answers_n);
/* The service of this place in the report. */
const struct headcount_service *script_service(size_t at);

#endif
