/* cli/op_name.h - operations as the AWS CLI spells them. */
#ifndef CLI_OP_NAME_H
#define CLI_OP_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* One service: words, and whole names, divided by commas. */
struct op_words {
    const char *service, *words;
};

/* Ends with a NULL service. */
extern const struct op_words op_words[];

/* "list-clusters" -> "ListClusters", in to[size].  A name with other
 * characters than small letters, digits and dashes, or a long one, is returned
 * as it is: it is the operation's own name. */
const char *op_name(const char *service, const char *operation, char *to,
                    size_t size);

#endif
