/* cli/latency/series.h - the calls of `latency` and what is computed of them.
 *
 * A series has calls that differ from those of another series in one thing.
 * calls[0] pays for credentials, DNS and TLS: it counts for the numbers of
 * connections, handshakes and lookups, and for nothing else.
 */
#ifndef CLI_LATENCY_SERIES_H
#define CLI_LATENCY_SERIES_H

#include "headcount.h"

#define LATENCY_SERIES 4

/* OTHER is what the marks of a call do not name: signing, our own work, a
 * proxy's tunnel. */
enum latency_phase { LATENCY_DNS, LATENCY_CONNECT, LATENCY_TLS, LATENCY_SEND,
                     LATENCY_WAIT, LATENCY_RECEIVE, LATENCY_OTHER,
                     LATENCY_PHASES };
extern const char latency_phases[LATENCY_PHASES][8];

struct latency_call {
    int64_t at;                      /* us since the first round began       */
    int64_t us;                      /* from its begin to its end            */
    int64_t phase[LATENCY_PHASES];   /* us, of all its attempts              */
    int status;                      /* HTTP, 0 without an answer            */
    bool reused, resumed;
    char error[36];                  /* AWS's code or ours; "": it succeeded */
};

struct latency_series {
    const char *name, *about;
    struct latency_call *calls;
    size_t n, failed;                /* without calls[0]                     */
    int64_t *sorted;                 /* us of those that succeeded, rising   */
    int64_t total;                   /* their sum                            */
    int64_t phase[LATENCY_PHASES];   /* likewise                             */
    struct headcount_stats stats;    /* of the handle                        */
    char why[240];                   /* of the last failure                  */
};

struct latency {
    const char *service, *operation;
    char host[256], address[64];
    int64_t begun;                   /* us since 1970                        */
    size_t calls;                    /* of each series, as asked for         */
    double rate;                     /* of each series, a second             */
    size_t series_n;
    bool tls, dns;                   /* are used here                        */
    bool interrupted;
    struct latency_series series[LATENCY_SERIES];
};

/* Room for so many calls and the first; false: there is no memory. */
bool latency_series_init(struct latency_series *s, size_t calls);
void latency_series_fini(struct latency_series *s);
/* Takes what came of one call. */
void latency_add(struct latency_series *s, int64_t at, bool first,
                 const struct headcount_outcome *outcome);

/* The nearest rank: the smallest of the times that p percent of them do not
 * exceed (the smallest of all with 0); -1 if there is none. */
int64_t latency_percentile(const struct latency_series *s, unsigned p);
static inline size_t latency_good(const struct latency_series *s)
{
    return s->n - s->failed;
}

/* A scale from 0 to at least `most`: `step` is 1, 2 or 5 times a power of ten,
 * and there are 4 to 8 steps. */
struct latency_scale {
    int64_t step;
    unsigned steps;
};
struct latency_scale latency_scale(int64_t most);

/* Two bins to a step; a time on a border belongs to the bin above. */
#define LATENCY_BINS 16
struct latency_bins {
    struct latency_scale scale;      /* of the calls that succeeded, us      */
    unsigned most;                   /* the fullest bin of any series        */
    unsigned count[LATENCY_SERIES][LATENCY_BINS];
};
void latency_bins(const struct latency *l, struct latency_bins *bins);

/* Milliseconds, with two digits behind the point below 100; "-" for a negative
 * time. */
#define LATENCY_TEXT 24
const char *latency_ms(char to[LATENCY_TEXT], int64_t us);

#endif
