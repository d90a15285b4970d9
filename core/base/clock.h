/* base/clock.h - times are int64_t microseconds.
 *
 * Monotonic and absolute for every deadline; wall (since 1970, UTC) only for
 * signing, expiry and certificates.
 */
#ifndef HC_BASE_CLOCK_H
#define HC_BASE_CLOCK_H

#include "base/buf.h"

#define HC_MS ((int64_t)1000)
#define HC_SECOND ((int64_t)1000000)
#define HC_NEVER INT64_MAX

/* The two clocks of the machine.  core asks a struct hc_system (net/sys.h)
 * instead, which a test replaces; the program has only these. */
int64_t hc_clock_monotonic(void);
int64_t hc_clock_wall(void);

/* a + d without overflow; HC_NEVER stays HC_NEVER. */
int64_t hc_time_add(int64_t a, int64_t d);
int64_t hc_time_min(int64_t a, int64_t b);
/* A span, for a sentence: "250 ms", "3.1 s", "300 s". */
#define HC_TIME_SPAN 24
const char *hc_time_span(char out[HC_TIME_SPAN], int64_t us);

#define HC_AMZ_DATE 16           /* YYYYMMDDTHHMMSSZ */
void hc_time_amz(char out[HC_AMZ_DATE + 1], int64_t wall);
#define HC_RFC3339 24            /* YYYY-MM-DDTHH:MM:SS.mmmZ */
void hc_time_rfc3339(char out[HC_RFC3339 + 1], int64_t wall);
/* RFC 3339 with Z or an offset, fraction or not; false if it is none. */
bool hc_time_get_rfc3339(struct hc_str s, int64_t *wall);
/* HTTP's IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"). */
bool hc_time_get_http(struct hc_str s, int64_t *wall);
/* Seconds since 1970 as JSON has numbers ("1479234567.5", "1.4792345675E9"),
 * up to the year 9999; what is finer than a microsecond is dropped. */
bool hc_time_get_epoch(struct hc_str s, int64_t *wall);

#endif
