/* The raw bytes of rows, for quoting: kept as text, or left in the file that they were read from.
 *
 * A large plain file is not copied: its rows remember where they stand, and the file stays open,
 * so that a rotation meanwhile changes nothing. */
#include "table.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a row's text position: what follows is an offset in its part. */
#define IN_FILE (G_GUINT64_CONSTANT (1) << 63)

guint64
rca_raw_position (guint64 offset)
{
  return offset | IN_FILE;
}

guint64
rca_raw_offset (const RcaSheet *sheet, guint32 row)
{
  guint64 position = rca_sheet_u64 (sheet, RCA_COL_TEXT_POSITION, row);
  return position & IN_FILE ? position & ~IN_FILE : G_MAXUINT64;
}

void
rca_table_source_keep_open (RcaTableSource *s, RcaSourcePart *part)
{
  struct stat st;
  int fd = part->member || part->fd >= 0 ? -1 : open (part->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
  {
    close (fd);
    return;
  }
  part->fd = fd;
  g_array_append_val (s->open_fd, fd);
}

void
rca_table_source_close (RcaTableSource *s)
{
  for (guint i = 0; i < s->open_fd->len; i++)
    close (g_array_index (s->open_fd, int, i));
  g_array_set_size (s->open_fd, 0);
}

static RcaBytes
read_back (RcaTableSource *s, guint part, guint64 offset, gsize n)
{
  RcaBytes none = { NULL, 0 };
  int fd = s->origin && part < s->origin->parts->len ? ((RcaSourcePart *)g_ptr_array_index (s->origin->parts, part))->fd : -1;
  if (fd < 0)
    return none;
  g_byte_array_set_size (s->read_back, (guint)MAX (n, 1));
  gssize got = pread (fd, s->read_back->data, n, (off_t)offset);
  return got == (gssize)n ? rca_bytes ((const char *)s->read_back->data, n) : none; /* shorter: it was truncated */
}

RcaBytes
rca_table_raw (RcaTableSource *s, const RcaSheet *sheet, guint32 row)
{
  guint64 position = rca_sheet_u64 (sheet, RCA_COL_TEXT_POSITION, row);
  gsize n = rca_sheet_u32 (sheet, RCA_COL_TEXT_LENGTH, row);
  if (position & IN_FILE)
    return read_back (s, rca_sheet_u16 (sheet, RCA_COL_PART, row), position & ~IN_FILE, n);
  return rca_text_get (s->text, position, n);
}
