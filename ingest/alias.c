#include "alias.h"

#define MS 1000000
#define US 1000
#define NS 1
#define S  1000000000

/* Names by blank, lower case, of letters and digits (and a leading '@'). */
static const struct {
  RcaAlias alias;
  const char *names;
} rows[] = {
  { { RCA_SLOT_NONE, 3, 0 }, "recordelapsedseconds recordelapsedrepr" }, /* loguru: since the process began */
  { { RCA_SLOT_TIME, 3, 0 },
    "time ts timestamp @timestamp @t datetime asctime eventtime timemillis timeunixnano timestampseconds timeiso8601 "
    "instantepochsecond datetimedate logtimestamp recordtimetimestamp timereported timegenerated" },
  { { RCA_SLOT_TIME, 2, 0 },
    "t date logtime timestampms epochmillis eventtimestamp starttime starttimeunixnano starttimemillis timeseconds "
    "timestampepochseconds startedat" },
  { { RCA_SLOT_TIME, 1, 0 }, "observedtimeunixnano created" },
  { { RCA_SLOT_TIME_NANO, 3, 0 }, "timestampnanos instantnanoofsecond timenanos" },
  { { RCA_SLOT_LEVEL, 3, 0 }, "level levelname severity severitytext lvl loglevel @l recordlevelname syslogseveritytext" },
  { { RCA_SLOT_LEVEL, 2, 0 }, "sev logseverity" },
  { { RCA_SLOT_LEVEL, 1, 0 }, "priority at" }, /* Heroku: at=error */
  { { RCA_SLOT_LEVEL_OTEL, 2, 0 }, "severitynumber" },
  { { RCA_SLOT_LEVEL_PYTHON, 2, 0 }, "levelno recordlevelno" },
  { { RCA_SLOT_MESSAGE, 4, 0 }, "fieldsmessage" },
  { { RCA_SLOT_MESSAGE, 3, 0 }, "msg message @message @m textpayload shortmessage renderedmessage bodystringvalue recordmessage logmessage" },
  { { RCA_SLOT_MESSAGE, 2, 0 }, "event @mt body statemessage messagetext" },
  { { RCA_SLOT_MESSAGE, 1, 0 }, "text log desc description messagetemplate fullmessage" },
  { { RCA_SLOT_LOGGER, 3, 0 }, "logger loggername loglogger category sourcecontext" },
  { { RCA_SLOT_LOGGER, 2, 0 }, "channel scopename recordname loggerfullname" },
  { { RCA_SLOT_LOGGER, 1, 0 }, "target module component classname" },
  { { RCA_SLOT_NAME, 2, 0 }, "name" },
  { { RCA_SLOT_SERVICE, 3, 0 }, "service svc servicename appname applicationname ddservice servicecontextservice resourceservicename" },
  { { RCA_SLOT_SERVICE, 2, 0 }, "app application microservice kuberneteslabelsapp functionname serviceid" },
  { { RCA_SLOT_SERVICE, 1, 0 }, "program programname kubernetescontainername containername" },
  { { RCA_SLOT_VERSION, 3, 0 }, "serviceversion appversion ddversion servicecontextversion applicationversion" },
  { { RCA_SLOT_VERSION, 2, 0 }, "version ver release" },
  { { RCA_SLOT_VERSION, 1, 0 }, "imagetag" },
  { { RCA_SLOT_INSTANCE, 3, 0 }, "instance instanceid serviceinstanceid pod podname kubernetespodname k8spodname dyno serviceinstance" },
  { { RCA_SLOT_INSTANCE, 2, 0 }, "inst replica servicenodename" },
  { { RCA_SLOT_INSTANCE, 1, 0 }, "containerid" },
  { { RCA_SLOT_HOST, 3, 0 }, "hostname hosthostname machinename nodename" },
  { { RCA_SLOT_HOST, 2, 0 }, "node" },
  { { RCA_SLOT_HOST, 1, 0 }, "host" },
  { { RCA_SLOT_PID, 3, 0 }, "pid processid processpid" },
  { { RCA_SLOT_REQUEST_ID, 3, 0 },
    "requestid reqid xrequestid httprequestid awsrequestid reqheadersxrequestid requestheadersxrequestid "
    "requestcontextrequestid httprequestheadersxrequestid" },
  { { RCA_SLOT_REQUEST_ID, 2, 0 }, "rid correlationid xcorrelationid requestuuid reqheadersxcorrelationid activityid" },
  { { RCA_SLOT_REQUEST_ID, 1, 0 }, "transactionid uniqueid" },
  { { RCA_SLOT_TRACE_ID, 3, 0 }, "traceid @tr ddtraceid oteltraceid logginggoogleapiscomtrace xb3traceid" },
  { { RCA_SLOT_TRACE_ID, 2, 0 }, "trace xtraceid" },
  { { RCA_SLOT_TRACEPARENT, 2, 0 }, "traceparent reqheaderstraceparent" },
  { { RCA_SLOT_SPAN_ID, 3, 0 }, "spanid @sp ddspanid otelspanid logginggoogleapiscomspanid" },
  { { RCA_SLOT_PARENT_ID, 3, 0 }, "parentid parentspanid parentspan" },
  { { RCA_SLOT_SESSION, 2, 0 }, "sessionid sid" },
  { { RCA_SLOT_METHOD, 3, 0 }, "method httpmethod requestmethod reqmethod httprequestmethod httprequestrequestmethod" },
  { { RCA_SLOT_METHOD, 2, 0 }, "verb" },
  { { RCA_SLOT_PATH, 4, 0 }, "httprequestrequesturl requrl httpurl urlfull" }, /* of a server, whatever the URL looks like */
  { { RCA_SLOT_PATH, 3, 0 },
    "path url uri urlpath urloriginal requesturi requestpath requesturl requri reqpath httppath httptarget "
    "requesttarget originalurl httprequesturl httprequesturi httprequestpath pathname rawpath" },
  { { RCA_SLOT_PATH, 1, 0 }, "httproute route endpoint urlroute reqroute grpcmethod" },
  { { RCA_SLOT_REQUEST_LINE, 1, 0 }, "request requestline" },
  { { RCA_SLOT_STATUS, 3, 0 },
    "statuscode httpstatus httpstatuscode httpresponsestatuscode responsestatus responsestatuscode resstatuscode "
    "resstatus responsecode httprequeststatus httpresponsestatus respstatus" },
  { { RCA_SLOT_STATUS, 2, 0 }, "status httpcode" },
  { { RCA_SLOT_DURATION, 3, MS }, "responsetime took latenciesrequest" },
  { { RCA_SLOT_DURATION, 3, NS }, "eventduration durationnano durationinnanos" },
  { { RCA_SLOT_DURATION, 3, S }, "xruntime" },
  { { RCA_SLOT_DURATION, 3, 0 },
    "httprequestlatency duration elapsed latency requesttime elapsedtime timetaken processingtime responseduration requestduration "
    "httprequestlatency totalduration totaltime exectime executiontime httpduration reqduration handlerduration respelapsed "
    "grpcduration" },
  { { RCA_SLOT_DURATION, 3, US }, "durationmicros" },
  { { RCA_SLOT_DURATION, 2, 0 }, "dur runtime rt cost grpctime timetotal handlertime" },
  { { RCA_SLOT_CLIENT, 3, 0 },
    "remoteip clientip remoteaddr remoteaddress clientaddress xforwardedfor fwd reqremoteaddress httprequestremoteip reqip "
    "requestip networkclientip clientaddr sourceip" },
  { { RCA_SLOT_CLIENT, 1, 0 }, "ip" },
  { { RCA_SLOT_USER_AGENT, 3, 0 }, "useragent httpuseragent reqheadersuseragent useragentoriginal httprequestuseragent requestuseragent" },
  { { RCA_SLOT_REFERER, 2, 0 }, "referer referrer httpreferer httprequestreferer reqheadersreferer" },
  { { RCA_SLOT_BYTES, 2, 0 },
    "bytes bodybytessent responsesize resheaderscontentlength httpresponsebodybytes byteswritten httprequestresponsesize "
    "resplength respbytes" },
  { { RCA_SLOT_BYTES, 1, 0 }, "contentlength size" },
  { { RCA_SLOT_SERVER_NAME, 2, 0 }, "vhost requesthost httphost reqheadershost serveraddress urldomain authority reqhost" },
  { { RCA_SLOT_ERROR, 3, 0 }, "error err" },
  { { RCA_SLOT_ERROR, 2, 0 }, "exception ex exc" },
  { { RCA_SLOT_ERROR_TYPE, 3, 0 },
    "errortype errtype errorname errname errorkind errkind exceptiontype exceptionclass exceptionname thrownname errorclass "
    "errclass exctype exceptionclassname errorexceptiontype" },
  { { RCA_SLOT_ERROR_TYPE, 4, 0 }, "throwncausename errcausetype errorcausetype errorcausename errcausename causetype" },
  { { RCA_SLOT_ERROR_MESSAGE, 3, 0 }, "errormessage errmessage errormsg errmsg exceptionmessage thrownmessage errordetail exceptionmsg excmsg excmessage" },
  { { RCA_SLOT_ERROR_MESSAGE, 4, 0 }, "throwncausemessage errcausemessage errorcausemessage" },
  { { RCA_SLOT_ERROR_MESSAGE, 1, 0 }, "reason errorreason exceptionvalue" },
  { { RCA_SLOT_ERROR_STACK, 3, 0 },
    "stack stacktrace errorstack errstack errorstacktrace errstacktrace exceptionstacktrace exceptionstack excinfo exctext "
    "traceback backtrace @x thrownextendedstacktrace errorbacktrace exceptiontext exceptiontraceback exceptionbacktrace" },
  { { RCA_SLOT_ERROR_STACK, 2, 0 }, "errorverbose" },
  { { RCA_SLOT_ERROR_CODE, 2, 0 }, "errorcode errcode" },
  { { RCA_SLOT_ERROR_CODE, 1, 0 }, "code errno" },
  { { RCA_SLOT_PEER, 3, 0 }, "peerservice targetservice remoteservice upstreamservice upstreamhost upstreamaddr upstreamaddress downstreamservice" },
  { { RCA_SLOT_PEER, 2, 0 }, "upstream downstream dependency provider backend netpeername netpeerip peerhost dbhost callee destination" },
  { { RCA_SLOT_PEER, 1, 0 }, "peer" },
  { { RCA_SLOT_PEER_URL, 3, 0 }, "upstreamurl targeturl outgoingurl remoteurl upstreamuri externalurl" },
  { { RCA_SLOT_PEER_STATUS, 3, 0 }, "upstreamstatus upstreamstatuscode" },
  { { RCA_SLOT_PEER_TIME, 3, 0 }, "upstreamtime upstreamresponsetime upstreamduration upstreamlatency" },
  { { RCA_SLOT_PEER_CONNECT, 3, 0 }, "upstreamconnecttime connect" },
  { { RCA_SLOT_STATEMENT, 3, 0 }, "sql statement dbstatement dbquerytext querytext sqlquery dbsql commandtext preparedstatement" },
  { { RCA_SLOT_STATEMENT, 2, 0 }, "dbquery" },
  { { RCA_SLOT_STATEMENT, 1, 0 }, "query" },
  { { RCA_SLOT_DB_TIME, 3, 0 }, "dbduration queryduration dbtime querytime sqltime sqlduration dbruntime" },
  { { RCA_SLOT_DB_TIME, 2, 0 }, "db activerecord" },
  { { RCA_SLOT_DB_NAME, 2, 0 }, "dbname dbinstance dbnamespace" },
  { { RCA_SLOT_DB_NAME, 1, 0 }, "database" },
  { { RCA_SLOT_DB_USER, 2, 0 }, "dbuser" },
  { { RCA_SLOT_SQLSTATE, 3, 0 }, "sqlstate pgcode sqlcode errpgcode" },
  { { RCA_SLOT_ROWS, 2, 0 }, "rows rowcount dbresponsereturnedrows rowsreturned" },
  { { RCA_SLOT_ENVIRONMENT, 2, 0 }, "env environment deploymentenvironment deploymentenvironmentname" },
  { { RCA_SLOT_ENVIRONMENT, 1, 0 }, "stage" },
  { { RCA_SLOT_SPAN_KIND, 2, 0 }, "spankind kind" },
};

