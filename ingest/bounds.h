/* How much of anything is taken from a log, whatever it holds: RELIABILITY's rows on hostile input in
 * figures. tests/unit/ingest/bounds.c and user-format.c hold each to its word. */
#pragma once
#include <glib.h>

/* bytes */
#define RCA_BOUND_LINE_BYTES ((gsize)1 << 20)       /* of a line, and of a record's lines together: the rest is skipped, marked and counted */
#define RCA_BOUND_SAMPLE_BYTES ((gsize)256 << 10)   /* of a file's head, on which formats are sniffed */
#define RCA_BOUND_DOCUMENT_BYTES ((gsize)512 << 20) /* of a file that is one document */
#define RCA_BOUND_HELD_BYTES ((gsize)1 << 20)       /* of a record that a wrapper's lines make up; twice that of the lines themselves */
#define RCA_BOUND_CHUNK_BYTES ((gsize)64 << 20)     /* of a compressed chunk of messages (Fluent Forward), decompressed */
#define RCA_BOUND_CONF_BYTES ((gsize)4 << 20)       /* of a configuration file that is found beside a log */

/* A bomb: what a file was decompressed to is more than both. Logs shrink by 10 to 200; gzip cannot go beyond 1032. */
#define RCA_BOUND_BOMB_BYTES (G_GUINT64_CONSTANT (256) << 20)
#define RCA_BOUND_BOMB_RATIO 900

/* times */
#define RCA_BOUND_DURATION_NS (3653 * G_GINT64_CONSTANT (86400000000000)) /* ten years: a longer duration is not one, and 29 of them still add up */

/* counts */
#define RCA_BOUND_SAMPLE_LINES 200
#define RCA_BOUND_JSON_DEPTH 64  /* deeper members are not visited */
#define RCA_BOUND_LAYERS 4       /* of compression and archives in one another */
#define RCA_BOUND_CHANNELS 1024  /* programs in one syslog or journal; those beyond share one channel */
#define RCA_BOUND_HELD 32        /* processes of one program whose records are put together at a time */

/* a user's pattern, for each record */
#define RCA_BOUND_PATTERN_STEPS 20000   /* calls of PCRE2's match(); some milliseconds */
#define RCA_BOUND_PATTERN_DEPTH 2000
#define RCA_BOUND_PATTERN_HEAP_KIB 1024
#define RCA_BOUND_PATTERN_BYTES (64 << 10) /* of a line that is matched at all */
#define RCA_BOUND_PATTERN_FAILURES 8       /* records beyond these bounds; then the pattern is given up */
