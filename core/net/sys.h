/* net/sys.h - what the operating system is asked for, as one table of
 * functions: clocks, randomness, environment, small files, programs.  Tests
 * hand in their own. */
#ifndef HC_NET_SYS_H
#define HC_NET_SYS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

/* A program that was started.  The descriptors do not block. */
struct hc_child {
    long pid;
    int out, err;                  /* what it prints                         */
    int failed;                    /* errno of a start that failed: an int   */
    int ended;                     /* readable once it ended; -1: look at
                                      times                                  */
};

#define HC_MACHINE 66
struct hc_machine {                /* cut to what fits; "": unknown          */
    char os[HC_MACHINE];           /* "Linux"                                */
    char release[HC_MACHINE];      /* "6.1.0-18-amd64"                       */
    char arch[HC_MACHINE];         /* "x86_64"                               */
};

/* Changes whenever the file does; all zero: there is none. */
struct hc_file_stamp {
    uint64_t device, inode, size;
    int64_t modified, changed;     /* ns                                     */
};

struct hc_system {
    struct hc_alloc alloc;
    int64_t (*now)(void *ud);            /* monotonic, us                    */
    int64_t (*wall)(void *ud);           /* since 1970 UTC, us               */
    int (*random)(void *ud, void *p,
                  size_t n); /* 0 or HEADCOUNT_EIO            */
    const char *(*getenv)(void *ud, const char *name);    /* NULL: not set   */
    /* The whole file appended to `out`: 0; HEADCOUNT_EIO (e->sys says why);
     * HEADCOUNT_ELIMIT if it does not fit out->max; HEADCOUNT_ENOMEM.  Never
     * blocks: a file that is not a regular one is HEADCOUNT_EIO. */
    int (*read_file)(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e);
    /* NULL: every file counts as changed whenever it is asked for. */
    void (*stamp_file)(void *ud, const char *path, struct hc_file_stamp *out);
    long (*user)(void *ud);              /* whose the process is; NULL: that
                                            is not to be known               */
    /* The kernel and the processor, as uname gives them; NULL: unknown. */
    void (*machine)(void *ud, struct hc_machine *out);
    /* The file has `text` from now on, and before that its old one: never a
     * part.  Only its owner may read it.  0; HEADCOUNT_EIO (e->sys says why).
     * NULL: nothing is written. */
    int (*write_file)(void *ud, const char *path, struct hc_str text,
                      struct headcount_error *e);
    /* Starts the program at `path` in a process group of its own: 0;
     * HEADCOUNT_EIO.  NULL: this process starts no programs. */
    int (*spawn)(void *ud, const char *path, const char *const *argv,
                 struct hc_child *out, struct headcount_error *e);
    void *ud;
    unsigned cpu;                        /* base/cpu.h; 0: BearSSL's own
                                            code computes everything         */
};

/* The real one: the clocks, getrandom, getenv, open and read. */
void hc_system_real(struct hc_system *sys);

/* Short forms. */
int64_t hc_now(const struct hc_system *sys);
/* The process's id: a child after a fork is another one. */
long hc_process(void);
int64_t hc_wall(const struct hc_system *sys);
int hc_random(const struct hc_system *sys, void *p, size_t n,
              struct headcount_error *e);
/* {NULL, 0} for a variable that is not set, or is set to nothing. */
struct hc_str hc_getenv(const struct hc_system *sys, const char *name);

#endif
