/* tests/cli/progress_test.c - when the line of progress is drawn. */
#include "t.h"

#include "progress.h"

TEST(progress, the_first_second_has_none)
{
    struct progress p = { .began = 5000000 };

    CHECK(!progress_is_due(&p, 5000000));
    CHECK(!progress_is_due(&p, 5999999));
    CHECK_INT(p.drawn, 0);
    CHECK(progress_is_due(&p, 6000000));
    CHECK_INT(p.drawn, 6000000);
}

TEST(progress, it_is_drawn_a_few_times_a_second)
{
    struct progress p = { .began = 0 };
    int n = 0;

    for (int64_t now = 0; now < 3000000; now += 1000)
        n += progress_is_due(&p, now);
    CHECK_INT(n, 10);
}
