/* net/fork_mark - a child knows that it is one, its parent that it is none. */
#include "net/fork_mark.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

static void is_seen_by_a_child(struct hc_fork_mark *m)
{
    int status = 0;

    CHECK(!hc_fork_mark_is_child(m));
    fflush(NULL);
    pid_t child = fork();

    if (child == 0) {
        bool seen = hc_fork_mark_is_child(m);

        hc_fork_mark_fini(m);
        _exit(seen ? 7 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 7);
    CHECK(!hc_fork_mark_is_child(m));
}

TEST(fork_mark, a_child_is_one)
{
    struct hc_fork_mark m;

    hc_fork_mark_init(&m);
    CHECK_INT(m.pid, getpid());
    is_seen_by_a_child(&m);
    hc_fork_mark_fini(&m);
    hc_fork_mark_fini(&m);
}

/* An old kernel, or one that is no Linux. */
TEST(fork_mark, without_a_page_the_process_id_says_it)
{
    struct hc_fork_mark m = { .pid = getpid() };

    is_seen_by_a_child(&m);
    hc_fork_mark_fini(&m);
}
