/* A table: all sources of a store as sheets of columns, and the dictionaries they share.
 *
 * Both backends end here: `files` fills sheets from decoders, `local` from segments;
 * rca_table_finish() makes one table of them (dictionaries merged, zones and clock
 * offsets found, doubles hidden, work put at its start), and the six calls are
 * answered from it. The order in which sources were read changes nothing. */
#pragma once
#include "line-count.h"
#include "seam.h"
#include "sheet.h"
#include "source.h"
#include "text.h"

typedef struct RcaTable RcaTable;

typedef struct {
  char *path, *format, *service, *host, *name, *why, *columns; /* path and format never NULL */
  RcaStream stream;
  guint64 lines, records, parsed, rejected, http_5xx, errors, slow, changes, samples, present;
  gint64 first_ns, last_ns; /* as logged */
  gboolean zone_known;
  GPtrArray *part;  /* char*: what a reference calls its path */
  GPtrArray *sheet; /* RcaSheet, in order of reading */
  RcaText *text;
  GPtrArray *problem; /* char* */

  /* where parts were entered in the middle, their lines are counted when one is quoted */
  const RcaSource *origin;  /* or NULL: lines are right */
  guint64 *lines_before;    /* by part; G_MAXUINT64: not counted yet */
  gint *lines_number;       /* by part: its number among RcaTable.lines; -1: none */
  RcaLineCount *lines_of;   /* that; or NULL */
  GArray *open_fd;          /* int: of @origin's parts, whose raw lines stay in their files */
  GByteArray *read_back;    /* the raw line at hand */

  /* learnt by the writer */
  guint8 stamp_digits;        /* bit 0: some stamp has a fraction of a second, bit 1: of a millisecond */
  guint64 zoneless, dateless; /* records whose stamp says no zone, no date */

  /* what was found for an earlier part of it holds for this one: instance, zone, shift and clock are not sought again */
  gboolean settled;
  gint64 settled_offset_ns;

  /* found when the table is finished */
  RcaTable *table;
  char *instance;
  char *zone;
  gint64 zone_shift_ns;     /* added to stamps without a zone or date; unused with @zone_by_table */
  GTimeZone *zone_by_table; /* the assumed zone, with its summer time */
  gint64 clock_offset_ns;
  gint64 time_step_ns;
} RcaTableSource;

RcaTableSource *rca_table_source_new (const char *path);
void rca_table_source_free (RcaTableSource *source);
/* Takes over what reading @source told (its counts, format, service). */
void rca_table_source_describe (RcaTableSource *into, const RcaSource *source);
/* @source was read with lines_later; it outlives @into (RcaTable.keep). */
void rca_table_source_lines_from (RcaTableSource *into, const RcaSource *source);

/* Begins to count those lines, with @n_threads of its own: what is quoted needs them. For sources that were added. */
void rca_table_count_lines (RcaTable *table, guint n_threads);

/* Fills one source. One thread a writer. */
typedef struct RcaTableWriter RcaTableWriter;
RcaTableWriter *rca_table_writer_new (RcaTableSource *into);
void rca_table_writer_free (RcaTableWriter *writer);
void rca_table_writer_append (RcaTableWriter *writer, guint part, const RcaEvent *ev);
/* Raw lines that stand unchanged in a part that is kept open are not copied. */
void rca_table_writer_leave_raw (RcaTableWriter *writer, const RcaSource *source);
/* Called with each sheet that is full, in order; it is then no longer kept in memory. */
typedef gboolean (*RcaSheetFull) (RcaTableSource *source, RcaSheet *sheet, gpointer user);
void rca_table_writer_on_full (RcaTableWriter *writer, RcaSheetFull full, gpointer user);

/* Where the raw bytes of @ev stand, when they are kept elsewhere than in the source's text. FALSE: keep them there. */
typedef gboolean (*RcaRowText) (guint part, const RcaEvent *ev, guint64 *position, guint32 *length, gpointer user);
void rca_table_writer_on_text (RcaTableWriter *writer, RcaRowText text, gpointer user);
/* Ends the sheet at hand, as if it were full. */
void rca_table_writer_turn (RcaTableWriter *writer);
/* From the next sheet on: ids of @column need not be told apart, whoever takes the full sheet knows them by their texts. */
void rca_table_writer_let_repeat (RcaTableWriter *writer, RcaColumnId column, gboolean let);
/* Whether the next row begins a new sheet. */
gboolean rca_table_writer_is_full (const RcaTableWriter *writer);

/* A change marker that is no row of a source. */
typedef struct {
  gint64 time_ns;
  char *service, *version, *text, *path; /* service, version may be NULL */
  guint64 line;
} RcaMark;

