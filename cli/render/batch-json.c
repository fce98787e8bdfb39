/* rca.batch/1, member for member as in CONTRACT.md. */
#include "render-batch.h"
#include "json-parts.h"

static void
put_recurring (RcaJson *j, const RcaRecurring *r)
{
  rca_json_open (j, NULL, '{');
  rca_json_string (j, "kind", rca_kind_name (r->kind));
  rca_json_string (j, "subject", r->subject);
  rca_json_uint (j, "count", r->incidents->len);
  rca_json_open (j, "incidents", '[');
  for (guint i = 0; i < r->incidents->len; i++)
    rca_json_string (j, NULL, ((const RcaIncident *) g_ptr_array_index (r->incidents, i))->id);
  rca_json_close (j, ']');
  rca_json_string (j, "summary", r->summary);
  rca_json_close (j, '}');
}

static void
put_notes (RcaJson *j, const RcaBatch *b)
{
  rca_json_open (j, "notes", '[');
  for (guint i = 0; i < b->growing->len; i++)
    rca_json_string (j, NULL, ((const RcaGrowing *) g_ptr_array_index (b->growing, i))->summary);
  for (guint i = 0; i < b->regular->len; i++)
    rca_json_string (j, NULL, ((const RcaRegular *) g_ptr_array_index (b->regular, i))->summary);
  for (guint i = 0; i < b->notes->len; i++)
    rca_json_string (j, NULL, g_ptr_array_index (b->notes, i));
  rca_json_close (j, ']');
}

char *
rca_render_batch_json (const RcaBatch *b, const RcaRenderOptions *options)
{
  RcaJson j = { g_string_new (NULL), FALSE };
  rca_json_open (&j, NULL, '{');
  rca_json_string (&j, "schema", "rca.batch/1");
  rca_json_bool (&j, "degraded", b->degraded);
  rca_json_open (&j, "window", '{');
  rca_json_time (&j, "start", b->window.start_ns);
  rca_json_time (&j, "end", b->window.end_ns);
  rca_json_close (&j, '}');
  rca_json_open (&j, "incidents", '[');
  for (guint i = 0; i < b->incidents->len; i++)
    rca_json_incident (&j, g_ptr_array_index (b->incidents, i));
  rca_json_close (&j, ']');
  rca_json_open (&j, "recurring", '[');
  for (guint i = 0; i < b->recurring->len; i++)
    put_recurring (&j, g_ptr_array_index (b->recurring, i));
  rca_json_close (&j, ']');
  rca_json_sources (&j, b->sources);
  put_notes (&j, b);
  rca_json_close (&j, '}');
  g_string_append_c (j.out, '\n');
  return g_string_free (j.out, FALSE);
}
