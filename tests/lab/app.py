#!/usr/bin/python3
"""The application of the lab: a small shop behind nginx, with faults that can be switched on.

    app.py CONFIG.json INSTANCE VERSION

CONFIG: port, service, log (path), format, db {kind, host, port, name}, pool {size, timeout_s}, names {items, orders, customers}, routes, payment (URL).
POST /__ctl with a JSON object sets faults: bad_query, bug, n_plus_one, leak, silent, own_fault, slow_s, deadlock, disk, pool_size, payment, reconnect."""
import json, logging, os, queue, random, socket, sys, threading, time, traceback, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import formats, memory

CFG = json.load(open(sys.argv[1]))
INSTANCE, VERSION = int(sys.argv[2]), sys.argv[3]
FAULT = dict(CFG.get("faults", {}))
N = CFG["names"]


class PoolTimeout(Exception):
    pass


class Log:
    """One record in the configured format; a traceback as the real loggers write it."""

    def __init__(self, path, form):
        self.out, self.form, self.lock = open(path, "a", buffering=1), form, threading.Lock()

    def write(self, level, msg, rid="", error=None, **kv):
        now = time.time() + CFG.get("skew_s", 0)
        frac = int(now * 1000) % 1000
        local = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + ",%03d" % frac
        iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % frac
        trace = "".join(traceback.format_exception(error)).rstrip() if error else ""
        pairs = " ".join("%s=%s" % (k, v) for k, v in kv.items())
        if self.form in formats.FORMATS:
            line = formats.FORMATS[self.form](CFG, VERSION, now, level, msg, rid, error, trace, kv)
        elif self.form == "pino":
            o = {"level": {"INFO": 30, "WARN": 40, "ERROR": 50}[level], "time": int(now * 1000), "pid": os.getpid(), "hostname": "node1", "name": CFG["service"], "version": VERSION, **kv}
            if rid:
                o["request_id"] = rid
            if error:
                o["err"] = {"type": type(error).__name__, "message": str(error), "stack": trace}
            line = json.dumps({**o, "msg": msg})
        elif self.form == "ecs":
            o = {"@timestamp": iso, "log.level": level.lower(), "message": msg, "service.name": CFG["service"], "service.version": VERSION, "process.pid": os.getpid()}
            if rid:
                o["trace.id"] = rid
            if "status" in kv:
                o.update({"http.request.method": kv["method"], "url.path": kv["path"], "http.response.status_code": kv["status"], "event.duration": int(kv["duration_ms"] * 1e6)})
            if error:
                o.update({"error.type": type(error).__name__, "error.message": str(error), "error.stack_trace": trace})
            line = json.dumps(o)
        elif self.form == "logfmt":
            line = "time=%s level=%s svc=%s ver=%s msg=%s" % (iso, level.lower(), CFG["service"], VERSION, json.dumps(msg))
            line += (" request_id=%s" % rid if rid else "") + (" " + pairs if pairs else "")
            if error:
                line += " err=%s" % json.dumps("%s: %s" % (type(error).__name__, str(error)))
        elif self.form == "logback":
            name = {"INFO": "INFO ", "WARN": "WARN ", "ERROR": "ERROR"}[level]
            line = "%s %s [http-%d] c.example.%s - %s %s%s" % (local, name, threading.get_ident() % 20, CFG["service"], msg, pairs, " request_id=" + rid if rid else "")
            if error:
                line += "\ncom.example.%s: %s\n\tat com.example.Web.handle(Web.java:41)\n\tat com.example.Main.run(Main.java:12)" % (type(error).__name__, str(error).strip().replace("\n", " "))
        else:
            line = "%s %s [%s] [%s] %s %s" % (local, {"WARN": "WARNING"}.get(level, level), CFG["service"], rid or "-", msg, pairs)
            if rid:
                line += " request_id=" + rid
            if error:
                line += "\n" + trace
        with self.lock:
            self.out.write(line.rstrip() + "\n")


LOG = Log(CFG["log"], CFG["format"])