struct RcaTable {
  GPtrArray *source; /* RcaTableSource, by path once finished */
  RcaDictionary *dictionary[RCA_N_DOMAINS]; /* of what was brought so far: rca_table_domain() */
  gboolean whole[RCA_N_DOMAINS];            /* all of it was brought */
  RcaDictionary *derived[RCA_N_DIMENSIONS]; /* of dimensions that are no column; NULL until asked */
  GPtrArray *problem, *note;                /* char* */
  GPtrArray *mark;                          /* RcaMark */
  gboolean no_redact;
  RcaSpan span; /* that was asked for; start == end: all */
  RcaStream user_facing;
  GPtrArray *peer;       /* RcaPeer, strings in dictionaries */
  RcaLineCount *lines;   /* of large files that were entered in the middle; or NULL */
  GStringChunk *strings; /* for answers: they live as long as the store */
  GPtrArray *keep;       /* GPtrArray of what sheets and texts read from (segments); freed last */
};

RcaTable *rca_table_new (void);
/* The dictionary of @domain with all that the columns of all sheets hold: from then on it does not grow. */
RcaDictionary *rca_table_domain (RcaTable *table, RcaDomain domain);
/* The same of sheets with rows whose work begins in @span: it grows when others are looked into. */
RcaDictionary *rca_table_domain_in (RcaTable *table, RcaDomain domain, RcaSpan span);
void rca_table_free (RcaTable *table);
void rca_table_add (RcaTable *table, RcaTableSource *source); /* takes it */
void rca_table_problem (RcaTable *table, const char *format, ...) G_GNUC_PRINTF (2, 3);
void rca_table_note (RcaTable *table, const char *format, ...) G_GNUC_PRINTF (2, 3);
void rca_table_mark (RcaTable *table, gint64 time_ns, const char *service, const char *version, const char *text, const char *path, guint64 line);

typedef struct {
  RcaSpan span;            /* rows outside (a day of slack for zones) are left out; start == end: all */
  GTimeZone *assumed_zone; /* or NULL */
  guint n_threads;         /* 0, 1: the caller's alone */
} RcaTableOptions;
void rca_table_finish (RcaTable *table, const RcaTableOptions *options);

/* The six calls. */
extern const RcaBackend rca_table_backend;
RcaSources *rca_table_sources (RcaTable *table);
RcaFrame *rca_table_frame (RcaTable *table, const RcaFrameQuery *query);
GPtrArray *rca_table_changes (RcaTable *table, RcaSpan span);
RcaJoin *rca_table_join (RcaTable *table, const RcaJoinQuery *query);
GPtrArray *rca_table_rows (RcaTable *table, const RcaRowQuery *query);
RcaSeenAnswer *rca_table_seen (RcaTable *table, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back);

/* raw.c. The raw record of a row, good until the next call; n = 0 when it is gone. */
RcaBytes rca_table_raw (RcaTableSource *source, const RcaSheet *sheet, guint32 row);
/* Opens @part for reading and for rca_table_raw() afterwards, when it is a regular file. */
void rca_table_source_keep_open (RcaTableSource *source, RcaSourcePart *part);
void rca_table_source_close (RcaTableSource *source);
guint64 rca_raw_position (guint64 offset); /* what RCA_COL_TEXT_POSITION holds for a record at @offset of its part */
guint64 rca_raw_offset (const RcaSheet *sheet, guint32 row); /* the other way round; G_MAXUINT64 when it is no such position */

/* A time as logged without a zone, in UTC by @source's zone; RCA_TIME_NONE stays. */
gint64 rca_table_zoned (const RcaTableSource *source, gint64 time_ns);

/* Steps of finishing, each a file. */
void rca_table_name_instances (RcaTable *table);                   /* instance.c: which of several logs of one service */
void rca_table_find_clocks (RcaTable *table, GTimeZone *assumed); /* clock.c: zones and dates, then the offsets */
void rca_table_find_offsets (RcaTable *table);                    /* skew.c: clocks that are fast or slow */
void rca_table_hide_duplicates (RcaTable *table);                 /* duplicate.c */
void rca_table_learn_peers (RcaTable *table);                     /* peer.c: peers, the user-facing stream */
/* version.c: adds (RcaChange) the versions that rows say first, where no change in @all tells of them. */
void rca_table_versions_seen (RcaTable *table, GPtrArray *all);
void rca_table_drop_told_restarts (GPtrArray *all);
void rca_table_fold_deploys (GPtrArray *all);
void rca_table_carry_versions (RcaTable *table);
/* retry.c: RCA_DIM_ATTEMPT: a request of the same client for the same path within 10 s of its own failure. */
void rca_table_find_retries (RcaTable *table);

/* What a person calls a fingerprint; owned by @table. */
const char *rca_table_statement_name (RcaTable *table, const char *fingerprint);

/* What a report quotes of a row: redacted, cut at 400 bytes, printable; transfer full. */
char *rca_table_quote (RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, guint32 row);
/* Its reference; strings owned by @table. */
RcaRef rca_table_ref (RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, guint32 row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaTable, rca_table_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaTableWriter, rca_table_writer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaTableSource, rca_table_source_free)
