/* git log (default, fuller, any --format with one line a commit, --oneline), for-each-ref of
 * tags, reflog: every commit or tag is taken for a release. */
#include "formats.h"
#include "../change.h"
#include "../timestamp.h"

#define MAX_PARTS 12

typedef struct {
  RcaStampContext context;
  gboolean blocks; /* "commit …" with headers, else a line each */
} Git;

/* What one commit or tag says. */
typedef struct {
  RcaBytes id, author, refs, subject;
  gsize subject_line; /* lines below the first */
  RcaStamp stamp;
  gboolean has_stamp;
} Commit;

static gboolean
is_hex (RcaBytes word)
{
  for (gsize i = 0; i < word.n; i++)
    if (!g_ascii_isxdigit (word.p[i]))
      return FALSE;
  return word.n >= 7 && (word.n <= 12 || word.n == 40);
}

static RcaBytes
first_word (RcaBytes text)
{
  gsize n = 0;
  while (n < text.n && !rca_char_in (text.p[n], " \t|,;\n"))
    n++;
  return rca_bytes (text.p, n);
}

/* --graph's rails */
static RcaBytes
without_graph (RcaBytes line)
{
  while (line.n > 0 && rca_char_in (line.p[0], "*|/\\ _"))
    line = rca_bytes_from (line, 1);
  return line;
}

static gboolean
begins_block (RcaBytes line)
{
  line = line.n > 0 && line.p[0] == '*' ? without_graph (line) : line;
  return rca_bytes_has_prefix (line, RCA_BYTES ("commit ")) && is_hex (first_word (rca_bytes_from (line, 7)));
}

/* v2.16.0, release-2.16, refs/tags/shop-2.16.0 */
static gboolean
is_tag (RcaBytes word)
{
  RcaBytes name, version;
  if (rca_bytes_has_prefix (word, RCA_BYTES ("refs/tags/")))
    return TRUE;
  return rca_is_version (word) || (rca_split_image (word, &name, &version) && rca_is_version (version));
}

/* --- one line a commit ----------------------------------------------------- */

/* Parts between tabs, bars or semicolons; a line with blanks alone is one part. */
static guint
split (RcaBytes line, RcaBytes *part)
{
  guint n = 0;
  gsize from = 0;
  char mark = memchr (line.p, '\t', line.n) ? '\t' : memchr (line.p, '|', line.n) ? '|' : memchr (line.p, ';', line.n) ? ';' : '\0';
  for (gsize i = 0; i <= line.n && n < MAX_PARTS; i++)
    if (i == line.n || (mark && line.p[i] == mark && n + 1 < MAX_PARTS))
    {
      RcaBytes piece = rca_bytes (line.p + from, i - from);
      while (piece.n > 0 && piece.p[0] == ' ')
        piece = rca_bytes_from (piece, 1);
      while (piece.n > 0 && piece.p[piece.n - 1] == ' ')
        piece.n--;
      part[n++] = piece;
      from = i + 1;
    }
  return n;
}

static gboolean
take_stamp (Commit *commit, RcaBytes text, RcaStampContext *context, gsize *taken)
{
  RcaStampContext scratch = *context;
  RcaStamp stamp;
  *taken = rca_stamp_parse (text, &scratch, &stamp);
  if (*taken < 10 || !(stamp.flags & RCA_STAMP_HAS_DATE))
    return FALSE;
  if (!commit->has_stamp)
  {
    commit->stamp = stamp;
    *context = scratch;
  }
  commit->has_stamp = TRUE;
  return TRUE;
}

static gboolean
looks_like_refs (RcaBytes part)
{
  return rca_bytes_find (part, RCA_BYTES ("tag: ")) >= 0 || rca_bytes_find (part, RCA_BYTES ("HEAD")) >= 0 || rca_bytes_find (part, RCA_BYTES ("origin/")) >= 0;
}

/* Words up to the subject: hash, time, tag, in any order. */
static void
read_words (Commit *commit, RcaBytes text, RcaStampContext *context)
{
  for (guint i = 0; i < 4 && text.n > 0; i++)
  {
    gsize taken;
    RcaBytes word = first_word (text);
    while (word.n > 0 && rca_char_in (word.p[word.n - 1], ":"))
      word.n--;
    if (commit->id.n == 0 && is_hex (word))
      commit->id = word;
    else if (!commit->has_stamp && take_stamp (commit, text, context, &taken))
      word.n = taken;
    else if (i == 0 && is_tag (word))
      commit->refs = word;
    else if (text.p[0] == '(')
    { /* --decorate */
      const char *close = memchr (text.p, ')', text.n);
      if (!close)
        break;
      word.n = (gsize)(close + 1 - text.p);
      commit->refs = rca_bytes (text.p, word.n);
    }
    else if (rca_bytes_has_prefix (text, RCA_BYTES ("HEAD@{")))
    { /* reflog */
      if (take_stamp (commit, rca_bytes_from (text, 6), context, &taken))
        word.n = MIN (text.n, 6 + taken + 1);
    }
    else
      break;
    text = rca_bytes_from (text, MIN (word.n, text.n));
    while (text.n > 0 && rca_char_in (text.p[0], " :,\t"))
      text = rca_bytes_from (text, 1);
  }
  if (text.n > 0)
    commit->subject = text;
}

