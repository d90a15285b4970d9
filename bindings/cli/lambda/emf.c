/* cli/lambda/emf.c - CloudWatch's embedded metric format. */
#include "lambda/emf.h"

#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "verbs/verbs.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { EMF_ALWAYS = 9, EMF_METRICS = EMF_ALWAYS + 3 };

struct metric {
    const char *name, *unit;
    int64_t value;
};

int64_t emf_unplaced(const struct headcount_outcome *o)
{
    int64_t sum = 0;

    for (size_t i = 0; i < o->clusters_n; i++)
        for (size_t k = 0; k < o->clusters[i].services_n; k++) {
            const struct headcount_service *s = &o->clusters[i].services[k];
            int64_t asked = s->outcome == HEADCOUNT_UPDATED
                                ? s->wanted : s->desired_before;

            if (asked != HEADCOUNT_UNKNOWN &&
                s->running != HEADCOUNT_UNKNOWN && asked > s->running)
                sum += asked - s->running;
        }
    return sum;
}

int64_t emf_placeable(const struct headcount_outcome *o)
{
    int64_t sum = -1;

    for (size_t i = 0; i < o->clusters_n; i++)
        for (size_t k = 0; k < o->clusters[i].services_n; k++) {
            int64_t n = o->clusters[i].services[k].placeable;

            sum = emf_add(sum, n == HEADCOUNT_UNKNOWN ? -1 : n);
        }
    return sum;
}

int64_t emf_add(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a + b;
}

static int64_t failed(const struct headcount_outcome *o)
{
    int64_t targets = (int64_t)verbs_targets_failed(o), records = 0;

    if (o->code != 0)
        return 1;
    /* Records about another region or account count as ForeignEvents. */
    for (size_t i = 0; i < o->records_n; i++)
        records += !o->records[i].done && !o->records[i].foreign;
    return targets > 0 ? targets : records;
}

/* Nothing is escaped: a function's name has letters, digits, - and _ only. */
static void put_head(FILE *out, const struct emf *emf,
                     const struct metric *metrics, size_t n)
{
    fprintf(out, "{\"_aws\":{\"Timestamp\":%" PRId64 ",\"CloudWatchMetrics\":"
            "[{\"Namespace\":\"headcount\",\"Dimensions\":[[%s]],"
            "\"Metrics\":[", emf->now_ms,
            emf->function ? "\"FunctionName\"" : "");
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s{\"Name\":\"%s\",\"Unit\":\"%s\"}", i > 0 ? "," : "",
                metrics[i].name, metrics[i].unit);
    fputs("]}]}", out);
    if (emf->function)
        fprintf(out, ",\"FunctionName\":\"%s\"", emf->function);
    if (emf->level && emf->level[strspn(emf->level, LETTERS)] == '\0')
        fprintf(out, ",\"level\":\"%s\"", emf->level);
}

static int64_t services(const struct emf *emf,
                        const struct headcount_outcome *o,
                        enum headcount_result result)
{
    return (int64_t)(o->summary[result] +
                     (emf->sweep ? emf->sweep->summary[result] : 0));
}

static int64_t counted(uint64_t own, const uint64_t *swept)
{
    return (int64_t)(own + (swept ? *swept : 0));
}

void emf_put(FILE *out, const struct emf *emf,
             const struct headcount_outcome *o)
{
    const struct headcount_stats *swept = emf->sweep ? &emf->sweep->stats
                                                     : NULL;
    const struct headcount_outcome *sweep = emf->is_sweep ? o : emf->sweep;
    int64_t failures = failed(o) + (emf->sweep ? failed(emf->sweep) : 0);
    int64_t placeable = emf_add(emf_placeable(o), emf->placeable);
    size_t n = EMF_ALWAYS;
    struct metric metrics[EMF_METRICS] = {
        { "Updated", "Count", services(emf, o, HEADCOUNT_UPDATED) },
        { "Held", "Count", services(emf, o, HEADCOUNT_HELD) },
        { "TooManyChanges", "Count",
          (int64_t)render_braked(o) + emf->braked },
        { "Failed", "Count", failures },
        { "ForeignEvents", "Count", (int64_t)o->foreign },
        { "Unplaced", "Count", emf_unplaced(o) + emf->unplaced },
        { "Calls", "Count", counted(o->stats.api_calls,
                                    swept ? &swept->api_calls : NULL) },
        { "Duration", "Milliseconds", emf->duration_ms },
        { "ConnectionsOpened", "Count",
          counted(o->stats.connections_opened,
                  swept ? &swept->connections_opened : NULL) },
    };

    if (failures == 0)
        metrics[n++] = (struct metric){ "LastSuccess", "Seconds",
                                        emf->now_ms / 1000 };
    /* No 0 stands for what the run did not read. */
    if (placeable >= 0)
        metrics[n++] = (struct metric){ "Placeable", "Count", placeable };
    /* Only a sweep that looked at every cluster knows: an alarm that counts
     * data points must not see a 0 from the events between sweeps. */
    if (sweep && failed(sweep) == 0)
        metrics[n++] = (struct metric){ "MissingServices", "Count",
                                        (int64_t)sweep->missing_services_n };
    put_head(out, emf, metrics, n);
    for (size_t i = 0; i < n; i++)
        fprintf(out, ",\"%s\":%" PRId64, metrics[i].name, metrics[i].value);
    fputs("}\n", out);
    fflush(out);
}