class Pool:
    def __init__(self, size, timeout):
        self.size, self.timeout, self.idle, self.made, self.lock = size, timeout, queue.Queue(), 0, threading.Lock()

    def connect(self):
        db = CFG["db"]
        if db["kind"] == "postgres":
            import psycopg2
            c = psycopg2.connect(host=db["host"], port=db["port"], user="app", dbname="app", connect_timeout=2, application_name=CFG["service"],
                                 options="-c statement_timeout=%d" % db.get("statement_timeout_ms", 4000))
        else:
            import pymysql
            c = pymysql.connect(host=db["host"], port=db["port"], user="app", password="app", database="app", connect_timeout=2, read_timeout=5)
        if db["kind"] == "postgres":
            c.autocommit = True
        else:
            c.autocommit(True)
        return c

    def take(self):
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            pass
        with self.lock:
            make = self.made < FAULT.get("pool_size", self.size)
            self.made += make
        if make:
            try:
                return self.connect()
            except Exception:
                with self.lock:
                    self.made -= 1
                raise
        try:
            return self.idle.get(timeout=self.timeout)
        except queue.Empty:
            raise PoolTimeout("timed out after %.1fs waiting for a database connection (pool size %d)" % (self.timeout, FAULT.get("pool_size", self.size)))

    def give(self, c, broken=False):
        if broken or self.made > FAULT.get("pool_size", self.size):
            try:
                c.close()
            except Exception:
                pass
            with self.lock:
                self.made -= 1
        else:
            self.idle.put(c)


POOL = Pool(CFG["pool"]["size"], CFG["pool"]["timeout_s"])


def sql(text, args=(), fetch=True):
    c = POOL.take()
    broken = False
    try:
        cur = c.cursor()
        cur.execute(text.format(**N), args)
        return cur.fetchall() if fetch else None
    except Exception as e:
        broken = "closed" in str(e) or "terminat" in str(e) or "Lost connection" in str(e) or "gone away" in str(e) or "timed out" in str(e)
        raise
    finally:
        if FAULT.get("leak") and random.random() < FAULT["leak"]:
            pass
        else:
            POOL.give(c, broken or bool(FAULT.get("reconnect")))


def search(key):
    word = random.choice("lamp desk blue oak steel".split())
    if FAULT.get("bad_query"):
        return sql("SELECT i.id, i.name, (SELECT count(*) FROM {orders} o WHERE o.item_id = i.id AND o.status <> 'void') AS sold FROM {items} i WHERE lower(i.name) LIKE %s ORDER BY sold DESC LIMIT 20", ("%" + word[:2] + "%",))
    return sql("SELECT id, name FROM {items} WHERE name >= %s ORDER BY name LIMIT 20", (word,))


CACHE = memory.Client(CFG["cache_port"]) if CFG.get("cache_port") else None


def popularity(key):
    """What an item sold: dear to compute, so kept in the cache."""
    try:
        kept = CACHE.ask("GET", "sold:" + key)
        if kept != "-":
            return int(kept)
    except OSError as e:
        LOG.write("WARN", "cache 127.0.0.1:%d unavailable: %s" % (CACHE.port, e))
    sold = sql("SELECT count(*) FROM {orders} WHERE item_id = %s AND status <> 'void'", (int(key) + 1,))[0][0]
    try:
        CACHE.ask("SET", "sold:" + key, str(sold))
    except OSError:
        pass
    return sold


def item(key):
    if CACHE:
        popularity(str(int(key) % 200))
    row = sql("SELECT id, name, price, discount FROM {items} WHERE id = %s", (int(key) % 2000 + 1,))[0]
    if FAULT.get("bug"):
        return {"price": float(row[2]) * row[3]}
    return {"price": float(row[2])}


def account(key):
    if CFG.get("history"):
        sql("SELECT kind, count(*) FROM {orders}_history WHERE lower(body) LIKE %s GROUP BY kind", ("%user-" + str(int(key) % 500) + " %",))
    if FAULT.get("n_plus_one"):
        rows = sql("SELECT id, item_id FROM {orders} WHERE customer_id = %s", (int(key) % 500,))
        for r in rows[:60]:
            sql("SELECT id, name, price FROM {items} WHERE id = %s", (r[1],))
        return {"n": len(rows)}
    if FAULT.get("scan"):
        return {"n": len(sql("SELECT o.id, o.note, i.descr FROM {orders} o JOIN {items} i ON i.id = o.item_id WHERE lower(o.note) LIKE %s ORDER BY o.created DESC", ("%user-" + str(int(key) % 500) + " %",)))}
    return {"n": len(sql("SELECT id FROM {orders} WHERE customer_id = %s LIMIT 50", (int(key) % 500,)))}


