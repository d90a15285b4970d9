/* base/cpu.c - what the processor has, by CPUID or by the kernel's list. */
#include "base/cpu.h"

#if defined __x86_64__

#include <cpuid.h>
#include <stddef.h>

#define CPU_SSSE3_SSE41 (1U << 9 | 1U << 19)        /* leaf 1, ECX           */
#define CPU_AES_SSE41 (1U << 25 | 1U << 19)
#define CPU_PCLMULQDQ (1U << 1)
#define CPU_SHA (1U << 29)                          /* leaf 7, EBX           */

unsigned hc_cpu(void)
{
    unsigned a, b, c, d;
    unsigned most = (unsigned)__get_cpuid_max(0, NULL);
    unsigned has = 0;

    if (most < 1)
        return 0;
    __cpuid(1, a, b, c, d);
    if ((c & CPU_AES_SSE41) == CPU_AES_SSE41)
        has |= HC_CPU_AES;
    if ((c & CPU_PCLMULQDQ) != 0)
        has |= HC_CPU_CLMUL;
    if ((c & CPU_SSSE3_SSE41) != CPU_SSSE3_SSE41 || most < 7)
        return has;
    __cpuid_count(7, 0, a, b, c, d);
    return (b & CPU_SHA) != 0 ? has | HC_CPU_SHA256 : has;
}

#elif defined __aarch64__ && defined __linux__

#include <sys/auxv.h>

#define CPU_HWCAP_SHA2 (1UL << 6)                   /* HWCAP_SHA2            */

unsigned hc_cpu(void)
{
    return (getauxval(AT_HWCAP) & CPU_HWCAP_SHA2) != 0 ? HC_CPU_SHA256 : 0;
}

#else

unsigned hc_cpu(void)
{
    return 0;
}

#endif
