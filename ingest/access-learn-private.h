/* What access-learn.c, access-observe.c and access-durations.c share: the columns of a sample as
 * they were observed, and the roles given so far. */
#pragma once
#include "access-line.h"
#include <math.h>

#define MAX_ROWS     200
#define MAX_DISTINCT 32

enum {
  SHAPE_ADDRESS,
  SHAPE_PEER,
  SHAPE_HOST,
  SHAPE_REQUEST,
  SHAPE_METHOD,
  SHAPE_PATH,
  SHAPE_STATUS,
  SHAPE_INTEGER,
  SHAPE_FRACTION,
  SHAPE_DURATION,
  SHAPE_ID,
  SHAPE_TRACE,
  SHAPE_STAMP,
  SHAPE_AGENT,
  SHAPE_CACHE,
  SHAPE_URL,
  SHAPE_ADDRESSES,
  SHAPE_LEVEL,
  SHAPE_GROUP,
  N_SHAPES
};

typedef struct {
  RcaBytes key;
  char quote;
  guint seen, absent, n[N_SHAPES];
  guint absolute, lists, decimals;
  guint distinct; /* at most MAX_DISTINCT */
  RcaBytes value[MAX_DISTINCT];
  double *number; /* a row each; NAN when absent */
  double sum, least, most, median;
  guint zeros;
  gboolean ascending;
} RcaLearnColumn;

typedef struct {
  RcaAccessColumns *out;
  RcaLearnColumn column[RCA_ACCESS_MAX_TOKENS];
  guint rows;
  gboolean named[RCA_ACCESS_MAX_TOKENS]; /* by a name that is known */
  guint strength[RCA_N_ROLES];           /* 0: no column has the role yet */
  gint place[RCA_N_ROLES];
  gboolean edge_names;
} RcaLearning;

static inline guint
rca_learn_present (const RcaLearnColumn *c)
{
  return c->seen - c->absent;
}

static inline gboolean
rca_learn_mostly (const RcaLearnColumn *c, guint shape)
{
  return rca_learn_present (c) > 0 && c->n[shape] * 10 >= rca_learn_present (c) * 8;
}

static inline gboolean
rca_learn_is_peers (const RcaLearnColumn *c)
{
  guint peers = c->n[SHAPE_PEER];
  return peers * 4 >= MAX (rca_learn_present (c), 1) && (peers + c->n[SHAPE_GROUP]) * 10 >= rca_learn_present (c) * 9;
}

static inline gboolean
rca_learn_taken (const RcaLearning *l, RcaAccessRole role)
{
  return l->strength[role] > 0;
}

static inline gboolean
rca_learn_is_free (const RcaLearning *l, guint i)
{
  return l->out->column[i].role == RCA_ROLE_NONE && l->column[i].key.n == 0;
}

/* Also with a name, as long as that says nothing. */
static inline gboolean
rca_learn_is_unnamed (const RcaLearning *l, guint i)
{
  return l->out->column[i].role == RCA_ROLE_NONE && !l->named[i];
}

static inline void
rca_learn_give (RcaLearning *l, guint i, RcaAccessRole role, guint strength, gint64 unit_ns)
{
  if (rca_learn_taken (l, role))
    l->out->column[l->place[role]].role = RCA_ROLE_NONE;
  l->out->column[i].role = role;
  l->out->column[i].unit_ns = unit_ns;
  l->strength[role] = strength;
  l->place[role] = (gint)i;
}

static inline guint
rca_learn_request_place (const RcaLearning *l)
{
  RcaAccessRole role = rca_learn_taken (l, RCA_ROLE_REQUEST) ? RCA_ROLE_REQUEST : RCA_ROLE_PATH;
  return rca_learn_taken (l, role) ? (guint)l->place[role] : 0;
}

/* Splits the sample and observes each column of the lines with the usual number of them. */
void rca_learn_observe (RcaLearning *l, const RcaSampleLines *sample);

/* The unit of a column's plain numbers, when its name does not tell it. */
gint64 rca_learn_unit (const RcaLearnColumn *c);

/* Give the time roles, BYTES, and Apache's and Tomcat's whole numbers, in this order. */
void rca_learn_durations (RcaLearning *l);
void rca_learn_bytes (RcaLearning *l);
void rca_learn_whole_duration (RcaLearning *l);
