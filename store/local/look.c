#include "local/look.h"
#include "input.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* A file that fits nothing and was written within this time may be a copy that is not whole yet. */
#define SETTLED_NS (5 * RCA_NS_PER_S)

static void
read_head (RcaLook *look)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaInput) input = rca_input_open_fd (look->fd, look->part->path, look->part->member, &error);
  while (input && look->n < RCA_LOOK_HEAD_BYTES)
  {
    gssize got = rca_input_read (input, look->head + look->n, RCA_LOOK_HEAD_BYTES - look->n, NULL);
    if (got <= 0)
      break;
    look->n += (guint64)got;
  }
  look->plain = input && rca_input_is_plain (input);
  if (error)
    look->problem = g_strdup (error->message);
}

/* Pipes are not looked at: what is read of them is gone. */
static gboolean
is_file (const RcaLook *look, struct stat *st)
{
  if (look->fd >= 0)
    return fstat (look->fd, st) == 0 && S_ISREG (st->st_mode);
  return strcmp (look->part->path, "-") != 0 && stat (look->part->path, st) == 0 && S_ISREG (st->st_mode);
}

RcaLook *
rca_look_new (RcaSourcePart *part, int fd)
{
  struct stat st;
  RcaLook *look = g_new0 (RcaLook, 1);
  look->part = part;
  look->path = part->member ? g_strdup_printf ("%s/%s", part->path, part->member) : g_strdup (part->path);
  look->fd = fd;
  if (!is_file (look, &st))
    return look;
  if (look->fd < 0)
    look->fd = open (part->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (look->fd >= 0 && fstat (look->fd, &st) != 0)
    return look;
  look->device = st.st_dev;
  look->inode = st.st_ino;
  look->size = (guint64)st.st_size;
  look->mtime_ns = (gint64)st.st_mtim.tv_sec * RCA_NS_PER_S + st.st_mtim.tv_nsec;
  read_head (look);
  return look;
}

void
rca_look_free (RcaLook *look)
{
  if (!look)
    return;
  if (look->fd >= 0)
    close (look->fd);
  g_free (look->path);
  g_free (look->problem);
  g_free (look);
}

void
rca_look_release (RcaLook *look)
{
  if (look->fd >= 0 && !look->nameless)
    close (look->fd);
  look->fd = look->nameless ? look->fd : -1;
}

static gboolean
read_at (int fd, guint64 offset, gpointer data, gsize n)
{
  return pread (fd, data, n, (off_t)offset) == (gssize)n;
}

gboolean
rca_look_read (const RcaLook *look, guint64 offset, gpointer data, gsize n)
{
  struct stat st;
  if (look->fd >= 0)
    return read_at (look->fd, offset, data, n);
  int fd = look->inode ? open (look->part->path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
  gboolean ok = fd >= 0 && fstat (fd, &st) == 0 && st.st_ino == look->inode && st.st_dev == look->device && read_at (fd, offset, data, n);
  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
hash_at (const RcaLook *look, guint64 end, guint64 n, guint64 *hash)
{
  char bytes[RCA_LOOK_BEFORE_BYTES];
  if (!look->plain || n > sizeof bytes || n > end || !rca_look_read (look, end - n, bytes, n))
    return FALSE;
  *hash = XXH3_64bits (bytes, n);
  return TRUE;
}

gboolean
rca_look_before (const RcaLook *look, guint64 offset, guint64 *n, guint64 *hash)
{
  *n = MIN (offset, RCA_LOOK_BEFORE_BYTES);
  return hash_at (look, offset, *n, hash);
}

guint64
rca_look_whole_lines (const RcaLook *look, guint64 from)
{
  char block[16 * 1024];
  for (guint64 end = look->size; end > from;)
  {
    gsize n = (gsize)MIN (sizeof block, end - from);
    if (!rca_look_read (look, end - n, block, n))
      return from;
    const char *lf = memrchr (block, '\n', n);
    if (lf)
      return end - n + (guint64)(lf - block) + 1;
    end -= n;
  }
  return from;
}

/* ---- matching ---- */

static gboolean
has_head_of (const RcaLook *look, const RcaManifestPart *part)
{
  return part->head_n > 0 && part->head_n <= look->n && XXH3_64bits (look->head, part->head_n) == part->head;
}

static gboolean
is_same_inode (const RcaLook *look, const RcaManifestPart *part)
{
  return part->inode && part->inode == look->inode && part->device == look->device && !look->part->member;
}

/* 0: it is not; else the higher the likelier. */
static guint
fits (const RcaLook *look, const RcaManifestPart *part)
{
  guint64 hash;
  gboolean same_path = g_str_equal (part->path, look->path), same_inode = is_same_inode (look, part);
  if (part->head_n == 0 && part->offset == 0) /* it was empty, or could not be opened, the last time */
    return same_inode ? 3 : same_path ? 1 : 0;
  if (!has_head_of (look, part) || (look->plain && look->size < part->offset))
    return 0;
  if (look->plain && part->before_n && (!hash_at (look, part->offset, part->before_n, &hash) || hash != part->before))
    return 0;
  return 4 + 4 * same_inode + 2 * same_path + look->plain;
}

/* Whether all that @copy holds stands at the beginning of @of as well. */
static gboolean
is_prefix (const RcaLook *copy, const RcaLook *of)
{
  guint64 a, b, n;
  if (copy->n > of->n || memcmp (copy->head, of->head, copy->n) != 0)
    return FALSE;
  if (!copy->plain || !of->plain)
    return TRUE;
  return copy->size <= of->size && rca_look_before (copy, copy->size, &n, &a) && hash_at (of, copy->size, n, &b) && a == b;
}

/* An older name that holds nothing but the beginning of a newer one: copytruncate between copy and
 * truncation, gzip before it removes what it compressed. */
static gboolean
is_copy_of_newer (const GPtrArray *look, guint i)
{
  const RcaLook *one = g_ptr_array_index (look, i);
  for (guint k = i + 1; k < look->len; k++)
  {
    const RcaLook *newer = g_ptr_array_index (look, k);
    if (newer->size > 0 && is_prefix (one, newer))
      return TRUE;
  }
  return FALSE;
}

/* gzip writes x.log.1.gz beside x.log.1: here the newer name is the copy. */
static gboolean
is_compressed_copy (const GPtrArray *look, guint i)
{
  const RcaLook *one = g_ptr_array_index (look, i);
  for (guint k = 0; k < look->len && !one->plain; k++)
  {
    const RcaLook *other = g_ptr_array_index (look, k);
    if (k != i && other->plain && other->size > 0 && is_prefix (one, other))
      return TRUE;
  }
  return FALSE;
}

/* The beginning of a part that is nowhere else: a copy that is not whole yet, of a file that is
 * truncated by now. */
static gboolean
is_half_copy (const RcaLook *look, const GPtrArray *part, const gboolean *taken, gint64 now_ns)
{
  if (look->mtime_ns < now_ns - SETTLED_NS || !look->plain || look->n == 0)
    return FALSE;
  for (guint p = 0; p < part->len; p++)
  {
    const RcaManifestPart *known = g_ptr_array_index (part, p);
    if (!taken[p] && has_head_of (look, known) && look->size < known->offset)
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  guint score, look, part;
} Pair;

static gint
compare_pairs (gconstpointer a, gconstpointer b)
{
  const Pair *x = a, *y = b;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->part != y->part ? (x->part > y->part ? -1 : 1) : (gint)x->look - (gint)y->look;
}

static GArray *
pairs_of (const GPtrArray *look, const GPtrArray *part)
{
  GArray *pair = g_array_new (FALSE, FALSE, sizeof (Pair));
  for (guint i = 0; i < look->len; i++)
    for (guint p = 0; p < part->len; p++)
    {
      Pair one = { fits (g_ptr_array_index (look, i), g_ptr_array_index (part, p)), i, p };
      if (one.score)
        g_array_append_val (pair, one);
    }
  g_array_sort (pair, compare_pairs);
  return pair;
}

/* Two names that led to one file, because it was renamed between the two looks: one is enough. */
static gboolean
was_met (const GPtrArray *look, guint i)
{
  const RcaLook *one = g_ptr_array_index (look, i);
  for (guint k = 0; k < i; k++)
  {
    const RcaLook *other = g_ptr_array_index (look, k);
    if (one->inode && other->inode == one->inode && other->device == one->device && g_strcmp0 (other->part->member, one->part->member) == 0)
      return TRUE;
  }
  return FALSE;
}

void
rca_look_match (const GPtrArray *look, const GPtrArray *part, gint64 now_ns, gint *place)
{
  g_autofree gboolean *taken = g_new0 (gboolean, part->len + 1);
  g_autoptr (GArray) pair = pairs_of (look, part);
  for (guint i = 0; i < look->len; i++)
    place[i] = was_met (look, i) ? RCA_LOOK_LATER : RCA_LOOK_NEW;
  for (guint k = 0; k < pair->len; k++)
  {
    const Pair *one = &g_array_index (pair, Pair, k);
    if (place[one->look] != RCA_LOOK_NEW || taken[one->part])
      continue;
    place[one->look] = (gint)one->part;
    taken[one->part] = TRUE;
  }
  for (guint i = 0; i < look->len; i++)
    if (place[i] == RCA_LOOK_NEW && ((RcaLook *)g_ptr_array_index (look, i))->inode
        && (is_copy_of_newer (look, i) || is_compressed_copy (look, i) || is_half_copy (g_ptr_array_index (look, i), part, taken, now_ns)))
      place[i] = RCA_LOOK_LATER;
}
