/* bench/next.c - the least bootstrap of a function: it asks Lambda's Runtime
 * API for the next event, and ends when that says anything.
 *
 *   next PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
    static const char request[] =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n\r\n";
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    char byte;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (argc != 2)
        bench_fail("next PORT");
    name.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0 ||
        send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
        bench_fail("no connection");
    return recv(fd, &byte, 1, 0) < 0;
}
