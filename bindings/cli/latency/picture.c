/* cli/latency/picture.c - see picture.h.  Tenths of a pixel:
 *
 *     0          500              4600 4800 +500            +2200  7200
 *     +---------------------------------+-----------------------------+ 0
 *     |           what a mark says      |     which mark is which     |
 *     |      ms +---------------------+ |  ms +-------------------+   | TOP
 *     |         |  o     o            | |     | ##     |          |   |
 *     |         |                     | |     | #      | ##       |   |
 *     |         +---------------------+ |     +-------------------+   | BASE
 *     |          seconds of the run     |          calls              |
 *     +---------------------------------+-----------------------------+ 3400
 */
#include "latency/picture.h"

#include "page/page.h"

#define WIDTH 4800
#define NARROW 2400
#define LEFT 500
#define MARGINS 700                  /* LEFT, and what is free at the right  */
#define TOP 840
#define BASE 2960

/* Colours of Okabe and Ito, darker on white: each has a contrast of 4.5 or
 * more on its background.  Only a page has something of class f: a picture may
 * be shown small, and its media then are, too. */
const char picture_style[] =
    ":root{--s0:#0072b2;--s1:#b84a00;--s2:#00795a;--s3:#a3408f}\n"
    "@media(prefers-color-scheme:dark){:root{--s0:#56b4e9;--s1:#f08c3a;"
    "--s2:#34c79a;--s3:#f09ad0}}\n"
    ".s0{fill:var(--s0)}.s1{fill:var(--s1)}.s2{fill:var(--s2)}"
    ".s3{fill:var(--s3)}"
    "svg{font:90px system-ui,sans-serif}text{fill:var(--fg)}"
    ".g{stroke:var(--line);stroke-width:9}.x{stroke:var(--bad);"
    "stroke-width:15}.m{text-anchor:middle}.e{text-anchor:end}"
    ".b{fill:var(--bg)}.tip{display:none}.d:hover .tip,.d:focus .tip"
    "{display:inline}.d:focus{outline:0}.d:hover>use,.d:focus>use"
    "{stroke:var(--fg);stroke-width:15}\n"
    ".f{display:grid;grid-template-columns:2fr 1fr}.f svg{width:100%;"
    "height:auto}\n"
    "@media(max-width:45rem){.f{display:block}.f .w{font-size:160px}}\n";

static const char marks[] =
    "<defs><circle id=\"m0\" r=\"30\"/>"
    "<path id=\"m1\" d=\"M-30-30h60v60h-60z\"/>"
    "<path id=\"m2\" d=\"M0-40l40 70h-80z\"/>"
    "<path id=\"m3\" d=\"M0-40l40 40-40 40-40-40z\"/>"
    "<path id=\"m4\" class=\"x\" d=\"M-30-30l60 60m0-60l-60 60\"/>"
    "<path id=\"b\" class=\"b\" d=\"M480 0h4320v800h-4320z\"/></defs>\n";

static void put_number(FILE *out, int x, int y, char class, int64_t number,
                       double unit)
{
    fprintf(out, "<text class=\"%c\" x=\"%d\" y=\"%d\" dy=\".35em\">%g"
            "</text>\n", class, x, y, (double)number / unit);
}

static int y_of(const struct latency_scale *scale, int64_t us)
{
    int64_t all = scale->step * scale->steps;

    return BASE - (int)((us < all ? us : all) * (BASE - TOP) / all);
}

static void begin_panel(FILE *out, int at, int width, const char *says,
                        const struct latency_scale *scale)
{
    fprintf(out, "<svg class=\"%c\" x=\"%d\" width=\"%d\" height=\"3400\" "
            "viewBox=\"0 0 %d 3400\" role=\"group\" aria-label=\"%s\">\n"
            "<text class=\"e\" x=\"460\" y=\"680\">ms</text>\n",
            at ? 'h' : 'w', at, width, width, says);
    for (unsigned i = 0; i <= scale->steps; i++) {
        int y = y_of(scale, scale->step * i);

        fprintf(out, "<path class=\"g\" d=\"M500 %dh%d\"/>\n", y,
                width - MARGINS);
        put_number(out, LEFT - 40, y, 'e', scale->step * i, 1e3);
    }
}

/* ---- a mark for each call ---- */

