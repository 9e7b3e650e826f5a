/* Runs a fuzzing target over its corpus, without a fuzzer and under any compiler:
 *
 *   build/out/replay/NAME [FILE|FOLDER...]     default t/fuzz/corpus/NAME
 *
 * Each file is a test, passed when the target comes back. TAP has no plan until the end,
 * so one that aborts fails; the line before then tells its name. */
#include <apr_strings.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"
#include "tap.h"

/* Far above what an input takes, valgrind included: stands for one that never ends. */
#define SECONDS 60

/* In memory of its own, with nothing behind the last byte. */
static uint8_t *read_file(size_t *size, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    uint8_t *data = NULL;

    if (file && fstat(fileno(file), &info) == 0) {
        *size = (size_t)info.st_size;
        data = malloc(*size);
        if (fread(data, 1, *size, file) != *size) {
            free(data);
            data = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return data;
}

static void replay_file(const char *path)
{
    size_t size = 0;
    uint8_t *data = read_file(&size, path);

    printf("# %s\n", path);
    fflush(stdout);
    alarm(SECONDS);
    ok(data && LLVMFuzzerTestOneInput(data, size) == 0, path);
    alarm(0);
    free(data);
}

static int is_visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

static void replay(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort), i;
    char file[4096];

    if (count < 0) {
        replay_file(path);
        return;
    }
    for (i = 0; i < count; i++) {
        apr_snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        replay_file(file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    char corpus[4096];
    int i;

    for (i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    if (argc < 2) {
        apr_snprintf(corpus, sizeof corpus, "t/fuzz/corpus/%s",
                     name ? name + 1 : argv[0]);
        replay(corpus);
    }
    return done_testing();
}
