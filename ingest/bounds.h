/* How much of anything is taken from a log, whatever it holds: RELIABILITY's rows on hostile input in
 * figures. tests/unit/ingest/bounds.c holds each to its word. */
#pragma once

/* bytes */
#define RCA_LIMIT_LINE_BYTES (1 << 20)           /* a longer line is cut, marked and counted */
#define RCA_LIMIT_RECORD_BYTES (1 << 20)         /* of all lines of one record, likewise */
#define RCA_LIMIT_SAMPLE_BYTES (256 << 10)       /* of a file's head that formats are sniffed on */
#define RCA_LIMIT_DOCUMENT_BYTES (256 << 20)     /* of a file that is one document */

/* counts */
#define RCA_LIMIT_SAMPLE_LINES 200
#define RCA_LIMIT_JSON_DEPTH 64
#define RCA_LIMIT_ATTRIBUTES 64                  /* of one record; further members are left in its text */
#define RCA_LIMIT_SAMPLES 512                    /* gauges of one record */

/* a user's pattern, for each record */
#define RCA_LIMIT_PATTERN_STEPS 20000            /* calls of PCRE2's match(); some milliseconds */
#define RCA_LIMIT_PATTERN_DEPTH 2000
#define RCA_LIMIT_PATTERN_HEAP_KIB 1024
#define RCA_LIMIT_PATTERN_BYTES (64 << 10)       /* of a line that is matched at all */
#define RCA_LIMIT_PATTERN_FAILURES 8             /* records beyond these limits; then the pattern is given up */
