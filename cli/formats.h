/* The user's own formats, out of the configuration files. */
#pragma once
#include "user-format.h"

/* The groups [format NAME] of /etc/rca/rca.conf and $XDG_CONFIG_HOME/rca/rca.conf, the second over the
 * first; of $RCA_CONFIG alone when it is set. Files that are not there are none. */
RcaUserFormats *rca_formats_load (GError **error);
