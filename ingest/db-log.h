/* Server logs whose lines begin with a time, a level and a few names: what their formats share.
 * A format gives a product; its functions in the table of formats pass it on. */
#pragma once
#include "db-text.h"
#include "format.h"
#include "timestamp.h"

typedef struct {
  gboolean stamped;
  RcaStamp stamp;
  RcaSeverity severity;
  RcaBytes logger, session, text;
  gint64 pid; /* thread or session number; 0 without */
} RcaDbLogHead;

typedef struct RcaDbLog RcaDbLog;

typedef struct {
  const char *what; /* "ClickHouse's server log" */
  /* Whether @line begins a record; fills @head, which comes cleared. */
  gboolean (*read_head) (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head);
  /* A line no other program writes; NULL: every head is one. */
  gboolean (*is_telling) (const RcaDbLogHead *head);
  const RcaDbText *texts;
  guint n_texts;
  /* What else @record tells; may be NULL. Bytes may be put into the arena. */
  void (*read_more) (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev);
} RcaDbLogProduct;

void rca_db_log_sniff (const RcaDbLogProduct *product, const RcaSampleLines *sample, RcaSniff *out);
gpointer rca_db_log_open (const RcaDbLogProduct *product, const RcaSampleLines *sample);
void rca_db_log_close (gpointer log);
RcaLineKind rca_db_log_line (gpointer log, RcaBytes line);
RcaDecodeResult rca_db_log_decode (gpointer log, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user);

RcaArena *rca_db_log_arena (RcaDbLog *log);
/* Keeps @value under @key until it is taken or many others have come. */
void rca_db_log_remember (RcaDbLog *log, RcaBytes key, RcaBytes value);
/* What was kept under @key, in the arena; empty without. */
RcaBytes rca_db_log_take (RcaDbLog *log, RcaBytes key);
