/* net/fork_mark.c - whether this process is a child of the one that set the
 * mark. */
#define _DEFAULT_SOURCE              /* madvise, MAP_ANONYMOUS               */
#include "net/fork_mark.h"

#include <sys/mman.h>
#include <unistd.h>

#include "net/sys.h"

#ifdef MADV_WIPEONFORK
static unsigned char *mark_page(size_t size)
{
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, size, MADV_WIPEONFORK) == 0)
        return page;
    munmap(page, size);
    return NULL;
}
#endif

void hc_fork_mark_init(struct hc_fork_mark *m)
{
    long size = sysconf(_SC_PAGESIZE);

    *m = (struct hc_fork_mark){ .pid = hc_process() };
#ifdef MADV_WIPEONFORK
    if (size > 0)
        m->page = mark_page((size_t)size);
    if (m->page != NULL) {
        m->size = (size_t)size;
        *m->page = 1;
    }
#else
    (void)size;
#endif
}

void hc_fork_mark_fini(struct hc_fork_mark *m)
{
    if (m->page != NULL)
        munmap(m->page, m->size);
    m->page = NULL;
}

bool hc_fork_mark_is_child(const struct hc_fork_mark *m)
{
    return m->page != NULL ? *m->page == 0 : m->pid != hc_process();
}
