"""More incidents of the lab, in the form of cases.py: those that grow, come in pairs, lie about their clocks, or leave half of the logs."""
import glob, os, shutil, subprocess, threading, time

from cases import deploy_bug, deploy_query, flood, migration_lock, n_plus_one, provider_fails, root, two_deploys, unindexed_query

FLAVOURS = {
    "bank": {"service": "ledger-api", "names": {"items": "accounts", "orders": "transfers"}, "version": "v118",
             "routes": [["/api/lookup", "search"], ["/api/accounts/", "item"], ["/api/holders/", "account"], ["/api/drafts", "cart"], ["/api/transfers", "checkout"], ["/api/statements", "upload"]],
             "mix": [("GET", "/api/me", 4), ("GET", "/api/lookup?name=li", 3), ("GET", "/api/accounts/#", 5), ("GET", "/api/holders/#/transfers", 4), ("POST", "/api/drafts", 2), ("POST", "/api/transfers", 2), ("POST", "/api/statements", 1)]},
    "fleet": {"service": "dispatch", "names": {"items": "vehicles", "orders": "trips"}, "version": "0.31.4",
              "routes": [["/near", "search"], ["/vehicle/", "item"], ["/driver/", "account"], ["/assign", "cart"], ["/fare", "checkout"], ["/photo", "upload"]],
              "mix": [("GET", "/map", 4), ("GET", "/near?lat=52.1", 3), ("GET", "/vehicle/#/state", 5), ("GET", "/driver/#/trips", 4), ("POST", "/assign", 2), ("POST", "/fare", 2), ("POST", "/photo", 1)]},
    "news": {"service": "frontpage", "names": {"items": "articles", "orders": "comments"}, "version": "2026.47",
             "routes": [["/suche", "search"], ["/artikel/", "item"], ["/leser/", "account"], ["/merken", "cart"], ["/abo", "checkout"], ["/bild", "upload"]],
             "mix": [("GET", "/", 5), ("GET", "/suche?q=wahl", 2), ("GET", "/artikel/#", 7), ("GET", "/leser/#/kommentare", 3), ("POST", "/merken", 1), ("POST", "/abo", 1), ("POST", "/bild", 1)]},
}

HISTORY = {"postgres": "CREATE TABLE {orders}_history AS SELECT i AS id, i%5 AS kind, 'user-'||(i%500)||' '||md5(i::text) AS body FROM generate_series(1, 200) i",
           "mariadb": "CREATE TABLE {orders}_history AS SELECT seq AS id, seq%5 AS kind, concat('user-',seq%500,' ',md5(seq)) AS body FROM seq_1_to_200"}
GROW = {"postgres": "INSERT INTO {orders}_history SELECT i, i%%5, 'user-'||(i%%500)||' '||md5(i::text) FROM generate_series(1, %d) i",
        "mariadb": "INSERT INTO {orders}_history SELECT seq, seq%%5, concat('user-',seq%%500,' ',md5(seq)) FROM seq_1_to_%d"}


def with_history(stack):
    stack.db(HISTORY[stack.spec["db"]])


def slow_growth(lab):
    """A table without an index fills by and by; nobody changed anything."""
    lab.change("deploy", service="mailer", version="1.1.0", note="copy", early=30)
    lab.quiet()
    end = time.time() + 100
    statement = GROW[lab.spec["db"]] % lab.spec.get("grow_rows", 6000)
    while time.time() < end:
        began = time.time()
        lab.stack.db(statement)
        time.sleep(max(0, 1 - (time.time() - began)))
    lab.broken(0)
    lab.stack.db("DELETE FROM {orders}_history WHERE id > 200")
    return {"root": [root("slow_query", lab.names["orders"] + "_history")], "must_rule_out": ["traffic"], "must_not_rule_out": ["slow_query"], "notes": "a ramp, not a step"}


