/* net/pace - the least speed over a window. */
#include "net/pace.h"

#include "t.h"

TEST(pace, what_moves_enough_in_a_window_is_not_slow)
{
    struct hc_pace p;

    hc_pace_start(&p, 1024, 30 * HC_SECOND, 5000, 7 * HC_SECOND);
    CHECK_INT(p.until, 37 * HC_SECOND);
    CHECK(hc_pace_is_slow(&p, 1024, 5000));
    CHECK(hc_pace_is_slow(&p, 1024, 6023));
    CHECK(!hc_pace_is_slow(&p, 1024, 6024));
}

TEST(pace, a_pause_that_is_allowed_makes_no_window_too_short)
{
    struct hc_pace p;

    hc_pace_start(&p, 1024, 90 * HC_SECOND, 0, 0);
    CHECK_INT(p.until, 90 * HC_SECOND);
    hc_pace_start(&p, 1024, HC_SECOND, 0, 0);
    CHECK_INT(p.until, 30 * HC_SECOND);
    hc_pace_start(&p, 1024, HC_NEVER, 0, HC_SECOND);
    CHECK_INT(p.until, HC_NEVER);
}

TEST(pace, without_a_limit_no_window_ends)
{
    struct hc_pace p;

    hc_pace_start(&p, 0, HC_SECOND, 0, 0);
    CHECK_INT(p.until, HC_NEVER);
    hc_pace_start(&p, 1, HC_SECOND, 0, 0);
    hc_pace_stop(&p);
    CHECK_INT(p.until, HC_NEVER);
}