/* Objects that only wrap members. What lies in a DETAIL wrapper is about the work at
 * hand, never about the record itself: its "name" or "time" are others. */
typedef enum { WRAPPER_NONE, WRAPPER_RECORD, WRAPPER_DETAIL } Wrapper;
static const struct {
  RcaBytes name;
  Wrapper wrapper;
} wrappers[] = {
  { { "fields", 6 }, WRAPPER_RECORD },      { { "attributes", 10 }, WRAPPER_RECORD }, { { "jsonPayload", 11 }, WRAPPER_RECORD },
  { { "record", 6 }, WRAPPER_RECORD },      { { "payload", 7 }, WRAPPER_RECORD },     { { "resource", 8 }, WRAPPER_RECORD },
  { { "body", 4 }, WRAPPER_RECORD },        { { "message", 7 }, WRAPPER_RECORD },     { { "Properties", 10 }, WRAPPER_RECORD },
  { { "properties", 10 }, WRAPPER_RECORD }, { { "msg", 3 }, WRAPPER_RECORD },         { { "context", 7 }, WRAPPER_DETAIL },
  { { "extra", 5 }, WRAPPER_DETAIL },       { { "data", 4 }, WRAPPER_DETAIL },        { { "State", 5 }, WRAPPER_DETAIL },
  { { "state", 5 }, WRAPPER_DETAIL },       { { "meta", 4 }, WRAPPER_DETAIL },        { { "metadata", 8 }, WRAPPER_DETAIL },
  { { "details", 7 }, WRAPPER_DETAIL },     { { "span", 4 }, WRAPPER_DETAIL },        { { "ctx", 3 }, WRAPPER_DETAIL },
  { { "mdc", 3 }, WRAPPER_DETAIL },         { { "contextMap", 10 }, WRAPPER_DETAIL }, { { "info", 4 }, WRAPPER_DETAIL },
  { { "Scopes", 6 }, WRAPPER_DETAIL },      { { "event", 5 }, WRAPPER_DETAIL },       { { "tags", 4 }, WRAPPER_DETAIL },
  { { "dd", 2 }, WRAPPER_RECORD },          { { "labels", 6 }, WRAPPER_RECORD },      { { "metrics", 7 }, WRAPPER_DETAIL },
  { { "ext", 3 }, WRAPPER_DETAIL },         { { "@fields", 7 }, WRAPPER_RECORD },
};

