/* Who asks: the family of a user agent, and whether a request is a person's. */
#pragma once
#include "sheet.h"

/* "chrome", "googlebot", "curl" …, at most 40 bytes; the product token when no row of
 * the table fits; empty for an empty agent. Bytes in @agent or static. */
RcaBytes rca_agent_family (RcaBytes agent);

/* By path (health checks, admin pages) and agent (probes, HTTP libraries used by jobs). */
RcaAudience rca_audience (RcaBytes path, RcaBytes agent);

const char *rca_audience_name (RcaAudience audience);

/* /24 of an IPv4 address, /48 of an IPv6 one, "10.1.2.0/24"; the address itself when it
 * is neither. Writes into @out (at least 64 bytes); returns its length. */
gsize rca_network_of (RcaBytes address, char *out);
