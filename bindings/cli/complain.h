/* cli/complain.h - one line on stderr for the person who typed. */
#ifndef CLI_COMPLAIN_H
#define CLI_COMPLAIN_H

/* "headcount: " and the sentence.  It may hold text of a user or of a file:
 * a byte that steers a terminal shows as '?', and a sentence longer than a
 * screen is cut. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for a warning; complaint() stays as it is. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The last complaint, "" before the first: Lambda answers with it. */
const char *complaint(void);

#endif
