/* op/public.h - structs that the caller fills, errors that it gets, and the
 * world that it hands in. */
#ifndef HC_OP_PUBLIC_H
#define HC_OP_PUBLIC_H

#include "base/log.h"
#include "headcount.h"
#include "net/sys.h"

/* A struct of headcount.h that the caller fills: the size of its first release,
 * and the size that it has here. */
struct hc_form {
    const char *name;
    size_t least, size;
};

extern const struct hc_form hc_form_system, hc_form_config, hc_form_call,
    hc_form_fetch, hc_form_reconcile, hc_form_sweep, hc_form_doctor,
    hc_form_wish,
    hc_form_query, hc_form_sign;

/* Copies the members that the caller's struct, which begins with its size, has
 * in common with ours; the rest of `to` stays as it is, and all of it does if
 * `from` is NULL.  0, or HEADCOUNT_EARG (its size is none, or a member is set
 * that this library does not know) with *e (may be NULL) set. */
int hc_take_struct(void *to, const struct hc_form *form, const void *from,
                   struct headcount_error *e);
/* The real world, but for the hooks that `from` has.  As hc_take_struct; *sys
 * is the real one after an error. */
int hc_take_system(struct hc_system *sys, struct hc_log *log,
                   const struct headcount_system *from, int level,
                   struct headcount_error *e);
/* HEADCOUNT_EARG with the sentence if one of n texts is NULL. */
int hc_check_texts(const char *name, const char *const *texts, size_t n,
                   struct headcount_error *e);
/* HEADCOUNT_EARG with the sentence if `p`, the member `name`, is NULL although
 * `size`, the member beside it, is n and not 0. */
int hc_check_memory(const char *name, const void *p, const char *size, size_t n,
                    struct headcount_error *e);
void hc_give_error(struct headcount_error *to,
                   const struct headcount_error *from);

#endif
