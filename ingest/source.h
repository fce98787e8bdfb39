/* Sources: which files make one log, and how their bytes arrive.
 *
 * PATHs (files, folders, archives, `-`, NAME=PATH) become sources: a file with its
 * rotated siblings (x.log, x.log.1, x.log.2.gz, x-20261124.zst) is ONE source whose
 * parts are read oldest first. Compression is told by content, not by name. */
#pragma once
#include "format.h"

/* Error domain of ingest. */
#define RCA_INGEST_ERROR (rca_ingest_error_quark ())
GQuark rca_ingest_error_quark (void);
typedef enum {
  RCA_INGEST_ERROR_OPEN,    /* cannot be opened (errno in the text, the remedy for EACCES) */
  RCA_INGEST_ERROR_READ,    /* broke in the middle; what came before it was read */
  RCA_INGEST_ERROR_DAMAGED, /* a torn or corrupt archive; what came before it was read */
  RCA_INGEST_ERROR_BINARY,  /* no text and no known binary format */
  RCA_INGEST_ERROR_EMPTY,
} RcaIngestError;

/* Which bytes of a part are wanted. Offsets are of the decompressed file. */
typedef struct {
  guint64 from, until;         /* records that begin in [from, until) count and are given to emit; 0, G_MAXUINT64: all */
  guint64 end;                 /* a plain file is read up to here; G_MAXUINT64: to its end */
  guint64 enter, enter_lines;  /* a plain file is entered here, the start of a line (at or before @from), and how many lines stand before it */
  guint64 lines_before;        /* @from */
  gboolean leave;              /* reading ends with the first record at or after @until, and only lines that begin in the range are counted */
  gint64 newer_than_ns;        /* G_MININT64: all; else only records later than that (a document that was rewritten) */
} RcaPartRange;

/* What reading a part found. */
typedef struct {
  guint64 next, next_lines; /* the first record at or after @until: where it begins, and how many lines stand before it; G_MAXUINT64: there is none */
  guint64 first, first_lines; /* the first one in the range, likewise */
  guint64 end, lines;       /* bytes and lines up to where reading ended */
  gboolean document;        /* its format is one document */
  guint encoding, mark;     /* RcaEncoding of the file, and the bytes of its byte-order mark: offsets are of UTF-8 without it */
  gboolean lossy;           /* UTF-16 that does not come back from UTF-8: half a unit, half a pair */
} RcaPartEnd;

typedef struct {
  char *path;    /* as the user would write it (relative stays relative) */
  char *member;  /* inside an archive, or NULL */
  guint64 skipped_bytes; /* with lines_later: the lines of that many bytes are not in ev->line */
  int fd;        /* the file, opened by the caller (by now it may have another name); -1: opened by its path */
  guint place;   /* the caller's number for it; parts may be read in another order than they were added */
  const RcaFormat *format; /* told before; NULL: sniffed */
  RcaPartRange range;
  RcaPartEnd found; /* (out) */
} RcaSourcePart;

/* Counted atomically while files are read: bytes as they lie on disk. */
typedef struct {
  gsize done, total;
} RcaReadProgress;

/* One log. Filled while it is read. */
typedef struct {
  char *path;        /* of its newest part: what reports show */
  GPtrArray *parts;  /* RcaSourcePart, oldest first */
  char *name;        /* NAME= of NAME=PATH, or NULL */
  const RcaFormat *format; /* NULL: unknown, kept as text */
  RcaStream stream;  /* majority of its events */
  gint score, next_score; /* of the format and of the one that came second (RcaSniff) */
  const char *next_format; /* its name, or NULL */
  char *why;         /* how format, zone and year were found */
  char *columns;     /* the format's describe(), or NULL */
  char *service;     /* majority of SERVICE, else from path (file stem without instance number), else NULL */
  char *host;
  guint64 lines, blank, records, parsed, rejected, truncated;
  gint64 first_ns, last_ns; /* RCA_TIME_NONE when no record has a time */
  gboolean zone_known;      /* every stamp carried one */
  guint64 present;          /* fields that any event carried (bit mask over RcaField) */
  guint64 http_5xx, errors, slow, changes, samples; /* counts of rca.sources/1 */
  char *first_rejected;     /* the first line not understood (cut at 200 bytes), or NULL */
  GPtrArray *problems;      /* char*: what could not be read, with the remedy; empty when all was */
} RcaSource;

