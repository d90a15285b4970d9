/* cli/complain.h - one line on stderr for the person who typed. */
#ifndef CLI_COMPLAIN_H
#define CLI_COMPLAIN_H

/* "headcount: " and the sentence.  What a user or a file said may stand in it:
 * a byte that steers a terminal shows as '?', and a sentence longer than a
 * screen is cut. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same of what is no failure: it is no complaint(). */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The last complaint, "" before the first: for who is not at the terminal. */
const char *complaint(void);

#endif
