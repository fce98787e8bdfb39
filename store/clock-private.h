/* What the two ways of placing a source in time share. */
#pragma once
#include "table.h"

/* Zones are whole quarter hours. */
#define RCA_QUARTER_NS (900 * RCA_NS_PER_S)
#define RCA_DAY_NS (86400 * RCA_NS_PER_S)

/* Calls @f for every row that has a time. */
typedef void (*RcaClockRow) (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user);

static inline void
rca_clock_each_row (const RcaTableSource *source, RcaClockRow f, gpointer user)
{
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *sheet = g_ptr_array_index (source->sheet, i);
    const gint64 *time = rca_sheet_get (sheet, RCA_COL_TIME);
    for (guint32 row = 0; row < sheet->n; row++)
      if (time[row] != RCA_TIME_NONE)
        f (source, sheet, row, user);
  }
}

/* As written, or, when the source's place is known, in UTC. */
static inline gint64
rca_clock_row_time (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gboolean known)
{
  gint64 t = rca_sheet_i64 (sheet, RCA_COL_TIME, row);
  gboolean loose = rca_sheet_u8 (sheet, RCA_COL_FLAGS, row) & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
  return known && loose ? rca_table_zoned (source, t) : t;
}

/* clock-activity.c: where the bursts of @source fall on those of @known, or where it overlaps them.
 * FALSE when nothing speaks against @assumed_shift, or for any. @how: (out): static. */
gboolean rca_clock_place_by_activity (const RcaTableSource *source, const GPtrArray *known, gint64 assumed_shift, gint64 *shift, const char **how);

/* skew-trouble.c: how much later than @reference the trouble of @sources is written, with their clocks as known so far
 * (@lag: to be added to their times; 0: they agree). FALSE when nothing tells. */
gboolean rca_clock_lag_by_trouble (const GPtrArray *sources, const GPtrArray *reference, gint64 *lag);

/* skew-consensus.c: corrects the clocks of sources without shared ids, and the reference's own when it stands alone:
 * all others agree with each other and not with it. @reference: the stream whose clock the others are compared with.
 * @pairs: a number for each source, of the ids that it shares with it. */
void rca_clock_find_consensus (RcaTable *table, RcaStream reference, const guint *pairs);
