/* A sheet: up to 64 K rows of one source, as columns with dictionaries of their own.
 *
 * The unit of everything: one thread fills it, a segment holds it, a zone map
 * prunes it. Columns that no row carries take no memory. */
#pragma once
#include "dictionary.h"
#include "dimension.h"

#define RCA_SHEET_ROWS 65536

typedef enum { RCA_COLUMN_U8, RCA_COLUMN_U16, RCA_COLUMN_U32, RCA_COLUMN_U64, RCA_COLUMN_I64, RCA_COLUMN_F64, RCA_COLUMN_CODE } RcaColumnType;

typedef enum {
#define X(id, name, type, domain) RCA_COL_##id,
#include "column.def"
#undef X
  RCA_N_COLUMNS,
  RCA_COL_NONE = -1
} RcaColumnId;

typedef enum {
  RCA_DOMAIN_NONE = -1,
  RCA_DOMAIN_ROUTE,
  RCA_DOMAIN_METHOD,
  RCA_DOMAIN_UPSTREAM,
  RCA_DOMAIN_CACHE_STATUS,
  RCA_DOMAIN_EDGE_SITE,
  RCA_DOMAIN_INSTANCE,
  RCA_DOMAIN_HOST,
  RCA_DOMAIN_SERVICE,
  RCA_DOMAIN_VERSION,
  RCA_DOMAIN_CLIENT,
  RCA_DOMAIN_AGENT,
  RCA_DOMAIN_TEMPLATE,
  RCA_DOMAIN_EXCEPTION,
  RCA_DOMAIN_PEER,
  RCA_DOMAIN_FINGERPRINT,
  RCA_DOMAIN_DATABASE,
  RCA_DOMAIN_DB_USER,
  RCA_DOMAIN_SQLSTATE,
  RCA_DOMAIN_DEVICE,
  RCA_DOMAIN_SERVER_NAME,
  RCA_DOMAIN_ID,
  RCA_DOMAIN_SESSION,
  RCA_DOMAIN_MESSAGE,
  RCA_DOMAIN_ENVIRONMENT,
  RCA_DOMAIN_ACTOR,
  RCA_DOMAIN_OUTCOME,
  RCA_DOMAIN_CHANGE_ID,
  RCA_N_DOMAINS
} RcaDomain;

const char *rca_domain_name (RcaDomain domain);

typedef enum { RCA_KIND_LOG, RCA_KIND_REQUEST, RCA_KIND_STATEMENT, RCA_KIND_ERROR, RCA_KIND_SAMPLE, RCA_KIND_CHANGE, RCA_N_KINDS } RcaKind;
typedef enum { RCA_AUDIENCE_USER, RCA_AUDIENCE_PROBE, RCA_AUDIENCE_ADMIN, RCA_AUDIENCE_BATCH, RCA_N_AUDIENCES } RcaAudience;

typedef struct {
  const char *name;
  RcaColumnType type;
  RcaDomain domain;
} RcaColumnInfo;

const RcaColumnInfo *rca_column_info (RcaColumnId column);
gsize rca_column_width (RcaColumnType type); /* bytes an element */

typedef struct RcaSheet RcaSheet;

/* Where columns come from that are read when they are first asked for. Not thread-safe: one sheet, one thread. */
typedef struct {
  /* Makes @column and what of its dictionary it needs. */
  void (*bring) (RcaSheet *sheet, RcaColumnId column, gpointer user);
  void (*free) (gpointer user);
  gpointer user;
} RcaSheetOrigin;

struct RcaSheet {
  guint32 n, capacity;
  guint64 pending;                          /* bit c: column c has yet to be brought; rca_sheet_get() does */
  RcaSheetOrigin origin;
  RcaDictionary *const *into; /* dictionaries by domain that codes brought from now on are of; NULL: the sheet's own */
  /* Called with the columns (bits) that were brought. */
  void (*brought) (RcaSheet *sheet, guint64 columns, gpointer user);
  gpointer brought_user;
  gpointer column[RCA_N_COLUMNS];           /* NULL: absent in all rows, or pending */
  RcaDictionary *dictionary[RCA_N_DOMAINS]; /* NULL: nothing in it, or merged into the table's */

