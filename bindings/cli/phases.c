/* cli/phases.c - see phases.h. */
#include "phases.h"

const char *phase_name(enum phase phase)
{
    static const char names[PHASES][8] = { "line", "dns", "connect", "tls",
                                           "send", "wait", "receive" };

    return names[phase];
}

/* The first of three that happened. */
static int64_t first_of(int64_t a, int64_t b, int64_t c)
{
    return a != 0 ? a : b != 0 ? b : c;
}

void phases_get(struct phase_span to[static PHASES],
                const struct headcount_timing *t)
{
    /* Without a connection the attempt failed while it got one. */
    const int64_t open = t->connection != 0 ? t->connect_end : 0;
    const struct phase_span spans[PHASES] = {
        { t->waited > 0 ? t->asked : 0, t->asked + t->waited },
        { t->dns_start, first_of(t->dns_end, t->end, 0) },
        { t->connect_start, first_of(t->tls_start, open, t->end) },
        { t->tls_start, first_of(t->tls_end, t->end, 0) },
        { t->send_start, first_of(t->send_end, t->first_byte, t->end) },
        { t->send_end, first_of(t->first_byte, t->end, 0) },
        { t->first_byte, t->end },
    };

    for (int i = 0; i < PHASES; i++) {
        to[i] = spans[i];
        if (to[i].from == 0 || to[i].to < to[i].from)
            to[i].from = to[i].to = 0;
    }
}
