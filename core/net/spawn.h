/* net/spawn.h - the one place where the core starts another program. */
#ifndef HC_NET_SPAWN_H
#define HC_NET_SPAWN_H

#include "net/sys.h"

/* The `spawn` of struct hc_system, for the operating system that is there. */
int hc_spawn(void *ud, const char *path, const char *const *argv,
             struct hc_child *out, struct headcount_error *e);

#endif
