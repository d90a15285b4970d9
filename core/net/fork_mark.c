/* net/fork_mark.c - whether this process is a child of the one that set the
 * mark. */
#define _DEFAULT_SOURCE              /* madvise, MAP_ANONYMOUS               */
#include "net/fork_mark.h"

#include <sys/mman.h>

#include "net/sys.h"

/* A length that the kernel rounds up to a page. */
#define MARK_SIZE 1

static unsigned char *mark_page(void)
{
#ifdef MADV_WIPEONFORK
    void *page = mmap(NULL, MARK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, MARK_SIZE, MADV_WIPEONFORK) == 0)
        return page;
    munmap(page, MARK_SIZE);
#endif
    return NULL;
}

void hc_fork_mark_init(struct hc_fork_mark *m)
{
    *m = (struct hc_fork_mark){ .pid = hc_process(), .page = mark_page() };
    if (m->page != NULL)
        *m->page = 1;
}

void hc_fork_mark_fini(struct hc_fork_mark *m)
{
    if (m->page != NULL)
        munmap(m->page, MARK_SIZE);
    m->page = NULL;
}

bool hc_fork_mark_is_child(const struct hc_fork_mark *m)
{
    return m->page != NULL ? *m->page == 0 : m->pid != hc_process();
}