def cart(key):
    if FAULT.get("deadlock"):
        a, b = random.sample(range(1, 3), 2)
        c = POOL.take()
        broken = True
        try:
            cur = c.cursor()
            cur.execute("BEGIN")
            cur.execute("UPDATE {items} SET stock = stock + 1 WHERE id = %s".format(**N), (a,))
            time.sleep(0.3)
            cur.execute("UPDATE {items} SET stock = stock + 1 WHERE id = %s".format(**N), (b,))
            cur.execute("COMMIT")
            broken = False
        finally:
            POOL.give(c, broken)
        return {}
    sql("UPDATE {items} SET stock = stock + 1 WHERE id = %s", (random.randint(1, 2000),), False)
    return {}


def checkout(key):
    sql("INSERT INTO {orders}(customer_id, item_id, qty, status, created, note) VALUES (%s, %s, 1, 'open', now(), %s)", (int(key) % 500, random.randint(1, 2000), "user-%d new" % (int(key) % 500)), False)
    url = FAULT.get("payment", CFG["payment"])
    try:
        with urllib.request.urlopen(url, timeout=CFG.get("payment_timeout_s", 1.5)) as r:
            r.read()
    except Exception as e:
        raise RuntimeError("POST %s: %s" % (url, e)) from e
    return {"paid": True}


def upload(key):
    if FAULT.get("disk"):
        with open("/dev/full", "w") as f:
            f.write("x" * 10000)
    return {}


HANDLERS = {"home": lambda k: sql("SELECT id, name FROM {items} WHERE cat = %s LIMIT 10", (random.randint(0, 59),)), "search": search, "item": item, "account": account, "cart": cart, "checkout": checkout, "upload": upload}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def reply(self, status, obj):
        body = json.dumps(obj, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if CFG.get("cacheable") and self.command == "GET" and status == 200:
            self.send_header("Cache-Control", "max-age=%d" % CFG["cacheable"])
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self):
        path = urllib.parse.urlparse(self.path).path
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        if path == "/__ctl":
            FAULT.update(json.loads(body or b"{}"))
            for k in [k for k, v in FAULT.items() if v is None]:
                del FAULT[k]
            return self.reply(200, {})
        rid, start, status, error = self.headers.get("X-Request-Id", ""), time.time(), 200, None
        kind, key = "home", "0"
        for prefix, name in CFG["routes"]:
            if path.startswith(prefix):
                kind, key = name, next((p for p in path.split("/") if p.isdigit()), "0")
                break
        try:
            if FAULT.get("slow_s"):
                time.sleep(FAULT["slow_s"] * random.uniform(0.6, 1.4))
            if FAULT.get("own_fault") and random.random() < FAULT["own_fault"]:
                status = 500
                if not FAULT.get("silent"):
                    raise OSError("stale NFS file handle: /srv/shared/templates")
            out = HANDLERS[kind](key) or {}
            out = {"n": len(out)} if isinstance(out, list) else out
        except PoolTimeout as e:
            status, error, out = 503, e, {}
        except Exception as e:
            status, error, out = 500, e, {}
        if error and not FAULT.get("silent"):
            LOG.write("ERROR", "unhandled exception while serving %s" % path, rid, error, path=path)
        if not FAULT.get("silent"):
            LOG.write("INFO" if status < 500 else "WARN", "request completed", rid, method=self.command, path=path, status=status, duration_ms=round((time.time() - start) * 1000, 1))
        self.reply(status, out)

    def do_GET(self):
        try:
            self.handle_one()
        except (BrokenPipeError, ConnectionResetError):
            pass

    do_POST = do_GET


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


LOG.write("INFO", "service %s %s starting (instance %d)" % (CFG["service"], VERSION, INSTANCE))
Server(("127.0.0.1", CFG["ports"][INSTANCE - 1]), Handler).serve_forever()
