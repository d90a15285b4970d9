/* net/net.h - what all exchanges of one handle share. */
#ifndef HC_NET_NET_H
#define HC_NET_NET_H

#include "base/log.h"
#include "net/job.h"
#include "net/pool.h"
#include "net/resolve.h"
#include "net/stats.h"
#include "net/sys.h"
#include "wire/health.h"
#include "wire/http1.h"

/* us; 0 = the default named here, negative = no limit. */
struct hc_net_config {
    int64_t connect_timeout;         /* 3.1 s, over all addresses; and again
                                        for a proxy's answer to CONNECT      */
    int64_t tls_timeout;             /* 3.1 s                                */
    int64_t acquire_timeout;         /* 10 s for a free connection           */
    int64_t attempt_timeout;         /* 5 min, of one attempt; a longer
                                        first_byte_timeout is added          */
    int64_t send_timeout;            /* 30 s without a byte taken            */
    int64_t first_byte_timeout;      /* 30 s                                 */
    int64_t between_timeout;         /* 30 s                                 */
    int64_t idle;                    /* 20 s                                 */
    int64_t age;                     /* 300 s                                */
    int64_t user_timeout;            /* 30 s: TCP_USER_TIMEOUT               */
    int64_t min_speed;               /* bytes of a body in each 30 s: 1024;
                                        0 after hc_net_init: no limit        */
    size_t per_host;                 /* connections to one host: 10          */
    size_t total;                    /* of all hosts: 200                    */
    bool no_keep_alive;              /* one connection for each exchange     */
    bool tcp_keepalive;
    bool no_dns_cache;               /* each dial asks DNS                   */
    bool no_tls_resumption;          /* each handshake is a full one         */
    struct hc_str dns_server;        /* "" = resolv.conf; copied             */
};

#define HC_NET_RANDOM 256

/* Must not move. */
struct hc_net {
    struct hc_system sys;
    struct hc_log log;
    struct hc_jobs jobs;
    struct headcount_stats stats;
    struct hc_net_config config;     /* defaults filled in                   */
    struct hc_health health;         /* addresses that failed lately         */
    struct hc_resolver resolver;
    struct hc_pool pool;
    struct hc_buf out;               /* memory of the last exchange, for the */
    struct hc_http1 http;            /* next one: net/fetch.c                */
    int64_t opened;                  /* when it was made: traces know it by  */
    size_t random_n;                 /* that are left at the front           */
    unsigned char random[HC_NET_RANDOM];
};

/* 0 or HEADCOUNT_ECONFIG (dns_server); on error there is nothing to fini. */
int hc_net_init(struct hc_net *net, const struct hc_system *sys,
                const struct hc_log *log, const struct hc_net_config *config,
                struct headcount_error *e);
void hc_net_fini(struct hc_net *net);
/* Random bytes for names, of which the system gives many at once: never for a
 * key, and the process that got them must be this one (hc_op_check_process). */
int hc_net_random(struct hc_net *net, void *p, size_t n,
                  struct headcount_error *e);
/* The network may be another one: nothing that was learned about it counts any
 * more.  Exchanges go on. */
void hc_net_forget(struct hc_net *net);

#endif
