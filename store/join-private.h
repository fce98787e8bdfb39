/* Joining requests with what other rows say of them: what join.c, its twins and its
 * neighbours share. */
#pragma once
#include "scan.h"

/* How far from the requests their carrier rows may lie. */
#define RCA_JOIN_SLACK_NS (900 * RCA_NS_PER_S)
/* Without ids, the record of the next layer ends with the request, give or take. */
#define RCA_JOIN_NEAR_NS (RCA_NS_PER_S / 10)

typedef struct {
  RcaTableSource *source;
  RcaSheet *sheet;
  guint32 row;
  guint32 route;
  guint32 id[2];  /* codes; 0 = none */
  RcaSheet *twin; /* without ids: the record of the next layer that is this request */
  guint32 twin_row;
  guint32 mate_instance; /* of its record in the carrier */
  gint64 mate_end;       /* RCA_TIME_NONE without one */
  guint bad : 1, met : 1, queued : 1, joined : 1;
} RcaJoinRequest;

typedef struct {
  guint32 request, next;
} RcaJoinLink;

typedef struct {
  guint32 request, thing;
} RcaJoinCarry;

typedef struct {
  RcaTable *table;
  const RcaJoinQuery *q;
  GArray *request; /* RcaJoinRequest */
  guint32 *head;   /* id code → first link + 1 */
  guint32 n_ids;   /* codes are below it; those of rows far off are not, and link to nothing */
  GArray *link;    /* RcaJoinLink */
  GArray *carry;   /* RcaJoinCarry */
  gboolean by_id, carriers_have_ids, carriers_are_requests;
} RcaJoining;

/* join-twin.c: requests without ids get the record of the next layer that is the same request, and its ids. */
void rca_join_find_twins (RcaJoining *joining);
/* join-near.c: carrier rows without ids are laid to the request whose record ends beside them. */
void rca_join_carry_near (RcaJoining *joining, RcaSpan span);