static const struct {
  RcaBytes suffix;
  gint64 unit_ns;
} suffixes[] = {
  { { "ms", 2 }, MS },
  { { "millis", 6 }, MS },
  { { "milliseconds", 12 }, MS },
  { { "msec", 4 }, MS },
  { { "us", 2 }, US },
  { { "micros", 6 }, US },
  { { "microseconds", 12 }, US },
  { { "usec", 4 }, US },
  { { "ns", 2 }, NS },
  { { "nanos", 5 }, NS },
  { { "nanoseconds", 11 }, NS },
  { { "nano", 4 }, NS },
  { { "seconds", 7 }, S },
  { { "secs", 4 }, S },
  { { "sec", 3 }, S },
  { { "s", 1 }, S },
  { { "inmillis", 8 }, MS },
  { { "inms", 4 }, MS },
  { { "inseconds", 9 }, S },
};

#define INDEX_SIZE 4096 /* a power of two, some ten times the names: short chains */
#define MAX_NAME   48

typedef struct {
  const char *name;
  guint8 n;
  guint8 row;
} IndexEntry;

static inline guint
slot_of (guint32 hash)
{
  return (hash ^ hash >> 15) % INDEX_SIZE;
}

/* FNV-1a */
static guint32
hash_folded (const char *name, gsize n)
{
  guint32 hash = 2166136261u;
  for (gsize i = 0; i < n; i++)
    hash = (hash ^ (guchar)name[i]) * 16777619u;
  return hash;
}

