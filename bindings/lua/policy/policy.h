/* lua/policy/policy.h - a policy: text that says what an op wishes.
 *
 *     p = policy_new(&config, &why)              compiles, runs nothing
 *     state ASKS:  policy_decide(p, op)          one run, then it is resumed
 *     policy_free(p)                             or refused
 *
 * One policy serves many ops, one after the other; nothing of one run is left
 * in the next.
 */
#ifndef LUA_POLICY_POLICY_H
#define LUA_POLICY_POLICY_H

#include "headcount.h"
#include "policy/printed.h"
#include "sandbox/sandbox.h"

struct policy;

struct policy_config {
    const char *name;                   /* in errors: "policy.lua"     */
    const char *text;                   /* both are copied             */
    size_t n;
    struct sandbox_limits limits;       /* 0: the defaults             */
    printed_line *print;                /* gets what the policy prints in
                                           the last of its runs; NULL: that
                                           is dropped                  */
    void *ud;                           /* of print                    */
};

/* NULL: it is no Lua, or no memory; the sentence is in *why. */
struct policy *policy_new(const struct policy_config *config,
                          struct sandbox_error *why);
void policy_free(struct policy *p);
void policy_decide(struct policy *p, headcount_op *op);

#endif