  /* filled when the table is finished */
  gint64 *start; /* corrected begin of the work, RCA_TIME_NONE without a time */
  gint64 *end;
  gint64 min_start, max_start;        /* of rows with a time; min > max when none */
  guint8 *hidden;                     /* rows told by another source already; NULL when none */
  guint32 *derived[RCA_N_DIMENSIONS]; /* codes of dimensions that are no column, made when first asked (dimension.c) */
  guint8 streams;                     /* bit s: some row is of stream s */
};

RcaSheet *rca_sheet_new (void);
void rca_sheet_free (RcaSheet *sheet);

/* Adds a row without values; returns its number. The sheet must not be full. */
guint32 rca_sheet_add (RcaSheet *sheet);
void rca_sheet_set_u (RcaSheet *sheet, RcaColumnId column, guint32 row, guint64 value); /* U8 to U64, CODE */
void rca_sheet_set_i64 (RcaSheet *sheet, RcaColumnId column, guint32 row, gint64 value);
void rca_sheet_set_f64 (RcaSheet *sheet, RcaColumnId column, guint32 row, double value);
/* Interns @value in the column's dictionary. */
guint32 rca_sheet_set_str (RcaSheet *sheet, RcaColumnId column, guint32 row, RcaBytes value);
/* The same without looking whether it is there: see rca_dictionary_append(). */
guint32 rca_sheet_append_str (RcaSheet *sheet, RcaColumnId column, guint32 row, RcaBytes value);
/* Adds the rows [@from, @to) of @more behind those of @sheet, which must have room for them. */
void rca_sheet_append (RcaSheet *sheet, const RcaSheet *more, guint32 from, guint32 to);
/* Makes sure the column's memory is there (for readers of segments). */
gpointer rca_sheet_column (RcaSheet *sheet, RcaColumnId column);
/* Brings @column and those that share its dictionary. */
void rca_sheet_bring (RcaSheet *sheet, RcaColumnId column);
void rca_sheet_bring_all (RcaSheet *sheet);
/* The columns (bits) of @domain. */
guint64 rca_sheet_columns_of (RcaDomain domain);
void rca_sheet_reserve (RcaSheet *sheet, guint32 n_rows);

static inline gboolean
rca_sheet_is_pending (const RcaSheet *s, RcaColumnId c)
{
  return (s->pending >> c) & 1;
}

/* The column's elements; NULL when it is absent in all rows. */
static inline gconstpointer
rca_sheet_get (const RcaSheet *s, RcaColumnId c)
{
  if (G_UNLIKELY (rca_sheet_is_pending (s, c)))
    rca_sheet_bring ((RcaSheet *)s, c);
  return s->column[c];
}

static inline guint8
rca_sheet_u8 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const guint8 *v = rca_sheet_get (s, c);
  return v ? v[row] : 0;
}

static inline guint16
rca_sheet_u16 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const guint16 *v = rca_sheet_get (s, c);
  return v ? v[row] : 0;
}

static inline guint32
rca_sheet_u32 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const guint32 *v = rca_sheet_get (s, c);
  return v ? v[row] : 0;
}

static inline guint64
rca_sheet_u64 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const guint64 *v = rca_sheet_get (s, c);
  return v ? v[row] : 0;
}

static inline gint64
rca_sheet_i64 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const gint64 *v = rca_sheet_get (s, c);
  return v ? v[row] : -1;
}

static inline double
rca_sheet_f64 (const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const double *v = rca_sheet_get (s, c);
  return v ? v[row] : 0.0;
}

static inline gboolean
rca_sheet_hidden (const RcaSheet *s, guint32 row)
{
  return s->hidden && s->hidden[row];
}

/* Requests: status 5xx. Other rows: severity ERROR or worse. */
static inline gboolean
rca_sheet_failed (const RcaSheet *s, guint32 row)
{
  if (rca_sheet_u8 (s, RCA_COL_KIND, row) == RCA_KIND_REQUEST)
  {
    guint16 status = rca_sheet_u16 (s, RCA_COL_STATUS, row);
    return status >= 500 && status <= 599;
  }
  return rca_sheet_u8 (s, RCA_COL_SEVERITY, row) >= RCA_SEVERITY_ERROR;
}

/* Hexadecimal ids and UUIDs compare without case and dashes, a traceparent by its trace
 * id; others as they are. Bytes in @out or @id. */
#define RCA_ID_BYTES 128
RcaBytes rca_normal_id (RcaBytes id, char out[RCA_ID_BYTES]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSheet, rca_sheet_free)