/* A source without parts; parts are added oldest first. For callers that know their files. */
RcaSource *rca_source_new (const char *path, const char *name);
/* Returns it (transfer none), to be read whole unless the caller says otherwise. */
RcaSourcePart *rca_source_add_part (RcaSource *source, const char *path, const char *member);

/* Finds the sources below @paths: files, folders, and patterns of them as a shell knows them (order does not matter: result sorted by path).
 * What cannot be read becomes an entry in @problems (char*), never an abort. */
GPtrArray *rca_sources_find (const char *const *paths, guint n_paths, GPtrArray *problems);
/* The same again and again: @archives remembers what was in which file, so that one which did not
 * change is not opened. Made by rca_archives_new(), freed by g_hash_table_unref(). */
GHashTable *rca_archives_new (void);
GPtrArray *rca_sources_find_again (const char *const *paths, guint n_paths, GPtrArray *problems, GHashTable *archives);
void rca_source_free (RcaSource *source);

/* Bytes of a part as they are read (decompressed, as UTF-8), with their offset. @user is that of rca_source_read(). */
typedef void (*RcaSourceTap) (RcaSource *source, guint part, guint64 offset, RcaBytes bytes, gpointer user);
struct RcaUserFormats;
struct RcaTally;

typedef struct {
  /* Only records that could matter to this span; RCA_TIME_NONE = no bound. A reader may give
   * more: large files that are in order are entered by bisection, rotated parts left out;
   * lines and records then count what was read, first and last still tell the whole. */
  gint64 from_ns, to_ns;
  gboolean lines_later; /* ev->line counts from where a part is entered: rca_source_lines_before() tells what to add */
  const char *input_format; /* forced: "NAME" for all, or lines of "PATH=NAME" (PATH as given, the end of one, or a glob); or NULL */
  const char *nginx_conf;   /* or NULL */
  const struct RcaUserFormats *formats; /* the user's own (user-format.h), or NULL; outlives the reading */
  RcaReadProgress *progress; /* (nullable): @done grows */
  const gint *cancelled;     /* (nullable): when it becomes 1 (atomically), reading ends; what was given is then not all */
  struct RcaTally *tally;    /* (nullable): counts the events; the caller finishes it (tally.h) */
  RcaSourceTap tap;          /* (nullable): is given every byte that is read, before the events of it */
} RcaReadOptions;

/* Whether every format that @input_format names exists, built in or among the user's @formats (nullable);
 * @unknown: (out): the first that does not, transfer full. */
gboolean rca_input_format_check (const char *input_format, const struct RcaUserFormats *formats, char **unknown);

/* Reads @source whole, in order of its parts: @emit gets every event (also of
 * rejected records: stream UNKNOWN, no fields but MESSAGE), with derived fields done
 * (FAILURE by classify.h). @ev->line counts within the part; @part says which one.
 * Fills @source's counts. Problems are appended to source->problems; returns FALSE
 * when nothing at all could be read. */
typedef void (*RcaSourceEmit) (RcaSource *source, guint part, RcaEvent *ev, gpointer user);
gboolean rca_source_read (RcaSource *source, const RcaReadOptions *options, RcaSourceEmit emit, gpointer user);

/* How many lines of @part stand before those that were read, after a read with lines_later. Reads
 * the file up to there. */
guint64 rca_source_lines_before (const RcaSource *source, guint part);

/* Reads line @line (1-based) of @part again, up to @n_lines lines; NULL when gone. For quoting. */
char *rca_source_quote (const RcaSource *source, guint part, guint64 line, guint n_lines);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSource, rca_source_free)
