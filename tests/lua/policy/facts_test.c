/* tests/lua/policy/facts_test.c - what policies ask of a cluster. */
#include "policy/facts.h"

#include "t.h"
#include "twice.h"

TEST(facts, globs_are_those_of_core)
{
    for (size_t i = 0; i < sizeof(twice_globs) / sizeof(*twice_globs); i++) {
        const struct twice_glob *row = &twice_globs[i];

        /* No state of Lua: so few steps cost nothing. */
        CHECK_INT(facts_glob(NULL, row->pattern, row->text), row->want);
    }
}
