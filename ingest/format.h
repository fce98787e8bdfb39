/* Formats: how lines of one kind of log become events. One row a format.
 *
 * Life of a source: its first lines are a sample; every row's sniff() scores it;
 * the best row's open() learns what it needs (columns, prefix, zone) and gives a
 * decoder state; then line() groups lines into records and decode() turns each
 * record into events. Adding a format is one file in formats/ and one row in
 * format.c. */
#pragma once
#include "event.h"

struct RcaUserFormats;

/* What sniff() and open() look at: the first lines (at most some 200, or 256 KiB)
 * of the decompressed file, and what is known of it. */
typedef struct {
  const RcaBytes *line; /* without line ends */
  guint n_lines;
  RcaBytes head;        /* the same bytes unsplit; the WHOLE file when @whole */
  gboolean whole;       /* the file ends within the sample */
  const char *path;     /* a hint only: never enough to choose a format */
  gint64 mtime_ns;      /* for missing years and dates; RCA_TIME_NONE when unknown */
  const char *conf;     /* an nginx.conf or postgresql.conf given by the user, or NULL (path) */
  const struct RcaUserFormats *formats; /* the user's own, sniffed before all others; or NULL */
  gconstpointer user;   /* RcaFormat.user of the format that is opened */
} RcaSampleLines;

typedef enum {
  RCA_LINE_RECORD,   /* begins a record */
  RCA_LINE_CONTINUES, /* belongs to the record before it */
  RCA_LINE_NONE      /* blank, banner, header: no record */
} RcaLineKind;

typedef enum {
  RCA_DECODE_OK,      /* emitted one or more events */
  RCA_DECODE_REJECT,  /* not understood: counted, kept as text */
  RCA_DECODE_NONE     /* after all no record (a banner, a piece merged elsewhere) */
} RcaDecodeResult;

/* How the reader counts: each event emitted is a record (a JSON array's entries are one
 * each), OK without any event is one, REJECT is one, NONE without any event is none. */

/* Called for each event; @ev and all it points to are good until it returns. */
typedef void (*RcaEmit) (RcaEvent *ev, gpointer user);

typedef struct {
  gint score;       /* 0 = not this; 1..100: share of sample lines that fit, less what any other format would also fit */
  char reason[160]; /* "37 of 37 lines split as combined plus rt= urt= rid=" */
  const char *next; /* the format that came second, NULL when none fits besides; of rca_sniff() only */
  gint next_score;
} RcaSniff;

typedef struct RcaFormat RcaFormat;
struct RcaFormat {
  const char *name;  /* "nginx-access"; what `sources` shows and --input-format takes */
  RcaStream stream;  /* of most of its events; an event may say otherwise */
  gboolean document; /* the whole file is one record (JSON documents, msgpack): line() is not asked */
  gsize state_size_hint; /* unused when 0 */
  gconstpointer user;    /* a user's own format: its definition (user-format.c); else NULL */

  void (*sniff) (const RcaSampleLines *sample, RcaSniff *out);

  /* Learns from the sample. Never fails: a state that understands nothing rejects.
   * NULL when the format needs no state. */
  gpointer (*open) (const RcaSampleLines *sample);
  void (*close) (gpointer state); /* NULL when open is */

  /* What @line is, the lines before it having been given in order, blank ones too. Must
   * be quick: asked for every line. Blank lines (NONE) between a record and a line that
   * CONTINUES it become part of it; a NONE line with text ends the record before it.
   * NULL: every non-blank line is a record. */
  RcaLineKind (*line) (gpointer state, RcaBytes line);

  /* Decodes one record (its lines, with line feeds between them). @ev comes
   * cleared, with line, offset and raw set; the decoder fills it and calls
   * @emit, once per event (rca_event_clear() between several). */
  RcaDecodeResult (*decode) (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user);

  /* The learnt columns for `sources --explain`, e.g. "client - user [time] …";
   * transfer full; NULL when there is nothing to tell. */
  char *(*describe) (gpointer state);

  /* At the end of the source: emits records that decode() held back until it knew
   * that no further piece of them comes. NULL for formats that hold nothing back.
   * Such a format sets line, offset and raw of a held event itself; its bytes must be copied. */
  void (*flush) (gpointer state, RcaEvent *ev, RcaEmit emit, gpointer user);
};

/* All formats, sniffed in this order (a tie goes to the first). */
const RcaFormat *const *rca_formats (guint *n);
const RcaFormat *rca_format_find (const char *name);

/* The best format for @sample, with why; NULL when none scores. @out may be NULL. */
const RcaFormat *rca_sniff (const RcaSampleLines *sample, RcaSniff *out);

/* A decoder opened on a sample, for wrappers (syslog, containers, journald) that
 * decode their payload once more, and for the reader. */
typedef struct RcaDecoder RcaDecoder;
RcaDecoder *rca_decoder_new (const RcaFormat *format, const RcaSampleLines *sample);
void rca_decoder_free (RcaDecoder *decoder);
const RcaFormat *rca_decoder_format (const RcaDecoder *decoder);
RcaLineKind rca_decoder_line (RcaDecoder *decoder, RcaBytes line);
RcaDecodeResult rca_decoder_decode (RcaDecoder *decoder, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user);
void rca_decoder_flush (RcaDecoder *decoder, RcaEvent *ev, RcaEmit emit, gpointer user);
char *rca_decoder_describe (const RcaDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaDecoder, rca_decoder_free)
