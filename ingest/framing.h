/* Bytes → lines → records.
 *
 * One buffer slides over the input; a record is a slice of it, good until the next call.
 * A line (and a record) is cut at 1 MiB and the rest of it skipped while streaming, so
 * memory stays bounded by a few MiB. */
#pragma once
#include "bounds.h"
#include "input.h"

#define RCA_MAX_LINE_BYTES RCA_BOUND_LINE_BYTES
#define RCA_SAMPLE_BYTES RCA_BOUND_SAMPLE_BYTES
#define RCA_SAMPLE_LINES RCA_BOUND_SAMPLE_LINES
#define RCA_MAX_DOCUMENT_BYTES RCA_BOUND_DOCUMENT_BYTES

typedef struct RcaFramer RcaFramer;

typedef struct {
  RcaBytes text;  /* its lines with line feeds between, carriage returns dropped */
  guint64 line;   /* 1-based, of its first line */
  guint64 offset; /* of its first byte */
  gboolean truncated;
  gboolean verbatim; /* these very bytes stand at @offset */
} RcaRecord;

typedef struct {
  guint64 lines, blank, truncated; /* lines; of them no record or part of one; cut ones */
  guint64 nuls;                    /* bytes of 0 that stood before a line: holes that a truncation under a writer leaves */
} RcaFramerCounts;

RcaFramer *rca_framer_new (RcaInput *input); /* (transfer none) */
void rca_framer_free (RcaFramer *framer);

/* The first lines, without consuming them; good until the next call. */
const RcaSampleLines *rca_framer_sample (RcaFramer *framer);

/* The next record as @decoder (NULL: every non-blank line) groups lines. FALSE at the
 * end, or when the rest cannot be read: rca_framer_error() tells. */
gboolean rca_framer_next (RcaFramer *framer, RcaDecoder *decoder, RcaRecord *record);

/* Goes on at byte @offset of a plain file, which is the start of line @line. FALSE when it
 * cannot; then nothing has changed. The sample is gone. */
gboolean rca_framer_seek (RcaFramer *framer, guint64 offset, guint64 line);

/* Bytes of the input that were read up to now, and lines up to there (those before a seek included). */
guint64 rca_framer_offset (const RcaFramer *framer);
guint64 rca_framer_line (const RcaFramer *framer);

/* @fn is given every byte of the input as it is read, with its offset: those that wait to be framed at once, later
 * ones as they come. Holes are not given: the next offset lies behind them. */
typedef void (*RcaFramerTap) (guint64 offset, RcaBytes bytes, gpointer user);
void rca_framer_tap (RcaFramer *framer, RcaFramerTap fn, gpointer user);

/* @lines as the framer makes a record's text of them: without the last line end, without carriage returns before
 * line feeds, colours, and NULs in front. Into @out, of @lines.n bytes at least; returns the length. */
gsize rca_record_clean (RcaBytes lines, char *out);

/* All of the input as one record, at most RCA_MAX_DOCUMENT_BYTES. FALSE when empty. */
gboolean rca_framer_slurp (RcaFramer *framer, RcaRecord *record);

const GError *rca_framer_error (const RcaFramer *framer); /* (nullable) */
const RcaFramerCounts *rca_framer_counts (const RcaFramer *framer);
/* Only lines that begin in [@from, @until) are counted. */
void rca_framer_count_only (RcaFramer *framer, guint64 from, guint64 until);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaFramer, rca_framer_free)
