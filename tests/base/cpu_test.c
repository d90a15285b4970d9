/* tests/base/cpu_test.c - CPUID said the same to the kernel, whose list is
 * /proc/cpuinfo. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "base/cpu.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* The kernel's list of flags has the word. */
static bool kernel_lists(const char *word)
{
    char line[8192], all[64];
    bool found = false;
    FILE *f = fopen("/proc/cpuinfo", "r");

    snprintf(all, sizeof all, " %s ", word);
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = ' ';
        found = strncmp(line, "flags", 5) == 0 && strstr(line, all) != NULL;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

TEST(cpu, has_what_the_kernel_lists)
{
    unsigned want = 0;

#if defined __x86_64__
    if (kernel_lists("sha_ni"))
        want |= HC_CPU_SHA256;
    if (kernel_lists("aes"))
        want |= HC_CPU_AES;
    if (kernel_lists("pclmulqdq"))
        want |= HC_CPU_CLMUL;
    if (RUNNING_ON_VALGRIND) {
        print_message("# skip: valgrind has fewer instructions than the "
                      "kernel lists\n");
        skip();
    }
#else
    print_message("# skip: the kernel's list here is what hc_cpu asks\n");
    skip();
    (void)kernel_lists;
#endif
    CHECK_INT(hc_cpu(), want);
}

TEST(cpu, answers_the_same_each_time_and_knows_three_bits)
{
    CHECK_INT(hc_cpu(), hc_cpu());
    CHECK_INT(hc_cpu() & ~(unsigned)(HC_CPU_SHA256 | HC_CPU_AES |
                                     HC_CPU_CLMUL), 0);
}