/* .git/logs/HEAD: "OLD NEW Bob <bob@example.com> 1795518121 +0000<tab>pull: Fast-forward" */
static gboolean
read_reflog (RcaBytes line, RcaStampContext *context, Commit *commit)
{
  const char *close = line.n > 84 && line.p[40] == ' ' && line.p[81] == ' ' ? memchr (line.p + 82, '>', line.n - 82) : NULL;
  const char *open = close ? memrchr (line.p + 82, '<', (gsize)(close - line.p) - 82) : NULL;
  const char *tab = close ? memchr (close, '\t', line.n - (gsize)(close - line.p)) : NULL;
  gsize taken;
  if (!open || open == line.p + 82 || !is_hex (rca_bytes (line.p, 40)) || !is_hex (rca_bytes (line.p + 41, 40)))
    return FALSE;
  *commit = (Commit){ .id = rca_bytes (line.p + 41, 40), .author = rca_bytes (line.p + 82, (gsize)(open - line.p) - 83) };
  RcaBytes when = rca_bytes_from (line, (gsize)(close + 2 - line.p));
  commit->subject = tab ? rca_bytes_from (line, (gsize)(tab + 1 - line.p)) : rca_bytes (NULL, 0);
  return take_stamp (commit, when, context, &taken);
}

static void
read_line (RcaBytes line, RcaStampContext *context, Commit *commit)
{
  RcaBytes part[MAX_PARTS];
  if (read_reflog (line, context, commit))
    return;
  guint n = split (without_graph (line), part);
  *commit = (Commit){ .subject_line = 0 };
  if (n <= 1)
  {
    if (n == 1)
      read_words (commit, part[0], context);
    return;
  }
  for (guint i = 0; i < n; i++)
  {
    gsize taken;
    if (part[i].n == 0)
      continue;
    if (commit->id.n == 0 && is_hex (part[i]))
      commit->id = part[i];
    else if (take_stamp (commit, part[i], context, &taken) && taken + 2 >= part[i].n)
      ;
    else if (looks_like_refs (part[i]) || (i == 0 && is_tag (part[i])))
      commit->refs = part[i];
    else if (commit->author.n == 0 && i + 1 < n && commit->subject.n == 0 && !rca_is_version (part[i]))
      commit->author = part[i];
    else
      commit->subject = part[i];
  }
}

/* --- blocks ----------------------------------------------------------------- */

static RcaBytes
header_value (RcaBytes line, const char *name)
{
  gsize n = strlen (name);
  if (line.n <= n || memcmp (line.p, name, n) != 0)
    return (RcaBytes){ NULL, 0 };
  line = rca_bytes_from (line, n);
  while (line.n > 0 && line.p[0] == ' ')
    line = rca_bytes_from (line, 1);
  return line;
}

static void
read_header (Commit *commit, RcaBytes line, RcaStampContext *context)
{
  static const char *const dates[] = { "CommitDate:", "Date:", "AuthorDate:" };
  RcaBytes value;
  gsize taken;
  if ((value = header_value (line, "Author:")).n > 0 || (value = header_value (line, "author ")).n > 0)
    commit->author = value;
  for (guint i = 0; i < G_N_ELEMENTS (dates); i++)
    if ((value = header_value (line, dates[i])).n > 0)
    {
      if (i == 0)
        commit->has_stamp = FALSE; /* when it was made part of the branch, not when it was written */
      take_stamp (commit, value, context, &taken);
    }
}

