"""What a database notes, in the words of the products: records are {"t", "what", …}.

"slow": verb, table, column, ms, rows; all else is a row of SAYS per product, filled in from the record."""
import datetime, json

USER = "app"


def utc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc)


def ms3(t, point="."):
    return utc(t).strftime("%Y-%m-%d %H:%M:%S") + point + "%03d" % (utc(t).microsecond // 1000)


def sql(r, n=0):
    n = n or r.get("n", 17)
    return {"select": "SELECT * FROM %(table)s WHERE %(column)s = '%(n)s' ORDER BY created_at DESC LIMIT 20",
            "insert": "INSERT INTO %(table)s (%(column)s, state, created_at) VALUES ('%(n)s', 'new', now())",
            "update": "UPDATE %(table)s SET state = 'done', touched_at = now() WHERE %(column)s = '%(n)s'",
            "delete": "DELETE FROM %(table)s WHERE %(column)s < '%(n)s'",
            "alter": "ALTER TABLE %(table)s ADD COLUMN %(column)s text NOT NULL DEFAULT ''",
            "count": "SELECT count(*), %(column)s FROM %(table)s GROUP BY %(column)s"}[r.get("verb", "select")] % {"table": r.get("table"), "column": r.get("column", "id"), "n": n}


# what → (severity, SQLSTATE, message, detail, whether the statement is told)
PG_SAYS = {
    "lock_wait": ("LOG", "00000", "process %(pid)d still waiting for %(mode)s on relation 16421 of database 16385 after 1000.173 ms", "Process holding the lock: %(holder)d. Wait queue: %(pid)d.", True),
    "deadlock": ("ERROR", "40P01", "deadlock detected", "Process %(pid)d waits for ShareLock on transaction 88121; blocked by process %(holder)d.\n\tProcess %(holder)d waits for ShareLock on transaction 88120; blocked by process %(pid)d.", True),
    "too_many": ("FATAL", "53300", "sorry, too many clients already", None, False),
    "timeout": ("ERROR", "57014", "canceling statement due to statement timeout", None, True),
    "lock_timeout": ("ERROR", "55P03", "canceling statement due to lock timeout", None, True),
    "disk_full": ("ERROR", "53100", 'could not extend file "base/16385/24612": No space left on device', None, True),
    "crash": ("LOG", "00000", "server process (PID %(pid)d) was terminated by signal 9: Killed", "Failed process was running: %(sql)s", False),
    "recovering": ("FATAL", "57P03", "the database system is in recovery mode", None, False),
    "starting": ("FATAL", "57P03", "the database system is starting up", None, False),
    "ready": ("LOG", "00000", "database system is ready to accept connections", None, False),
    "conflict": ("ERROR", "40001", "canceling statement due to conflict with recovery", "User query might have needed to see row versions that must be removed.", True),
    "checkpoint": ("LOG", "00000", "checkpoint complete: wrote 812 buffers (5.0%%); 0 WAL file(s) added, 0 removed, 1 recycled; write=26.911 s, sync=0.004 s, total=26.930 s", None, False),
    "vacuum": ("LOG", "00000", 'automatic analyze of table "app.public.%(table)s"', None, False),
    "auth": ("FATAL", "28P01", 'password authentication failed for user "%(user)s"', None, False),
    "read_only": ("ERROR", "25006", "cannot execute %(verb)s in a read-only transaction", None, True),
}


def pg_records(r):
    """-> (severity, state, message, detail, statement)"""
    f = dict({"pid": 4211, "holder": 3977, "mode": "AccessShareLock", "table": "t", "user": USER, "verb": "SELECT"}, **r)
    f["verb"] = f["verb"].upper() if r["what"] != "slow" else f["verb"]
    if r["what"] == "slow":
        return [("LOG", "00000", "duration: %.3f ms  statement: %s" % (r["ms"], sql(r)), None, None)]
    f["sql"] = sql(dict(r, verb=r.get("verb", "select")))
    severity, state, message, detail, told = PG_SAYS[r["what"]]
    return [(severity, state, message % f, detail % f if detail else None, f["sql"] if told else None)]


def pg_lines(r, prefix, cont="\t"):
    out = []
    for severity, _, message, detail, statement in pg_records(r):
        out.append("%s%s:  %s" % (prefix, severity, message))
        if detail:
            out += ["%sDETAIL:  %s" % (prefix, detail)]
        if statement:
            out.append("%sSTATEMENT:  %s" % (prefix, statement))
    return "\n".join(out)


def pg_stderr(r):
    return pg_lines(r, "%s UTC [%d] %s@%s " % (ms3(r["t"]), r.get("pid", 4211), USER, r["db"]))


def pg_rds(r):
    return pg_lines(r, "%s UTC:10.0.7.31(52110):%s@%s:[%d]:" % (utc(r["t"]).strftime("%Y-%m-%d %H:%M:%S"), USER, r["db"], r.get("pid", 4211)))


def pg_berlin(r):
    return pg_lines(r, "%s CET [%d]: [%d-1] user=%s,db=%s,app=,client=10.0.7.31 " % (ms3(r["t"] + 3600), r.get("pid", 4211), r.get("line", 3), USER, r["db"]))


def pg_syslog(r):
    head = "%s db1 postgres[%d]: [%d-1] " % (utc(r["t"]).strftime("%b %e %H:%M:%S"), r.get("pid", 4211), r.get("line", 3))
    return "\n".join(head.replace("-1]", "-%d]" % (i + 1)) + ("" if not i else "#011" if l.startswith("\t") else "") + l.lstrip("\t") for i, l in enumerate(pg_lines(r, "user=%s,db=%s " % (USER, r["db"])).split("\n")))


def pg_csv(r):
    q = lambda s: '"%s"' % s.replace('"', '""') if s else ""
    return "\n".join("%s UTC,%s,%s,%d,%s,69b3e1.%x,%d,%s,%s UTC,5/81,0,%s,%s,%s,%s,,,,,%s,,,%s,%s,,0" % (
        ms3(r["t"]), q(USER), q(r["db"]), r.get("pid", 4211), q("10.0.7.31:52110"), r.get("pid", 4211), r.get("line", 3), q("SELECT"), utc(r["t"]).strftime("%Y-%m-%d 09:00:00"), severity, state, q(message), q(detail), q(statement), q(""), q("client backend"))
        for severity, state, message, detail, statement in pg_records(r))


def pg_json(r):
    return "\n".join(json.dumps({k: v for k, v in {"timestamp": ms3(r["t"]) + " UTC", "user": USER, "dbname": r["db"], "pid": r.get("pid", 4211), "remote_host": "10.0.7.31", "session_id": "69b3e1.1073", "line_num": r.get("line", 3), "error_severity": severity,
                                                       "state_code": state, "message": message, "detail": detail, "statement": statement, "backend_type": "client backend", "query_id": 0}.items() if v is not None})
                     for severity, state, message, detail, statement in pg_records(r))


MY_SAYS = {
    "too_many": "[Warning] Too many connections",
    "disk_full": "[ERROR] InnoDB: Write to file ./%(db)s/%(table)s.ibd failed at offset 1048576, 16384 bytes should have been written, only 0 were written. Operating system error number 28.",
    "crash": "[Note] InnoDB: Starting crash recovery from checkpoint LSN=4471882",
    "starting": "[Note] Server socket created on IP: '0.0.0.0'.",
    "ready": "[Note] /usr/sbin/mariadbd: ready for connections.",
    "deadlock": "[Note] InnoDB: Transactions deadlock detected, dumping detailed information.",
    "auth": "[Warning] Access denied for user '%(user)s'@'10.0.7.31' (using password: YES)",
}


def my_slow(r, old=False):
    if r["what"] not in ("slow", "lock_wait"):
        return None
    stamp = "%s  %s" % (utc(r["t"]).strftime("%y%m%d"), utc(r["t"]).strftime("%k:%M:%S")) if old else utc(r["t"]).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
    took, lock = r.get("ms", 1000) / 1000, r.get("lock_ms", 0.04) / 1000
    return "# Time: %s\n# User@Host: %s[%s] @  [10.0.7.31]  Id: %d\n%s# Query_time: %.6f  Lock_time: %.6f Rows_sent: %d  Rows_examined: %d\nSET timestamp=%d;\n%s;" % (
        stamp, USER, USER, r.get("pid", 4211), "# Thread_id: %d  Schema: %s  QC_hit: No\n" % (r.get("pid", 4211), r["db"]) if old else "", took, lock, 12, r.get("rows", 40), int(r["t"] - took), sql(r))


def maria_slow(r):
    return my_slow(r, True)


def my_error(r):
    if r["what"] not in MY_SAYS:
        return None
    return "%s %d %s" % (utc(r["t"]).strftime("%Y-%m-%d %k:%M:%S"), r.get("pid", 4211) % 900, MY_SAYS[r["what"]] % dict({"table": "t", "user": USER}, **r))


def my8_error(r):
    line = my_error(r)
    if not line:
        return None
    level, text = line.split("[", 1)[1].split("] ", 1)
    return "%sZ %d [%s] [MY-010055] [Server] %s" % (utc(r["t"]).strftime("%Y-%m-%dT%H:%M:%S.%f"), r.get("pid", 4211) % 900, level, text)


def mongo(r):
    head = {"t": {"$date": ms3(r["t"]).replace(" ", "T") + "+00:00"}, "s": "I", "c": "COMMAND", "id": 51803, "ctx": "conn%d" % r.get("pid", 4211)}
    ns = "%s.%s" % (r["db"], r.get("table", "t"))
    if r["what"] == "slow":
        command = {"select": {"find": r["table"], "filter": {r.get("column", "id"): r.get("n", 17)}, "limit": 20}, "insert": {"insert": r["table"], "ordered": True}, "update": {"update": r["table"], "updates": [{"q": {r.get("column", "id"): 1}}]},
                   "delete": {"delete": r["table"]}, "alter": {"createIndexes": r["table"]}, "count": {"aggregate": r["table"], "pipeline": [{"$group": {"_id": "$" + r.get("column", "id")}}]}}[r.get("verb", "select")]
        plan = "COLLSCAN" if r.get("rows", 0) > 1000 else "IXSCAN { %s: 1 }" % r.get("column", "id")
        return json.dumps(dict(head, msg="Slow query", attr={"type": "command", "ns": ns, "command": dict(command, **{"$db": r["db"]}), "planSummary": plan, "keysExamined": 0, "docsExamined": r.get("rows", 40), "nreturned": 12, "queryHash": "4AA31C02", "remote": "10.0.7.31:52110", "durationMillis": int(r["ms"])}))
    if r["what"] == "too_many":
        return json.dumps(dict(head, s="I", c="NETWORK", id=22942, msg="Connection refused because there are too many open connections", attr={"connectionCount": 500}))
    if r["what"] in ("starting", "ready"):
        return json.dumps(dict(head, c="NETWORK", id=23016, ctx="listener", msg="Waiting for connections", attr={"port": 27017, "ssl": "off"}))
    return None


# a database is files: name → writer; LEAST: what it logs as slow, in ms
DATABASES = {
    "pg": {"db/postgresql-main.log": pg_stderr}, "pg_rds": {"rds/error/postgresql.log.2026-03-13-10": pg_rds}, "pg_berlin": {"db/postgresql-16-main.log": pg_berlin},
    "pg_syslog": {"db/messages": pg_syslog}, "pg_csv": {"db/postgresql.csv": pg_csv}, "pg_json": {"db/postgresql.json": pg_json},
    "mysql": {"db/mysql-slow.log": my_slow, "db/mysqld.err": my8_error}, "mariadb": {"db/mariadb-slow.log": maria_slow, "db/error.log": my_error},
    "mongo": {"db/mongod.log": mongo}, "none": {},
}
HEADS = {"db/mysql-slow.log": "/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:\nTcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock\nTime                 Id Command    Argument\n",
         "db/mariadb-slow.log": "/usr/sbin/mariadbd, Version: 10.11.6-MariaDB-0+deb12u1-log (Debian 12). started with:\nTcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\nTime\t\t    Id Command\tArgument\n"}
