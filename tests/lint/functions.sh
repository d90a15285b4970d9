#!/bin/sh
# functions.sh - calls that this house does not make, found in the text.
# (symbols.sh finds in the objects what hides behind a macro.)
set -eu
bad=0

nowhere='strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|atoi|atol|atoll'
nowhere="$nowhere|atof|strtok|strtok_r|gmtime|localtime|gmtime_r|localtime_r"
nowhere="$nowhere|mktime|ctime|asctime|gets|alloca|rand|srand|random|tmpnam"
nowhere="$nowhere|mktemp|setlocale|popen|gethostbyname|getaddrinfo|inet_ntoa"
nowhere="$nowhere|inet_addr|setjmp|longjmp|bcopy|bzero|usleep"
in_core='printf|fprintf|snprintf|vsnprintf|dprintf|puts|fputs|fopen|fdopen'
in_core="$in_core|perror|strerror|exit|abort|assert|atexit|sleep|nanosleep"
in_core="$in_core|time|signal|system"
# word: the one file that may
only='getenv core/net/sys.c
fork core/net/spawn.c
sigaction core/net/spawn.c
waitpid core/net/proc.c
kill core/net/proc.c
getpid core/net/sys.c
getrandom core/net/sys.c
clock_gettime core/base/clock.c
malloc core/base/alloc.c
calloc core/base/alloc.c
realloc core/base/alloc.c
free core/base/alloc.c
poll core/net/loop.c
socket core/net/sock.c
connect core/net/sock.c
send core/net/sock.c
sendto core/net/sock.c
sendmsg core/net/sock.c
recv core/net/sock.c
recvfrom core/net/sock.c
recvmsg core/net/sock.c'

# A call: the word, not after a letter, '.', '>' (a member) or '_'.
calls() { # WORDS FILE
    awk -f tests/lint/strip.awk "$2" |
        grep -nE --label="$2" -H "(^|[^A-Za-z0-9_.>])($1)[[:space:]]*\\("
}

for file in $(find core bindings -name '*.[ch]'); do
    ! calls "$nowhere" "$file" || bad=1
    case $file in
    core/*) ! calls "$in_core" "$file" || bad=1 ;;
    esac
done

for file in $(find core -name '*.c'); do
    words=$(echo "$only" | awk -v f="$file" '$2 != f { print $1 }' |
        paste -sd '|' -)
    ! calls "$words" "$file" || bad=1
done
exit $bad
