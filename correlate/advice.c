#include "advice.h"
#include "reversal.h"

/* Done already: the advice is what comes after. */
static char *
after_rollback (const RcaFacts *f, const RcaChange *change, const RcaChange *back, const char *name)
{
  char at[16];
  gboolean over = f->o->end_ns != RCA_TIME_NONE;
  g_autofree char *by = back->version || !back->text ? g_strdup_printf ("%s %s", name, back->version ? back->version : "before it") : g_strdup (back->text);
  return g_strdup_printf ("%s was taken back at %s (%s): %s", change->version ? change->version : "it", rca_clock (back->start_ns, at), by,
                          over ? "keep it out until it is mended" : "it goes on all the same, look at what it left behind");
}

static char *
roll_back (const RcaChange *change, const char *name, const char *good)
{
  if (good)
    return g_strdup_printf ("roll %s back to %s", name, good);
  return g_strdup_printf ("roll %s back to the version before %s", name, change->version ? change->version : "it");
}

/* Over, and nobody wrote down why. */
static char *
take_back (const RcaFacts *f, const char *what)
{
  char at[16];
  if (f->o->end_ns == RCA_TIME_NONE)
    return g_strdup_printf ("take it back: %s", what);
  return g_strdup_printf ("over since %s, but no log read here says that it was taken back: see that it is (%s)", rca_clock (f->o->end_ns, at), what);
}

static char *
hold_job (const RcaFacts *f, const char *job)
{
  if (f->o->end_ns == RCA_TIME_NONE)
    return g_strdup_printf ("stop %s, or move it to a quiet hour", job);
  return g_strdup_printf ("before its next run move it to a quiet hour: %s", job);
}

/* What was done just before the end is worth keeping; the cause may still be there. */
static char *
for_good (const RcaFacts *f, const char *general)
{
  char at[16];
  const RcaChange *mended = rca_ended_by (f);
  if (!mended)
    return g_strdup (general);
  g_autofree char *what = mended->service && mended->version ? g_strdup_printf ("%s %s", mended->service, mended->version) : g_strdup_printf ("%.80s", mended->text ? mended->text : "a change");
  return g_strdup_printf ("it ended %.0f s after %s (%s): leave that in place; then %s", (double) (f->o->end_ns - mended->start_ns) / 1e9, what, rca_clock (mended->start_ns, at), general);
}

void
rca_advise (const RcaFacts *f, const RcaCandidate *c, RcaCause *cause)
{
  const char *general = c->remedy ? c->remedy : rca_hypothesis (c->kind)->remedy;
  cause->undo = g_strdup (c->undo);
  if (!c->change)
    {
      cause->remedy = for_good (f, general);
      return;
    }
  gboolean is_deploy = c->kind == RCA_KIND_DEPLOY, is_job = c->kind == RCA_KIND_BATCH_JOB;
  const char *name = c->change->service ? c->change->service : c->subject;
  g_autofree char *good = rca_last_good_version (f, c->change);
  const RcaChange *back = is_job ? NULL : rca_reversal_of (f, c->change, NULL);
  if (is_deploy && good && !back)
    cause->undo = g_strdup_printf ("%s %s, the version before", name, good);
  if (back)
    cause->remedy = after_rollback (f, c->change, back, name);
  else if (is_deploy)
    cause->remedy = roll_back (c->change, name, good);
  else
    cause->remedy = is_job ? hold_job (f, c->subject) : take_back (f, c->subject);
}
