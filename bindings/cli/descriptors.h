/* cli/descriptors.h - standard input, output and error are never something
 * else. */
#ifndef CLI_DESCRIPTORS_H
#define CLI_DESCRIPTORS_H

#include <stdbool.h>

/* Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed, so
 * that no socket gets its number.  A pipe or terminal that somebody else made
 * O_NONBLOCK becomes a standard output that waits for its reader, for this
 * process alone.  Call it before anything else.  False: the program must not go
 * on. */
bool descriptors_open(void);

#endif
