#!/bin/sh
# symbols.sh - which object of core may refer to what: the sockets live in
# net/sock, the one poll in net/loop, and nothing resolves by the C library,
# prints, ends the process or keeps time by itself.
set -eu
objects=$BUILD/obj/core
[ -d "$objects" ] || { echo "no objects in $objects"; exit 1; }

find "$objects" -name '*.o' | while read -r o; do
    # __recv_chk is recv with _FORTIFY_SOURCE, poll@GLIBC_2 is poll.
    nm -u "$o" | awk -v file="${o#"$objects"/}" '{
        name = $NF
        sub(/@.*/, "", name)
        sub(/^__isoc99_/, "", name)
        if (name ~ /^__.*_chk$/) {
            sub(/^__/, "", name)
            sub(/_chk$/, "", name)
        }
        print file, name
    }'
done | awk '
function may(names, where,    n, i, list) {
    n = split(names, list, " ")
    for (i = 1; i <= n; i++)
        only[list[i]] = where
}
BEGIN {
    may("socket connect send recv sendto sendmsg sendmmsg recvfrom recvmsg " \
        "recvmmsg getsockopt setsockopt bind listen accept accept4 " \
        "shutdown getsockname getpeername socketpair", "net/sock.o")
    may("poll ppoll select pselect epoll_create epoll_create1 epoll_wait " \
        "epoll_ctl", "net/loop.o")
    may("malloc calloc realloc free reallocarray aligned_alloc " \
        "posix_memalign", "base/alloc.o")
    may("getrandom getentropy hc_clock_monotonic hc_clock_wall getenv " \
        "secure_getenv", "net/sys.o")
    may("clock_gettime", "base/clock.o")
    may("environ fork vfork posix_spawn posix_spawnp execv execve execvp " \
        "execvpe sigaction sigprocmask syscall _exit", "net/spawn.o")
    may("wait waitpid waitid kill", "net/proc.o")
    may("getaddrinfo freeaddrinfo getnameinfo gethostbyname gethostbyaddr " \
        "gethostbyname_r gethostbyname2 res_query res_init gai_strerror " \
        "printf fprintf vprintf vfprintf sprintf snprintf vsprintf " \
        "vsnprintf dprintf vdprintf asprintf puts fputs putchar putc fputc " \
        "fwrite fread fgets fopen fdopen freopen fclose fflush getline " \
        "stdout stderr stdin perror strerror strerror_r syslog sscanf " \
        "fscanf scanf exit abort atexit quick_exit __assert_fail time " \
        "gettimeofday sleep usleep nanosleep signal rand random " \
        "srand strtok strcpy strcat gmtime localtime gmtime_r localtime_r " \
        "mktime strftime setlocale atoi atol system popen dlopen " \
        "pthread_create pthread_mutex_lock __tls_get_addr", "")
}
$2 in only && $1 != only[$2] {
    print $1 " refers to " $2 (only[$2] ? ", which is for " only[$2] : "")
    bad = 1
}
END { exit bad }'