static void
index_add (IndexEntry *index, const char *name, gsize n, guint row)
{
  guint at = slot_of (hash_folded (name, n));
  while (index[at].name)
    at = (at + 1) % INDEX_SIZE;
  index[at] = (IndexEntry){ name, (guint8)n, (guint8)row };
}

/* Open addressing over all names. Built once, then constant. */
static const IndexEntry *
alias_index (void)
{
  static gsize once;
  static IndexEntry index[INDEX_SIZE];
  if (g_once_init_enter (&once))
  {
    for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
      for (const char *p = rows[row].names; *p;)
      {
        gsize n = strcspn (p, " ");
        index_add (index, p, n, row);
        p += n + (p[n] == ' ');
      }
    g_once_init_leave (&once, 1);
  }
  return index;
}

static const RcaAlias *
find_folded (const char *name, gsize n, guint32 hash)
{
  const IndexEntry *index = alias_index ();
  for (guint at = slot_of (hash); index[at].name; at = (at + 1) % INDEX_SIZE)
    if (index[at].n == n && memcmp (index[at].name, name, n) == 0)
      return &rows[index[at].row].alias;
  return NULL;
}

static gboolean
is_time_span (RcaSlot slot)
{
  return slot == RCA_SLOT_DURATION || slot == RCA_SLOT_DB_TIME || slot == RCA_SLOT_PEER_TIME || slot == RCA_SLOT_PEER_CONNECT;
}

