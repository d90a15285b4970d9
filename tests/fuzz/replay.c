/* tests/fuzz/replay.c - runs a fuzz target over files, without a fuzzer.
 *
 *   json_replay FILE|DIRECTORY...
 *
 * Each file is one input; directories are walked.  Every input ends where its
 * allocation ends, so that a sanitizer or valgrind sees a read beyond it.
 * Prints how many inputs were run; a target that finds something aborts.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;
static bool failed;

static void run_bytes(const char *bytes, size_t n)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);

    if (exact == NULL)
        abort();
    if (n > 0)
        memcpy(exact, bytes, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    inputs++;
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, cap = 1 << 16;
    char *bytes = malloc(cap);

    if (f == NULL || bytes == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        failed = true;
        free(bytes);
        if (f != NULL)
            fclose(f);
        return;
    }
    while ((n += fread(bytes + n, 1, cap - n, f)) == cap) {
        char *more = realloc(bytes, cap *= 2);

        if (more == NULL)
            abort();
        bytes = more;
    }
    fclose(f);
    run_bytes(bytes, n);
    free(bytes);
}

static void run_path(const char *path);

static void run_directory(const char *path, DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        char *name;

        if (entry->d_name[0] == '.')
            continue;
        name = malloc(strlen(path) + strlen(entry->d_name) + 2);
        if (name == NULL)
            abort();
        memcpy(name, path, strlen(path));
        name[strlen(path)] = '/';
        memcpy(name + strlen(path) + 1, entry->d_name,
               strlen(entry->d_name) + 1);
        run_path(name);
        free(name);
    }
}

static void run_path(const char *path)
{
    DIR *dir = opendir(path);

    if (dir == NULL) {
        run_file(path);
        return;
    }
    run_directory(path, dir);
    closedir(dir);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%zu inputs\n", inputs);
    return failed || inputs == 0;
}