def cache_lost(lab):
    lab.change("deploy", service="newsletter", version="3.3.0", note="subject line", early=14)
    lab.quiet()
    lab.stack.memory.stop()
    lab.broken(40)
    return {"root": [root("cache", also=["upstream"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["cache"]}


def two_incidents(lab):
    """The provider fails; when that is over, a deploy breaks another route."""
    lab.quiet()
    lab.stack.stub.status = 503
    lab.broken(25)
    first_end = lab.end_at
    lab.stack.stub.status = 200
    time.sleep(45)
    second = root("deploy", "3.4.0", also=["app_error"])
    second["onset"] = time.time()
    lab.change("deploy", version="3.4.0", note="price rounding")
    lab.stack.deploy("3.4.0", {"bug": 1})
    time.sleep(25)
    lab.change("deploy", version=lab.spec["version"], note="revert")
    lab.stack.deploy(lab.spec["version"])
    lab.end_at = first_end
    return {"root": [root("upstream"), second], "must_rule_out": [], "must_not_rule_out": ["upstream", "deploy"]}


def connections_taken(lab):
    """Another tool takes all of the server's connections."""
    lab.change("deploy", service="mailer", version="1.2.0", note="copy", early=22)
    lab.quiet()
    for _ in range(lab.spec["max_connections"] + 4):
        lab.stack.db("SELECT pg_sleep(40)" if lab.spec["db"] == "postgres" else "SELECT SLEEP(40)", wait=False)
    for i in (1, 2):
        lab.stack.fault(instances=(i,), reconnect=1)
    lab.broken(40)
    lab.stack.fault(reconnect=None)
    return {"root": [root("db_connections", also=["slow_query", "db_fault"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["db_connections"]}


def database_crash(lab):
    """The kernel kills a backend: PostgreSQL ends every connection and recovers."""
    lab.change("deploy", service="newsletter", version="3.4.0", note="footer", early=26)
    lab.quiet()
    end = time.time() + 30
    while time.time() < end:
        kill_backend(lab.stack.pg_dir)
        time.sleep(2.5)
    lab.broken(0)
    return {"root": [root("db_fault", also=["db_connections"])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["db_fault", "db_connections"]}


def kill_backend(directory):
    """SIGKILL to one backend, a child of this folder's postmaster."""
    postmaster = int(open(directory + "/postmaster.pid").readline())
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = open(path).read()
            command = open(os.path.dirname(path) + "/cmdline").read()
        except OSError:
            continue
        if int(text.rsplit(")", 1)[1].split()[1]) == postmaster and " app app " in command:
            os.kill(int(os.path.basename(os.path.dirname(path))), 9)
            return


def on_small_disk(stack):
    """The table that is written to lies on a file system of a few megabytes."""
    place = os.path.join(stack.root, "small")
    os.makedirs(place)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % stack.spec["disk_mb"], "tmpfs", place], check=True)
    stack.mounts.append(place)
    shutil.chown(place, "postgres", "postgres")
    stack.psql("CREATE TABLESPACE small LOCATION '%s'" % place, "postgres", "postgres")
    stack.psql("ALTER TABLE %s SET TABLESPACE small" % stack.spec["names"]["orders"], "postgres", "app")


def database_disk_full(lab):
    lab.change("deploy", service="newsletter", version="3.5.0", note="images", early=20)
    lab.quiet()
    filler = os.path.join(lab.stack.root, "small", "core.3121")
    with open(filler, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"\0" * 4096)
        except OSError:
            pass
    lab.broken(50)
    os.remove(filler)
    return {"root": [root("resource", also=["db_fault"])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["resource"]}


def provider_drags(lab):
    """Nothing fails: the provider takes its time, within the time-out."""
    lab.change("deploy", version="2.4.6", note="css only", early=16)
    lab.quiet()
    lab.stack.stub.delay = 0.7
    lab.broken(45)
    lab.stack.stub.delay = 0.02
    return {"root": [root("upstream")], "must_rule_out": ["traffic"], "must_not_rule_out": ["upstream"]}


def slow_instance(lab):
    lab.change("deploy", service="newsletter", version="3.6.0", note="copy", early=19)
    lab.quiet()
    lab.stack.fault(instances=(2,), slow_s=0.8)
    lab.broken(45)
    lab.stack.fault(instances=(2,), slow_s=None)
    return {"root": [root("instance", also=["app_error"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["instance"]}


def healthy_bots(lab):
    """Crawlers ask for what is not there; log noise; two restarts; nobody is hurt."""
    lab.load.mix = lab.load.mix + [("GET", "/wp-login.php", 1), ("GET", "/.env", 1)]
    lab.report_job(every=4)
    lab.quiet()
    for service in ("newsletter", "mailer"):
        lab.change("deploy", service=service, version="9.1.0", note="dependencies")
        time.sleep(12)
    lab.change("config", text="log level changed to debug")
    lab.stack.deploy(lab.spec["version"])
    time.sleep(30)
    return None


F = {"db": "postgres", "db_log": "stderr", "prefix": "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "nginx": "timed", "app_log": "structlog", "changes": "git", "flavour": "bank"}
G = {"db": "mariadb", "nginx": "named", "app_log": "spring", "changes": "cdevents", "flavour": "fleet"}
H = {"db": "postgres", "db_log": "json", "nginx": "nested", "app_log": "zap", "changes": "argo", "flavour": "news"}
I = {"db": "postgres", "db_log": "csv", "nginx": "kv", "app_log": "bracketed", "changes": "k8s", "flavour": "bank"}
J = {"db": "mariadb", "nginx": "json", "app_log": "serilog", "changes": "text", "flavour": "news"}

CASES = {
    "slow-growth": (slow_growth, {**F, "history": True, "prepare": with_history}), "slow-growth-2": (slow_growth, {**G, "history": True, "prepare": with_history, "grow_rows": 4000}),
    "cache-lost": (cache_lost, {**H, "memory": True, "pool": 2, "rows": 400000}), "two-incidents": (two_incidents, {**F}), "two-incidents-2": (two_incidents, {**I, "flavour": "fleet"}),
    "connections-taken": (connections_taken, {**I, "max_connections": 24}), "connections-taken-2": (connections_taken, {**J, "max_connections": 24}), "database-crash": (database_crash, {**H}),
    "database-disk-full": (database_disk_full, {**F, "rows": 20000, "disk_mb": 8, "prepare": on_small_disk, "flavour": "fleet"}), "provider-drags": (provider_drags, {**G}), "slow-instance": (slow_instance, {**I}),
    "clock-skew": (deploy_query, {**F, "skew_s": 7, "flavour": "news"}), "clock-skew-2": (deploy_bug, {**G, "skew_s": -6, "flavour": "bank"}),
    "half-blind": (unindexed_query, {**F, "statement_timeout_ms": 700, "lost": ["app", "deploys"]}), "half-blind-2": (deploy_bug, {**H, "lost": ["db", "nginx"], "truth": {"must_rule_out": []}}),
    "unindexed-query-3": (unindexed_query, {**I, "flavour": "news"}), "two-deploys-3": (two_deploys, {**G}), "migration-lock-3": (migration_lock, {**H}), "provider-fails-3": (provider_fails, {**J}),
    "n-plus-one-2": (n_plus_one, {**I, "log_min_ms": 0, "pool": 3}), "flood-2": (flood, {**H, "pool": 2, "host": True}),
    "healthy-bots": (healthy_bots, {**F}), "healthy-bots-2": (healthy_bots, {**J}),
}
