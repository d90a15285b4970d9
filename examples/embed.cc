/* embed.cc - headcount in C++: handles and ops that free themselves, failures
 * that are exceptions.
 *
 *   embed CLUSTER SERVICE
 *
 * Build: c++ embed.cc $(pkg-config --cflags --libs headcount)
 */
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include <headcount.h>

namespace {

struct Free {
    void operator()(headcount *h) const { headcount_free(h); }
    void operator()(headcount_op *op) const { headcount_op_free(op); }
};
using Handle = std::unique_ptr<headcount, Free>;
using Op = std::unique_ptr<headcount_op, Free>;
/* headcount_outcome alone is the function of that name. */
using Outcome = struct headcount_outcome;

/* The sentence of an error has the operation, the place and what to do. */
void check(int code, const struct headcount_error &error)
{
    if (code != 0)
        throw std::runtime_error(error.what);
}

/* A hook is called by C code, through which no exception can pass. */
void log(void *, int, const char *line, size_t n) noexcept
{
    std::fprintf(stderr, "%.*s\n", static_cast<int>(n), line);
}

Handle open_handle()
{
    struct headcount_system system;
    struct headcount_config config;
    struct headcount_error error;
    headcount *h;

    HEADCOUNT_INIT(&system);
    system.log = log;
    HEADCOUNT_INIT(&config);
    config.system = &system;
    check(headcount_new(&h, &config, &error), error);
    return Handle(h);
}

Op begin(const Handle &h, const std::string &cluster,
         const std::string &service)
{
    const char *const clusters[] = { cluster.c_str() };
    struct headcount_wish wish;
    struct headcount_reconcile reconcile;
    struct headcount_error error;
    headcount_op *op;

    HEADCOUNT_INIT(&wish);
    wish.service = service.c_str();
    wish.rule = HEADCOUNT_PER_HOST;
    HEADCOUNT_INIT(&reconcile);
    reconcile.clusters = clusters;
    reconcile.clusters_n = 1;
    reconcile.wishes = &wish;
    reconcile.wishes_n = 1;
    check(headcount_begin_reconcile(h.get(), &op, &reconcile, &error), error);
    return Op(op);
}

const Outcome &wait(const Op &op)
{
    int state;

    do
        state = headcount_wait(op.get(), -1);
    while (state == HEADCOUNT_RUNNING);     /* a signal came in */
    if (state < 0)
        throw std::runtime_error(headcount_code_name(state));
    const Outcome *outcome = headcount_outcome(op.get());

    if (outcome->code != 0)
        throw std::runtime_error(outcome->message);
    return *outcome;
}

}

int main(int argc, char **argv)
try {
    if (argc != 3) {
        std::fputs("usage: embed CLUSTER SERVICE\n", stderr);
        return 2;
    }
    const Handle h = open_handle();         /* freed after its op */
    const Op op = begin(h, argv[1], argv[2]);
    const Outcome &outcome = wait(op);

    std::puts(outcome.json);
    return outcome.summary[HEADCOUNT_FAILED] > 0;
} catch (const std::exception &e) {
    std::fprintf(stderr, "embed: %s\n", e.what());
    return 1;
}