/* Writes one call in parts with this text between them. */
static void put_call(FILE *out, const struct latency_series *s, size_t i,
                     const char *between)
{
    const struct latency_call *c = &s->calls[i];
    char text[LATENCY_TEXT];

    fprintf(out, "%s %zu: %s ms at %.1f s", s->name, i,
            latency_ms(text, c->us), (double)c->at / 1e6);
    if (*c->error != '\0') {
        fprintf(out, "%sfailed: ", between);
        page_text(out, c->error);
    }
    for (size_t k = 0; k < LATENCY_PHASES; k++)
        fprintf(out, "%s%s %s", k == LATENCY_DNS || k == LATENCY_SEND
                                    ? between : ", ",
                latency_phases[k], latency_ms(text, c->phase[k]));
}

static void put_scatter(FILE *out, const struct latency *l,
                        const struct latency_scale *y)
{
    const int width = WIDTH - MARGINS;
    int64_t last = 0;

    for (size_t i = 0; i < l->series_n; i++)
        if (l->series[i].calls[l->series[i].n].at > last)
            last = l->series[i].calls[l->series[i].n].at;
    struct latency_scale x = latency_scale(last + 1);

    fputs(marks, out);
    for (unsigned i = 0; i <= x.steps; i++)
        put_number(out, LEFT + width * (int)i / (int)x.steps, BASE + 150, 'm',
                   x.step * i, 1e6);
    fputs("<text class=\"m\" x=\"2550\" y=\"3350\">seconds of the run</text>\n",
          out);
    for (size_t of = 0; of < l->series_n; of++) {
        const struct latency_series *s = &l->series[of];

        for (size_t i = 1; i <= s->n; i++) {
            const struct latency_call *c = &s->calls[i];

            fprintf(out, "<g class=\"d s%zu\" role=\"img\" tabindex=\"0\" "
                    "aria-label=\"", of);
            put_call(out, s, i, ", ");
            fprintf(out, "\"><use href=\"#m%zu\" x=\"%d\" y=\"%d\"/>"
                    "<g class=\"tip\"><use href=\"#b\"/><text>"
                    "<tspan x=\"540\" y=\"1.1em\">",
                    *c->error != '\0' ? (size_t)LATENCY_SERIES : of,
                    LEFT + (int)(width * c->at / (x.step * x.steps)),
                    y_of(y, c->us));
            put_call(out, s, i, "</tspan><tspan x=\"540\" dy=\"1.2em\">");
            fputs("</tspan></text></g></g>\n", out);
        }
    }
}

/* ---- histograms ---- */

static void put_which(FILE *out, size_t mark, int y, const char *name)
{
    fprintf(out, "<use class=\"s%zu\" href=\"#m%zu\" x=\"540\" y=\"%d\"/>"
            "<text x=\"620\" y=\"%d\">%s</text>\n", mark, mark, y, y + 30,
            name);
}

static void put_histograms(FILE *out, const struct latency *l,
                           const struct latency_bins *bins)
{
    const int width = (NARROW - MARGINS) / (int)l->series_n;
    const int n = (int)bins->scale.steps * 2;
    size_t failed = 0;

    for (int i = 0; i < (int)l->series_n; i++) {
        failed += l->series[i].failed;
        fprintf(out, "<path class=\"g\" d=\"M%d %dV%d\"/>\n", LEFT + width * i,
                TOP, BASE);
        for (int k = 0; k < n; k++)
            if (bins->count[i][k] > 0)
                fprintf(out, "<path class=\"s%d\" d=\"M%d %dh%dv%dH%dz\"/>\n",
                        i, LEFT + width * i,
                        BASE + 10 - (BASE - TOP) * (k + 1) / n,
                        (width - 60) * (int)bins->count[i][k] /
                            (int)bins->most,
                        (BASE - TOP) / n - 20, LEFT + width * i);
        put_which(out, (size_t)i, 90 + 140 * i, l->series[i].name);
    }
    if (failed > 0)
        put_which(out, LATENCY_SERIES, 650, "failed");
    fprintf(out, "<text class=\"m\" x=\"1350\" y=\"3140\">calls, the longest "
            "bar: %u</text>\n</svg>\n", bins->most);
}

void picture_panels(FILE *out, const struct latency *l)
{
    struct latency_bins bins;

    latency_bins(l, &bins);
    begin_panel(out, 0, WIDTH, "Calls", &bins.scale);
    put_scatter(out, l, &bins.scale);
    fputs("</svg>\n", out);
    begin_panel(out, WIDTH, NARROW, "Histogram", &bins.scale);
    put_histograms(out, l, &bins);
}

void picture_file(FILE *out, const struct latency *l)
{
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" "
            "height=\"425\" viewBox=\"0 0 7200 3400\">\n<style>\n%s%s"
            "svg{font-size:110px}\n</style>\n"
            "<path class=\"b\" d=\"M0 0h7200v3400H0z\"/>\n", page_colours,
            picture_style);
    picture_panels(out, l);
    fputs("</svg>\n", out);
}
