#include "local/pack.h"
#include <string.h>

void
rca_pack_key (msgpack_packer *p, const char *key)
{
  msgpack_pack_str_with_body (p, key, strlen (key));
}

void
rca_pack_str (msgpack_packer *p, const char *key, const char *value)
{
  rca_pack_key (p, key);
  if (value)
    msgpack_pack_str_with_body (p, value, strlen (value));
  else
    msgpack_pack_nil (p);
}

void
rca_pack_u64 (msgpack_packer *p, const char *key, guint64 value)
{
  rca_pack_key (p, key);
  msgpack_pack_uint64 (p, value);
}

void
rca_pack_i64 (msgpack_packer *p, const char *key, gint64 value)
{
  rca_pack_key (p, key);
  msgpack_pack_int64 (p, value);
}

const msgpack_object *
rca_unpack_get (const msgpack_object *map, const char *key)
{
  if (!map || map->type != MSGPACK_OBJECT_MAP)
    return NULL;
  gsize n = strlen (key);
  for (guint32 i = 0; i < map->via.map.size; i++)
  {
    const msgpack_object_kv *kv = &map->via.map.ptr[i];
    if (kv->key.type == MSGPACK_OBJECT_STR && kv->key.via.str.size == n && memcmp (kv->key.via.str.ptr, key, n) == 0)
      return &kv->val;
  }
  return NULL;
}

char *
rca_unpack_str (const msgpack_object *map, const char *key)
{
  const msgpack_object *o = rca_unpack_get (map, key);
  return o && o->type == MSGPACK_OBJECT_STR ? g_strndup (o->via.str.ptr, o->via.str.size) : NULL;
}

guint64
rca_unpack_u64 (const msgpack_object *map, const char *key)
{
  const msgpack_object *o = rca_unpack_get (map, key);
  return o && o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? o->via.u64 : 0;
}

gint64
rca_unpack_i64 (const msgpack_object *map, const char *key)
{
  const msgpack_object *o = rca_unpack_get (map, key);
  if (o && o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
    return o->via.i64;
  return o && o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= G_MAXINT64 ? (gint64)o->via.u64 : 0;
}

msgpack_object_array
rca_unpack_array (const msgpack_object *map, const char *key)
{
  const msgpack_object *o = rca_unpack_get (map, key);
  return o && o->type == MSGPACK_OBJECT_ARRAY ? o->via.array : (msgpack_object_array){ 0, NULL };
}
