/* cli/reason.c - see reason.h. */
#include "reason.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "plain.h"

#define HELD "; held: "
#define MATCH " that match the filter"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "1 task on each host" for "1 task on each of", "all but 1" for "all but 1
 * of"; the number of hosts followed. */
static void put_head(FILE *out, const char *text, size_t n)
{
    static const char *const ends[] = { " of", " for" };
    bool each = n > 8 && memcmp(text + n - 8, " each of", 8) == 0;

    for (size_t i = 0; i < 2; i++) {
        size_t end = strlen(ends[i]);

        if (n > end && memcmp(text + n - end, ends[i], end) == 0) {
            n -= end;
            break;
        }
    }
    plain_put(out, text, n);
    fputs(each ? " host" : "", out);
}

static void put_filter(FILE *out, const char *before, const char *filter)
{
    fputs(before, out);
    plain_put(out, filter, strlen(filter));
}

void reason_put(FILE *out, const struct headcount_service *s)
{
    const char *text = s->reason, *held = strstr(text, HELD), *at = NULL;
    bool filtered = *s->hosts_filter != '\0';
    char hosts[64];

    if (s->outcome == HEADCOUNT_HELD && held)
        text = held + strlen(HELD);
    if (s->hosts_counted != HEADCOUNT_UNKNOWN) {
        snprintf(hosts, sizeof hosts, " %" PRId64 " %s host%s",
                 s->hosts_counted, s->hosts_by,
                 s->hosts_counted == 1 ? "" : "s");
        at = strstr(text, hosts);
    }
    /* Some of the hosts only, and the column does not say which. */
    if (at && begins(at + strlen(hosts), " of "))
        at = NULL;
    if (at) {
        put_head(out, text, (size_t)(at - text));
        text = at + strlen(hosts);
        if (filtered && begins(text, MATCH)) {
            put_filter(out, " where ", s->hosts_filter);
            text += strlen(MATCH);
            filtered = false;
        }
    }
    plain_put(out, text, strlen(text));
    if (filtered)
        put_filter(out, *s->reason != '\0' ? "; hosts where " : "hosts where ",
                   s->hosts_filter);
}
