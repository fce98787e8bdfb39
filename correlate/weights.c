#include "weights.h"

const RcaWeights rca_weights = {
#define X(name, value, source) .name = value,
  RCA_WEIGHTS (X)
#undef X
};

static const struct
{
  double prior;
  const char *source;
} priors[RCA_N_KINDS] = {
#define X(kind, value, from) [RCA_KIND_##kind] = { value, from },
  RCA_PRIORS (X)
#undef X
};

double
rca_prior (RcaKind kind)
{
  return priors[kind].prior;
}

const char *
rca_prior_source (RcaKind kind)
{
  return priors[kind].source ? priors[kind].source : "";
}

static const struct
{
  double factor;
  const char *source;
} unseen[RCA_N_KINDS] = {
#define X(kind, value, from) [RCA_KIND_##kind] = { value, from },
  RCA_UNSEEN (X)
#undef X
};

double
rca_unseen_factor (RcaKind kind)
{
  return unseen[kind].source ? unseen[kind].factor : 1;
}

char *
rca_weights_print (void)
{
  GString *s = g_string_new (NULL);
  for (guint k = 0; k < RCA_KIND_UNKNOWN; k++)
    g_string_append_printf (s, "prior %-20s %6.2f  %s\n", rca_kind_name ((RcaKind) k), priors[k].prior, priors[k].source);
  for (guint k = 0; k < RCA_N_KINDS; k++)
    if (unseen[k].source)
      g_string_append_printf (s, "unseen behind %-12s %6.2f  %s\n", rca_kind_name ((RcaKind) k), unseen[k].factor, unseen[k].source);
#define X(name, value, source) g_string_append_printf (s, "%-26s %6.2f  %s\n", #name, (double) value, source);
  RCA_WEIGHTS (X)
#undef X
  return g_string_free (s, FALSE);
}
