/* tests/fuzz/tls_fuzz.h - the client that tls_fuzz.c plays to and that
 * tls_record.c recorded: always the same seed, so always the same hello. */
#ifndef FUZZ_TLS_FUZZ_H
#define FUZZ_TLS_FUZZ_H

#include "base/clock.h"

#define TLS_FUZZ_HOST "fuzz.test"
#define TLS_FUZZ_NOW ((int64_t)1798761600 * HC_SECOND)      /* 2027-01-01 */
#define TLS_FUZZ_SEED { 1, 2, 3 }
#define TLS_FUZZ_REQUEST "GET / HTTP/1.1\r\n\r\n"
/* The key of this root was thrown away. */
#define TLS_FUZZ_ROOT \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBbjCCARSgAwIBAgIUKIK6GRtNcjoDIdIdBuZy1kbsLq8wCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJZnV6eiByb290MCAXDTI2MTEzMDE0NTMzNVoYDzIxMjUwNjI0\n" \
    "MTQ1MzM1WjAUMRIwEAYDVQQDDAlmdXp6IHJvb3QwWTATBgcqhkjOPQIBBggqhkjO\n" \
    "PQMBBwNCAAQHQSpUYUpcsTChup4RhGBBgcC88EQ8Ry3kCrUWlQcgLEKQ54aRqEnR\n" \
    "IrQTmr3oWNoEMawSoPHR/v8CpMQurAaEo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4G\n" \
    "A1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUhZhLjbpAMa1NzBMdnQqLEWmMdRMwCgYI\n" \
    "KoZIzj0EAwIDSAAwRQIhAKP5Phlqz748t1qSMuA/6z06IpF0LStqTBKph03BPHk4\n" \
    "AiAHcxWT4BW4EZo3emRMTZtiSCg2WhDz2jinHhC2Nbfthg==\n" \
    "-----END CERTIFICATE-----\n"

#endif
