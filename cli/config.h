/* Settings that need not be typed: /etc/rca/rca.conf, then $XDG_CONFIG_HOME/rca/rca.conf over it (or
 * $RCA_CONFIG alone), then the environment (RCA_JOBS for "jobs"), then options.
 *
 *     [rca]
 *     paths = /var/log/nginx;/var/log/app
 *
 * A key is the long name of an option; those without an option are listed in config.c. */
#pragma once
#include <glib.h>

#define RCA_CONFIG_ERROR (rca_config_error_quark ())
GQuark rca_config_error_quark (void);
typedef enum { RCA_CONFIG_ERROR_SYNTAX } RcaConfigError;

typedef struct RcaConfig RcaConfig;

/* Reads what is there. Errors name file and line. @complaints: (nullable): "FILE:LINE: …" (char*) of
 * keys that are not known, which are otherwise passed over. */
RcaConfig *rca_config_load (GPtrArray *complaints, GError **error);
void rca_config_free (RcaConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaConfig, rca_config_free)

/* The value, out of the environment or the files; NULL when nobody set it. @origin: (out) (nullable):
 * "RCA_JOBS" or "FILE:LINE". */
const char *rca_config_get (const RcaConfig *config, const char *key, const char **origin);
/* The same as a list, split at ";"; transfer full. */
char **rca_config_list (const RcaConfig *config, const char *key);

/* Gives options that were not typed the value that is set. Not --store: see rca_default_store(). */
void rca_config_fill (const RcaConfig *config, const GOptionEntry *entries);

/* Names of all keys, NULL-terminated, and what each is for. */
const char *const *rca_config_keys (void);
const char *rca_config_about (const char *key);
/* The files that would be read, in order; transfer full. */
char **rca_config_files (void);
