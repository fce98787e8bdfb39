/* The user's own formats, out of the configuration files. */
#pragma once
#include "user-format.h"

/* The groups [format NAME] of the configuration (config.h), later files over earlier ones. */
RcaUserFormats *rca_formats_load (GError **error);
