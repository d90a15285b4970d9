/* base/err.c - names and sentences of every code; the first error is kept.
 *
 * strerror is not reentrant and speaks the locale's language, so the errno
 * values that a network program meets have their words here.
 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define ERROR_CODE(name, sentence)                                          \
    [-HEADCOUNT_##name] = { #name, sentence }
static const struct {
    const char *name;
    const char *sentence;
} error_codes[] = {
    ERROR_CODE(OK, "no error"),
    ERROR_CODE(ENOMEM, "out of memory"),
    ERROR_CODE(EARG, "a wrong argument"),
    ERROR_CODE(ELIMIT, "a bound was exceeded"),
    ERROR_CODE(ESYNTAX, "text that does not parse"),
    ERROR_CODE(ECONFIG, "a setting cannot be used"),
    ERROR_CODE(EREGION, "no region is known"),
    ERROR_CODE(ECREDENTIALS, "no usable credentials"),
    ERROR_CODE(EIO, "the operating system refused"),
    ERROR_CODE(EDNS, "the name has no address"),
    ERROR_CODE(EDNSFAIL, "the name could not be looked up"),
    ERROR_CODE(ECONNECT, "no connection"),
    ERROR_CODE(ETLS, "the TLS handshake or a record failed"),
    ERROR_CODE(ECERT, "the server's certificate is not acceptable"),
    ERROR_CODE(ETIMEDOUT, "no answer in time"),
    ERROR_CODE(ECLOSED, "the connection was closed"),
    ERROR_CODE(EPROTOCOL, "the answer is not HTTP/1.1"),
    ERROR_CODE(ETRUNCATED, "the answer was cut short"),
    ERROR_CODE(EANSWER, "the answer is not what the service promises"),
    ERROR_CODE(ESERVICE, "the service refused"),
    ERROR_CODE(EDEADLINE, "the deadline has passed"),
    ERROR_CODE(EEVENT, "not an event that headcount understands"),
    ERROR_CODE(ECANCELLED, "cancelled by its owner"),
    ERROR_CODE(ESTATE, "called in a state that does not allow it"),
    ERROR_CODE(EPOLICY, "the policy refused or failed"),
    ERROR_CODE(EACCOUNT, "the credentials are of another account"),
    ERROR_CODE(EPROXY, "the proxy made no tunnel, or refused the request"),
};

#define ERROR_ERRNOS(X)                                                     \
    X(EACCES,        "permission denied")                                   \
    X(EADDRINUSE,    "address already in use")                              \
    X(EADDRNOTAVAIL, "address not available")                               \
    X(EAFNOSUPPORT,  "address family not supported")                        \
    X(EAGAIN,        "try again")                                           \
    X(EBADF,         "bad file descriptor")                                 \
    X(ECHILD,        "no child process")                                    \
    X(ECONNABORTED,  "connection aborted")                                  \
    X(ECONNREFUSED,  "connection refused")                                  \
    X(ECONNRESET,    "connection reset by peer")                            \
    X(EEXIST,        "file exists")                                         \
    X(EFBIG,         "file too large")                                      \
    X(EHOSTUNREACH,  "no route to host")                                    \
    X(EINTR,         "interrupted")                                         \
    X(EINVAL,        "invalid argument")                                    \
    X(EIO,           "input/output error")                                  \
    X(EISDIR,        "is a directory")                                      \
    X(ELOOP,         "too many symbolic links")                             \
    X(EMFILE,        "too many open files in this process")                 \
    X(EMSGSIZE,      "message too long")                                    \
    X(ENAMETOOLONG,  "file name too long")                                  \
    X(ENETDOWN,      "network is down")                                     \
    X(ENETUNREACH,   "network is unreachable")                              \
    X(ENFILE,        "too many open files in the system")                   \
    X(ENOBUFS,       "no buffer space")                                     \
    X(ENOENT,        "no such file or directory")                           \
    X(ENOEXEC,       "not an executable")                                   \
    X(ENOMEM,        "out of memory")                                       \
    X(ENOSPC,        "no space left")                                       \
    X(ENOSYS,        "not offered by this kernel")                          \
    X(ENOTCONN,      "not connected")                                       \
    X(ENOTDIR,       "not a directory")                                     \
    X(ENOTSOCK,      "not a socket")                                        \
    X(EOPNOTSUPP,    "not supported")                                       \
    X(EPERM,         "operation not permitted")                             \
    X(EPIPE,         "broken pipe")                                         \
    X(EPROTONOSUPPORT, "protocol not supported")                            \
    X(EROFS,         "read-only file system")                               \
    X(ETIMEDOUT,     "connection timed out")

static const struct {
    int sys;
    const char *words;                  /* "broken pipe (EPIPE)" */
} error_errnos[] = {
#define ERROR_ROW(name, sentence) { name, sentence " (" #name ")" },
    ERROR_ERRNOS(ERROR_ROW)
#undef ERROR_ROW
};

static void error_append_sys(struct headcount_error *e)
{
    size_t n = strlen(e->what);
    size_t room = sizeof(e->what) - n;

    for (size_t i = 0; i < sizeof(error_errnos) / sizeof(*error_errnos); i++)
        if (error_errnos[i].sys == e->sys) {
            hc_fmt(e->what + n, room, ": %s", error_errnos[i].words);
            return;
        }
    if (e->sys != 0)
        hc_fmt(e->what + n, room, ": errno %d", e->sys);
}

int hc_error_set(struct headcount_error *e, int code, const char *fmt, ...)
{
    if (e == NULL || e->code != 0)
        return code;

    va_list ap;

    va_start(ap, fmt);
    hc_vfmt(e->what, sizeof(e->what), fmt, ap);
    va_end(ap);
    e->code = code;
    e->sys = e->permanent = 0;
    return code;
}

int hc_error_sys(struct headcount_error *e, int code, int sys, const char *fmt,
                 ...)
{
    if (e == NULL || e->code != 0)
        return code;

    va_list ap;

    va_start(ap, fmt);
    hc_vfmt(e->what, sizeof(e->what), fmt, ap);
    va_end(ap);
    e->code = code;
    e->sys = sys;
    e->permanent = 0;
    error_append_sys(e);
    return code;
}

void hc_error_reset(struct headcount_error *e)
{
    if (e == NULL)
        return;
    e->code = e->sys = e->permanent = 0;
    e->what[0] = '\0';
}

void hc_error_permanent(struct headcount_error *e)
{
    if (e != NULL)
        e->permanent = e->code != 0;
}

int hc_error_pass(struct headcount_error *to,
                  const struct headcount_error *from)
{
    if (to != NULL && to != from && to->code == 0)
        *to = *from;
    return from->code;
}

/* The numbers have gaps: a code that is gone is not given again. */
static bool error_is_known(int code)
{
    const int most = (int)(sizeof error_codes / sizeof *error_codes);

    return code <= 0 && code > -most && error_codes[-code].name != NULL;
}

const char *hc_error_name(int code)
{
    return error_is_known(code) ? error_codes[-code].name : "EUNKNOWN";
}

const char *hc_error_sentence(int code)
{
    return error_is_known(code) ? error_codes[-code].sentence
                                : "an unknown error";
}