/* duration_ms, elapsedSeconds: a known span of time and its unit. */
static const RcaAlias *
find_with_unit (const char *name, gsize n, gint64 *unit_ns)
{
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
  {
    RcaBytes suffix = suffixes[i].suffix;
    if (n <= suffix.n || memcmp (name + n - suffix.n, suffix.p, suffix.n) != 0)
      continue;
    const RcaAlias *alias = find_folded (name, n - suffix.n, hash_folded (name, n - suffix.n));
    if (!alias || !is_time_span (alias->slot))
      continue;
    *unit_ns = suffixes[i].unit_ns;
    return alias;
  }
  return NULL;
}

/* Lower case, without what separates words; 0 when too long to be any name. */
static gsize
fold (RcaBytes path, char name[MAX_NAME], guint32 *hash)
{
  gsize n = 0;
  guint32 h = 2166136261u;
  if (path.n > 2 * MAX_NAME)
    return 0;
  for (gsize i = 0; i < path.n; i++)
  {
    guchar c = (guchar)path.p[i];
    if (c >= 'A' && c <= 'Z')
      c |= 32;
    else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '@' && i == 0)))
      continue;
    if (n == MAX_NAME)
      return 0;
    name[n++] = (char)c;
    h = (h ^ c) * 16777619u;
  }
  *hash = h;
  return n;
}

static const RcaAlias *
find_path (RcaBytes path, gint64 *unit_ns)
{
  char name[MAX_NAME];
  guint32 hash;
  gsize n = fold (path, name, &hash);
  if (n == 0)
    return NULL;
  const RcaAlias *alias = find_folded (name, n, hash);
  if (!alias && n > 3)
    alias = find_with_unit (name, n, unit_ns);
  else if (alias)
    *unit_ns = alias->unit_ns;
  return alias;
}

static Wrapper
wrapper_of (RcaBytes component)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    if (rca_bytes_equal (wrappers[i].name, component))
      return wrappers[i].wrapper;
  return WRAPPER_NONE;
}

static gboolean
may_be_detail (const RcaAlias *alias)
{
  return alias->slot > RCA_SLOT_PID || alias->slot == RCA_SLOT_INSTANCE;
}

const RcaAlias *
rca_alias_find (RcaBytes path, gint64 *unit_ns)
{
  const RcaAlias *alias = find_path (path, unit_ns);
  gboolean detail = FALSE;
  while (!alias)
  {
    const char *dot = memchr (path.p, '.', path.n);
    Wrapper wrapper = dot ? wrapper_of (rca_bytes (path.p, (gsize)(dot - path.p))) : WRAPPER_NONE;
    if (wrapper == WRAPPER_NONE)
      return NULL;
    detail |= wrapper == WRAPPER_DETAIL;
    path = rca_bytes_from (path, (gsize)(dot - path.p) + 1);
    alias = find_path (path, unit_ns);
  }
  return detail && !may_be_detail (alias) ? NULL : alias;
}
