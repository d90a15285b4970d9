/* reconcile/brake.c - how many services a run may write. */
#include "reconcile/brake.h"

#include "base/text.h"

/* ---- the last ten minutes ---- */

/* Writes are counted in slices of ten seconds, so the window needs a fixed
 * amount of memory, however many writes there are. */
static void window_add(struct hc_brake_window *w, int64_t changes,
                       int64_t fall, int64_t now)
{
    struct hc_brake_slice *s = &w->slices[w->last];

    if (!s->used || now - s->begin >= HC_BRAKE_SLICE) {
        w->last = (w->last + 1) % HC_BRAKE_SLICES;
        s = &w->slices[w->last];
        *s = (struct hc_brake_slice){ .used = true, .begin = now };
    }
    s->newest = now;
    s->changes += changes;
    s->falls += fall;
}

/* A write without an answer so far counts too: otherwise writes that are in
 * flight side by side could pass the limit together. */
static void window_sum(const struct hc_brake_window *w, int64_t now,
                       int64_t *changes, int64_t *falls)
{
    *changes = w->open_changes;
    *falls = w->open_falls;
    for (size_t i = 0; i < HC_BRAKE_SLICES; i++) {
        const struct hc_brake_slice *s = &w->slices[i];

        if (!s->used || now - s->newest >= HC_BRAKE_WINDOW)
            continue;
        *changes += s->changes;
        *falls += s->falls;
    }
}

/* ---- limits ---- */

static void brake_tighten(struct hc_brake_limit *l, int64_t most,
                          bool by_policy)
{
    if (most > 0 && (l->most == 0 || most < l->most))
        *l = (struct hc_brake_limit){ most, by_policy };
}

void hc_brake_limit(struct hc_brake *b, int64_t changes, int64_t falls,
                    bool by_policy)
{
    brake_tighten(&b->max_changes, changes, by_policy);
    brake_tighten(&b->max_falls, falls, by_policy);
}

bool hc_brake_is_set(const struct hc_brake *b)
{
    return b->max_changes.most > 0 || b->max_falls.most > 0;
}

/* ---- what is left ---- */

/* The counts of the run, or of the window. */
struct brake_used {
    int64_t changes, falls;
    bool recent;                      /* in ten minutes, not in this run     */
};

static const char *brake_verb(const struct hc_brake_write *w, int64_t n)
{
    if (w->dry_run)
        return "would be";
    return n == 1 ? "was" : "were";
}

static const char *brake_when(const struct brake_used *u)
{
    return u->recent ? "within ten minutes" : "in this run";
}

static const char *brake_name(const struct hc_brake_limit *l,
                              const char *member, const char *policy)
{
    return l->by_policy ? policy : member;
}

/* A second write of a service corrects the first one: it changes no further
 * service, so it is not held by the number of changes. */
static bool brake_holds_change(const struct hc_brake *b,
                               const struct hc_brake_write *w,
                               const struct brake_used *u,
                               char why[HC_BRAKE_WHY])
{
    const struct hc_brake_limit *l = &b->max_changes;

    if (l->most == 0 || w->again || u->changes < l->most)
        return false;
    hc_fmt(why, HC_BRAKE_WHY, "%lld service%s %s written %s, which is %s",
           (long long)u->changes, u->changes == 1 ? "" : "s",
           brake_verb(w, u->changes), brake_when(u),
           brake_name(l, "request.max_changes",
                      "the policy's limit of changes"));
    return true;
}

/* After one fall was held, every later fall of the run is held too.  Otherwise
 * small falls that come later would pass, and which services lose tasks would
 * follow from the order of their sizes. */
static bool brake_holds_fall(const struct hc_brake *b,
                             const struct hc_brake_write *w,
                             const struct brake_used *u,
                             char why[HC_BRAKE_WHY])
{
    const struct hc_brake_limit *l = &b->max_falls;
    bool passes = w->fall > l->most - u->falls;
    char more[80];

    if (l->most == 0 || w->fall == 0 || (!passes && !b->falls_over))
        return false;
    if (passes)
        hc_fmt(more, sizeof(more), "%lld more would pass",
               (long long)w->fall);
    else
        hc_fmt(more, sizeof(more), "an earlier fall would have passed");
    hc_fmt(why, HC_BRAKE_WHY, "%lld task%s %s taken away %s, and %s %lld, "
           "which is %s", (long long)u->falls, u->falls == 1 ? "" : "s",
           brake_verb(w, u->falls), brake_when(u), more, (long long)l->most,
           brake_name(l, "request.max_falls", "the policy's limit of falls"));
    return true;
}

/* ---- one write ---- */

static int64_t brake_changes(const struct hc_brake_write *w)
{
    return w->again ? 0 : 1;
}

bool hc_brake_take(struct hc_brake *b, const struct hc_brake_write *w,
                   int64_t now, char why[HC_BRAKE_WHY])
{
    const struct brake_used run = { b->changes, b->falls, false };
    struct brake_used recent = { 0, 0, true };

    /* The window counts real writes only, so the part of a dry run itself is
     * added. */
    window_sum(b->window, now, &recent.changes, &recent.falls);
    if (w->dry_run) {
        recent.changes += b->changes;
        recent.falls += b->falls;
    }
    if (!w->allowed) {
        if (brake_holds_change(b, w, &run, why) ||
            brake_holds_change(b, w, &recent, why))
            return false;
        if (brake_holds_fall(b, w, &run, why) ||
            brake_holds_fall(b, w, &recent, why)) {
            b->falls_over = true;
            return false;
        }
    }
    b->changes += brake_changes(w);
    b->falls += w->fall;
    if (!w->dry_run) {
        b->window->open_changes += brake_changes(w);
        b->window->open_falls += w->fall;
    }
    return true;
}

void hc_brake_end(struct hc_brake *b, const struct hc_brake_write *w,
                  bool sent, int64_t now)
{
    b->window->open_changes -= brake_changes(w);
    b->window->open_falls -= w->fall;
    if (sent) {
        window_add(b->window, brake_changes(w), w->fall, now);
        return;
    }
    b->changes -= brake_changes(w);
    b->falls -= w->fall;
}
