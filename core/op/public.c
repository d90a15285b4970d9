/* op/public.c - structs that the caller fills, each of which begins with its
 * size.
 *
 *   theirs:  size ... a b c | d         a newer header's: d has to be zero
 *   ours:    size ... a b c             what theirs lacks is zero
 *
 * A size of 0 is a struct that nobody has filled.  If it were taken as "nothing
 * is set", keys and region of the environment would be used unasked.  Bytes
 * that this library does not know must be zero: a member of a newer version may
 * be a safety switch, and to ignore it would be to write what its caller
 * forbade.
 */
#include "op/public.h"

#include <string.h>

/* No struct of headcount.h is nearly as large.  A larger number is no size but
 * memory that was never set, and the bytes behind it must not be read. */
#define TAKE_MOST ((size_t)16 << 10)

/* `last` is the last member of the first release. */
#define TAKE_FORM(type, last)                                               \
    { #type, offsetof(struct type, last) + sizeof ((struct type *)0)->last, \
      sizeof(struct type) }

const struct hc_form hc_form_system = TAKE_FORM(headcount_system, audit);
const struct hc_form hc_form_config = TAKE_FORM(headcount_config,
                                                session_token);
const struct hc_form hc_form_call = TAKE_FORM(headcount_call, retry_writes);
const struct hc_form hc_form_fetch = TAKE_FORM(headcount_fetch, replay_ok);
const struct hc_form hc_form_reconcile = TAKE_FORM(headcount_reconcile, only);
const struct hc_form hc_form_sweep = TAKE_FORM(headcount_sweep, report);
const struct hc_form hc_form_doctor = TAKE_FORM(headcount_doctor,
                                                 expect_account);
const struct hc_form hc_form_wish = TAKE_FORM(headcount_wish, has_max);
const struct hc_form hc_form_query = TAKE_FORM(headcount_query, service);
const struct hc_form hc_form_sign = TAKE_FORM(headcount_sign_request,
                                              normalize_path);

static bool take_is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

int hc_take_struct(void *to, const struct hc_form *form, const void *from,
                   struct headcount_error *e)
{
    size_t theirs;

    if (from == NULL)
        return 0;
    memcpy(&theirs, from, sizeof theirs);
    if (theirs < form->least || theirs > TAKE_MOST)
        return hc_error_set(e, HEADCOUNT_EARG,
                            "struct %s has size %zu: set it to "
                            "sizeof(struct %s)",
                            form->name, theirs, form->name);
    if (theirs > form->size &&
        !take_is_zero((const unsigned char *)from + form->size,
                      theirs - form->size))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "struct %s has %zu bytes, of which "
                            "this library (" HEADCOUNT_VERSION ") does not "
                            "know what was set after the first %zu",
                            form->name, theirs, form->size);
    memcpy(to, from, theirs < form->size ? theirs : form->size);
    return 0;
}

int hc_take_system(struct hc_system *sys, struct hc_log *log,
                   const struct headcount_system *from, int level,
                   struct headcount_error *e)
{
    struct headcount_system user = { .size = 0 };
    int err = hc_take_struct(&user, &hc_form_system, from, e);

    hc_system_real(sys);
    *log = (struct hc_log){ .level = HEADCOUNT_LOG_ERROR };
    if (err < 0)
        return err;
    if (level >= HEADCOUNT_LOG_ERROR && level <= HEADCOUNT_LOG_DEBUG)
        log->level = (enum headcount_log)level;
    sys->ud = user.ud;
    if (user.alloc != NULL)
        sys->alloc = (struct hc_alloc){ .fn = user.alloc, .ud = user.ud };
    if (user.now != NULL)
        sys->now = user.now;
    if (user.wall != NULL)
        sys->wall = user.wall;
    if (user.random != NULL)
        sys->random = user.random;
    if (user.env != NULL) {
        sys->getenv = user.env;
        sys->user = NULL;              /* its home would be another's HOME */
    }
    log->fn = user.log;
    log->ud = user.ud;
    log->trace = user.trace;
    return 0;
}

int hc_check_texts(const char *name, const char *const *texts, size_t n,
                   struct headcount_error *e)
{
    for (size_t i = 0; i < n; i++)
        if (texts == NULL || texts[i] == NULL)
            return hc_error_set(e, HEADCOUNT_EARG, "%s[%zu] is NULL", name, i);
    return 0;
}

int hc_check_memory(const char *name, const void *p, const char *size, size_t n,
                    struct headcount_error *e)
{
    if (p != NULL || n == 0)
        return 0;
    return hc_error_set(e, HEADCOUNT_EARG, "%s is NULL, and %s %zu", name, size,
                        n);
}

void hc_give_error(struct headcount_error *to,
                   const struct headcount_error *from)
{
    if (to != NULL)
        *to = *from;
}
