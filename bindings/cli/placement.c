/* cli/placement.c - see placement.h. */
#include "placement.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "render.h"

#define HOST_LINES 20                /* hosts that are named one by one */
#define COLUMNS 79
#define LABEL 13                     /* of a label, with the blank after it */

void placement_label(FILE *out, const char *label)
{
    fprintf(out, "  %-*s", LABEL, label);
}

static const char *name_of(const struct headcount_placed_host *h)
{
    return *h->ec2_id != '\0' ? h->ec2_id : h->id;
}

static bool has_answer(const struct headcount_placed_host *h,
                       const char *answer)
{
    return strcmp(h->answer, answer) == 0;
}

/* Hosts of this answer and first reason stand together. */
static bool same_group(const struct headcount_placed_host *a,
                       const struct headcount_placed_host *b)
{
    return strcmp(a->answer, b->answer) == 0 && strcmp(a->code, b->code) == 0;
}

/* ---- the first lines ---- */

static void put_head(FILE *out, const struct headcount_cluster *c,
                     const struct headcount_service *s)
{
    const struct headcount_placement *p = s->placement;

    render_text(out, s->service);
    fputs(" in ", out);
    render_text(out, *c->name != '\0' ? c->name : c->arn);
    if (!p && s->outcome == HEADCOUNT_SKIPPED) {
        fputs(": skipped ", out);
        render_text(out, s->code);
        fputc('\n', out);
        return;
    }
    if (p) {
        int64_t hosts = p->running + p->can + p->unknown + p->passed_over +
                        p->cannot;

        fprintf(out, ": %" PRId64 " host%s, %" PRId64 " can have it, %" PRId64
                " run%s it.", hosts, hosts == 1 ? "" : "s",
                p->running + p->can, p->running, p->running == 1 ? "s" : "");
    } else {
        fputs(": which hosts can take it is not known.", out);
    }
    if (s->desired_before != HEADCOUNT_UNKNOWN) {
        fprintf(out, "  desired %" PRId64, s->desired_before);
        if (s->wanted != HEADCOUNT_UNKNOWN && s->wanted != s->desired_before)
            fprintf(out, " -> %" PRId64, s->wanted);
    }
    if (s->outcome == HEADCOUNT_HELD || s->outcome == HEADCOUNT_FAILED) {
        fputs(s->outcome == HEADCOUNT_HELD ? "  held " : "  failed ", out);
        render_text(out, s->code);
    }
    fputc('\n', out);
}

/* "per_host, policy.lua:12: 1 task on each of 5 active hosts; capacity provider
 * blue starts hosts (managed scaling)" */
static void put_rule(FILE *out, const struct headcount_service *s)
{
    placement_label(out, "rule");
    fputs(s->rule, out);
    if (*s->at != '\0') {
        fputs(", ", out);
        render_text(out, s->at);
    }
    fputs(": ", out);
    render_text(out, s->reason);
    if (s->placement && *s->placement->scaled_by != '\0') {
        fputs("; capacity provider ", out);
        render_text(out, s->placement->scaled_by);
        fputs(" has managed scaling", out);
    }
    render_switch(out, s);
    fputc('\n', out);
    if (*s->hosts_filter != '\0') {
        placement_label(out, "filter");
        render_text(out, s->hosts_filter);
        fputc('\n', out);
    }
}

/* ---- hosts ---- */

/* Their names in lines of their own width, and how many more there are. */
static void put_running(FILE *out, const struct headcount_placement *p)
{
    size_t n = 0, column = 2 + LABEL;

    for (size_t i = 0; i < p->hosts_n; i++) {
        const struct headcount_placed_host *h = &p->hosts[i];
        size_t length = strlen(name_of(h));

        if (!has_answer(h, "runs") || n++ >= HOST_LINES)
            continue;
        if (n == 1) {
            placement_label(out, "has it");
        } else if (column + 2 + length > COLUMNS) {
            fputc('\n', out);
            placement_label(out, "");
            column = 2 + LABEL;
        } else {
            fputs("  ", out);
            column += 2;
        }
        render_text(out, name_of(h));
        column += length;
    }
    if (n > HOST_LINES)
        fprintf(out, "  and %zu more", n - HOST_LINES);
    if (n > 0)
        fputc('\n', out);
}

const char *placement_word(const struct headcount_placed_host *h)
{
    return has_answer(h, "unknown") ? "not known"
           : has_answer(h, "passed_over") ? "passed over" : h->answer;
}

/* The end of the group that begins at `at`. */
static size_t group_end(const struct headcount_placement *p, size_t at)
{
    size_t end = at + 1;

    while (end < p->hosts_n && same_group(&p->hosts[at], &p->hosts[end]))
        end++;
    return end;
}

/* Each group gets a line at least; the worst ones get what is left. */
static void put_hosts(FILE *out, const struct headcount_placement *p)
{
    size_t left = HOST_LINES, groups = 0;

    for (size_t i = 0; i < p->hosts_n; i = group_end(p, i))
        groups += !has_answer(&p->hosts[i], "runs");
    for (size_t i = 0, end; i < p->hosts_n; i = end) {
        size_t lines = left > groups ? left - groups + 1 : 1;

        end = group_end(p, i);
        if (has_answer(&p->hosts[i], "runs"))
            continue;
        for (size_t k = i; k < end && k - i < lines; k++) {
            placement_label(out, placement_word(&p->hosts[k]));
            render_text(out, name_of(&p->hosts[k]));
            fputs("  ", out);
            render_text(out, p->hosts[k].reason);
            fputc('\n', out);
        }
        if (end - i > lines) {
            placement_label(out, "");
            fprintf(out, "and %zu more like ", end - i - lines);
            render_text(out, name_of(&p->hosts[i + lines - 1]));
            fputc('\n', out);
        }
        groups--;
        left -= end - i < lines ? end - i : lines;
    }
}

/* ---- the last lines ---- */

static void put_said(FILE *out, const struct headcount_placement *p)
{
    char time[HC_RFC3339 + 1];

    if (*p->said == '\0')
        return;
    placement_label(out, "ECS said");
    if (p->said_at != HEADCOUNT_UNKNOWN) {
        hc_time_rfc3339(time, p->said_at);
        fprintf(out, "%.19sZ ", time);       /* "2026-11-30T14:02:11" */
    }
    fputc('"', out);
    render_text(out, p->said);
    fputs("\"\n", out);
}

void placement_put(FILE *out, const struct headcount_cluster *c,
                   const struct headcount_service *s)
{
    put_head(out, c, s);
    put_rule(out, s);
    if (!s->placement)
        return;
    put_running(out, s->placement);
    put_hosts(out, s->placement);
    put_said(out, s->placement);
}

void placement_sum(FILE *out, const struct headcount_service *s)
{
    if (!s->placement)
        return;
    fputs("  ", out);
    render_text(out, s->placement->summary);
    fputc('\n', out);
}