static void
read_block (RcaBytes record, RcaStampContext *context, Commit *commit)
{
  gboolean body = FALSE;
  *commit = (Commit){ .subject_line = 0 };
  for (gsize at = 0, number = 0; at < record.n; number++)
  {
    const char *lf = memchr (record.p + at, '\n', record.n - at);
    gsize n = lf ? (gsize)(lf - record.p) - at : record.n - at;
    RcaBytes line = rca_bytes (record.p + at, n);
    at += n + 1;
    if (number == 0)
    {
      line = rca_bytes_from (line, (gsize)rca_bytes_find (line, RCA_BYTES ("commit ")) + 7);
      commit->id = first_word (line);
      commit->refs = rca_bytes_from (line, commit->id.n);
      continue;
    }
    if (line.n > 0 && line.p[0] == '|')
      line = without_graph (line);
    if (!body && line.n > 0 && line.p[0] != ' ')
      read_header (commit, line, context);
    else if (line.n == 0)
      body = TRUE;
    else if (line.p[0] == ' ' && commit->subject.n == 0)
    {
      body = TRUE;
      while (line.n > 0 && line.p[0] == ' ')
        line = rca_bytes_from (line, 1);
      commit->subject = line;
      commit->subject_line = number;
    }
  }
}

/* --- the format -------------------------------------------------------------- */

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, blocks = 0, dated = 0, hashes = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    Commit commit;
    if (line.n == 0)
      continue;
    lines++;
    blocks += begins_block (line);
    if (blocks > 0 || line.p[0] == '{')
      continue;
    read_line (line, &context, &commit);
    gboolean hash = rca_is_commit (commit.id) || commit.id.n == 40;
    gboolean named = hash || (commit.refs.n > 0 && is_tag (first_word (without_graph (line))));
    dated += named && commit.has_stamp;
    hashes += hash;
  }
  if (lines == 0)
    return;
  if (blocks > 0 && sample->n_lines > 0 && begins_block (sample->line[0]))
  {
    out->score = 95;
    g_snprintf (out->reason, sizeof out->reason, "%u commits of git log", blocks);
  }
  else if (dated * 10 >= lines * 8)
  {
    out->score = (gint)(85 * dated / lines);
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are a commit or tag with its time", dated, lines);
  }
  else if (hashes * 10 >= lines * 9)
  {
    out->score = (gint)(50 * hashes / lines);
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin with a commit's hash; they have no time", hashes, lines);
  }
}

static gpointer
git_open (const RcaSampleLines *sample)
{
  Git *git = g_new0 (Git, 1);
  rca_stamp_context_init (&git->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && !git->blocks; i++)
    git->blocks = begins_block (sample->line[i]);
  return git;
}

static RcaLineKind
git_line (gpointer state, RcaBytes line)
{
  const Git *git = state;
  if (git->blocks)
    return begins_block (line) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
  return without_graph (line).n == 0 ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

/* The version that a tag names: "(HEAD -> main, tag: v2.16.0)", "refs/tags/v2.16.0". */
static RcaBytes
version_of_refs (RcaBytes refs)
{
  gssize at = rca_bytes_find (refs, RCA_BYTES ("tag: "));
  if (at >= 0)
    refs = rca_bytes_from (refs, (gsize)at + 5);
  else if (rca_bytes_has_prefix (refs, RCA_BYTES ("refs/tags/")))
    refs = rca_bytes_from (refs, 10);
  gsize n = 0;
  while (n < refs.n && !rca_char_in (refs.p[n], " ,)"))
    n++;
  refs.n = n;
  return is_tag (refs) ? refs : (RcaBytes){ NULL, 0 };
}

static RcaBytes
name_of_author (RcaBytes author)
{
  gssize mail = rca_bytes_find (author, RCA_BYTES (" <"));
  if (mail > 0)
    author.n = (gsize)mail;
  return author;
}

static RcaDecodeResult
git_decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Git *git = state;
  Commit commit;
  RcaChange change;
  if (git->blocks && begins_block (record))
    read_block (record, &git->context, &commit);
  else
    read_line (record, &git->context, &commit);
  ev->stream = RCA_STREAM_CHANGE;
  if (commit.id.n == 0 && !commit.has_stamp)
    return RCA_DECODE_REJECT;
  if (commit.has_stamp)
    rca_stamp_apply (&commit.stamp, ev);
  rca_change_read_release (commit.subject, &change);
  if (change.version.n == 0 || rca_is_commit (change.version))
    change.version = version_of_refs (commit.refs);
  if (change.version.n == 0)
    change.version = rca_bytes (commit.id.p, MIN (commit.id.n, 10));
  else if (commit.subject_line > 0 && change.version.p >= commit.subject.p && change.version.p < commit.subject.p + commit.subject.n)
    ev->line += commit.subject_line; /* the line that names the version is the one to point at */
  change.actor = name_of_author (commit.author);
  rca_event_set_str (ev, RCA_FIELD_CHANGE_ID, commit.id);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, commit.subject.n > 0 ? commit.subject : record);
  rca_change_apply (&change, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_git = {
  .name = "git",
  .stream = RCA_STREAM_CHANGE,
  .sniff = sniff,
  .open = git_open,
  .close = g_free,
  .line = git_line,
  .decode = git_decode,
};
