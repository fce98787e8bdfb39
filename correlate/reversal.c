#include "reversal.h"

/* The version before: stated by the change, else that of the change of this service before it. */
char *
rca_last_good_version (const RcaFacts *f, const RcaChange *change)
{
  if (!change->version)
    return NULL;
  if (change->version_before)
    return g_strdup (change->version_before);
  const char *best = NULL;
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *other = g_ptr_array_index (f->c->changes, i);
      if (other->start_ns < change->start_ns && other->version && rca_same_service (other->service, change->service) && g_strcmp0 (other->version, change->version) != 0)
        best = other->version;
    }
  return g_strdup (best);
}

/* ---- taken back already? ------------------------------------------------ */

/* What ends an incident is in place before the last request fails, or, where its log says when
 * all of it was done, a little after. */
#define DONE_BEFORE_NS (120 * RCA_NS_PER_S)
#define DONE_AFTER_NS  (15 * RCA_NS_PER_S)

static gboolean
ends_it (const RcaFacts *f, const RcaChange *other)
{
  gint64 end = f->o->end_ns;
  return end != RCA_TIME_NONE && other->start_ns >= end - DONE_BEFORE_NS && other->start_ns <= end + DONE_AFTER_NS;
}

/* The version before, or a rollback: whenever it came. */
static gboolean
goes_back (const RcaChange *change, const RcaChange *other, const char *good)
{
  if (g_strcmp0 (other->version, change->version) == 0)
    return FALSE;
  return other->kind == RCA_CHANGE_ROLLBACK || (other->kind == RCA_CHANGE_DEPLOY && good && g_strcmp0 (other->version, good) == 0);
}

/* Yet another version, which came just when the failures ended: a fix, as far as can be told. */
static gboolean
goes_on (const RcaFacts *f, const RcaChange *change, const RcaChange *other)
{
  return other->kind == RCA_CHANGE_DEPLOY && g_strcmp0 (other->version, change->version) != 0 && ends_it (f, other);
}

#define BETWEEN_WORDS " \t,;:=\"'()[]{}"

static gboolean
has_word (char **words, const char *word)
{
  for (; *words; words++)
    if (g_ascii_strcasecmp (*words, word) == 0)
      return TRUE;
  return FALSE;
}

/* Two texts are about one thing ("feature flag x enabled for 100 %", "feature flag x disabled")
 * when the shorter one's words are, but for a third, in the longer. */
static gboolean
is_about_the_same (const char *a, const char *b)
{
  guint n = 0, shared = 0;
  if (!a || !b)
    return FALSE;
  g_auto (GStrv) x = g_strsplit_set (a, BETWEEN_WORDS, -1);
  g_auto (GStrv) y = g_strsplit_set (b, BETWEEN_WORDS, -1);
  gboolean x_is_shorter = g_strv_length (x) <= g_strv_length (y);
  for (char **word = x_is_shorter ? x : y; *word; word++)
    if (**word)
      {
        n++;
        shared += has_word (x_is_shorter ? y : x, *word);
      }
  return n > 0 && shared * 3 >= n * 2;
}

static const char *const ending_words[] = {
  "off", "disabled", "deactivated", "false", "0", "reverted", "reverts", "restored", "removed", "undone", "cancelled", "canceled",
  "stopped", "finished", "completed", "complete", "ended", "done", "succeeded", "success", "failed", "exited",
};

/* Says that something is over or put back, where what began it did not say so already. */
static gboolean
says_ended (const char *began, const char *text)
{
  g_auto (GStrv) before = g_strsplit_set (began, BETWEEN_WORDS, -1);
  g_auto (GStrv) after = g_strsplit_set (text, BETWEEN_WORDS, -1);
  for (guint i = 0; i < G_N_ELEMENTS (ending_words); i++)
    if (has_word (after, ending_words[i]) && !has_word (before, ending_words[i]))
      return TRUE;
  return FALSE;
}

/* What names no service is told apart by its text alone. */
static gboolean
is_of_the_same (const RcaChange *a, const RcaChange *b)
{
  return (!a->service && !b->service) || rca_same_service (a->service, b->service);
}

/* How sure it is that @other ends what @change began: 0 not, 1 as far as the times tell, 2 it says so. */
static guint
reverses (const RcaFacts *f, const RcaChange *change, const RcaChange *other, const char *good)
{
  gboolean is_deploy = change->kind == RCA_CHANGE_DEPLOY || change->kind == RCA_CHANGE_ROLLBACK;
  if (other->start_ns <= change->start_ns || !is_of_the_same (other, change))
    return 0;
  if (is_deploy)
    return goes_back (change, other, good) ? 2 : goes_on (f, change, other) ? 1 : 0;
  if (other->kind != change->kind || !is_about_the_same (change->text, other->text))
    return 0;
  return says_ended (change->text, other->text) ? 2 : ends_it (f, other) ? 1 : 0;
}

const RcaChange *
rca_reversal_of (const RcaFacts *f, const RcaChange *change, gboolean *certain)
{
  g_autofree char *good = rca_last_good_version (f, change);
  const RcaChange *best = NULL;
  guint surest = 0;
  for (guint i = 0; i < f->c->changes->len && surest < 2; i++)
    {
      guint sure = reverses (f, change, f->c->changes->pdata[i], good);
      if (sure > surest)
        best = f->c->changes->pdata[i], surest = sure;
    }
  if (certain)
    *certain = surest == 2;
  return best;
}

const RcaChange *
rca_ended_by (const RcaFacts *f)
{
  const guint kinds = 1u << RCA_CHANGE_JOB | 1u << RCA_CHANGE_RESTART | 1u << RCA_CHANGE_PACKAGE | 1u << RCA_CHANGE_NONE; /* not what mends: a restart is as often a consequence */
  const RcaChange *best = NULL;
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (f->c->changes, i);
      if (!(kinds & (1u << change->kind)) && ends_it (f, change) && change->start_ns > f->o->start_ns && change->start_ns <= f->o->end_ns)
        best = change; /* the last */
    }
  return best;
}
