"""The incidents of the lab: for each its stack, what happens when, and the truth.

A case is a function act(lab) that runs while the load goes on: it waits, breaks things, records changes, and
returns the truth: root kinds with `match`, what must (not) be ruled out. lab.quiet() ends the quiet part."""
import os, signal, threading, time

FLAVOURS = {
    "shop": {"service": "storefront", "names": {"items": "products", "orders": "orders"}, "version": "2.4.0",
             "routes": [["/search", "search"], ["/products/", "item"], ["/account/", "account"], ["/cart", "cart"], ["/checkout", "checkout"], ["/upload", "upload"]],
             "mix": [("GET", "/", 4), ("GET", "/search?q=lamp", 3), ("GET", "/products/#", 5), ("GET", "/account/#/orders", 4), ("POST", "/cart", 2), ("POST", "/checkout", 2), ("POST", "/upload", 1)]},
    "courses": {"service": "campus-api", "names": {"items": "courses", "orders": "enrolments"}, "version": "7.1.3",
                "routes": [["/v2/find", "search"], ["/v2/courses/", "item"], ["/v2/students/", "account"], ["/v2/enrol", "cart"], ["/v2/fees/pay", "checkout"], ["/v2/homework", "upload"]],
                "mix": [("GET", "/v2/home", 4), ("GET", "/v2/find?q=art", 3), ("GET", "/v2/courses/#", 5), ("GET", "/v2/students/#/enrolments", 4), ("POST", "/v2/enrol", 2), ("POST", "/v2/fees/pay", 2), ("POST", "/v2/homework", 1)]},
    "hotel": {"service": "booking", "names": {"items": "rooms", "orders": "reservations"}, "version": "2026.11.1",
              "routes": [["/rooms/find", "search"], ["/room/", "item"], ["/guest/", "account"], ["/hold", "cart"], ["/book", "checkout"], ["/passport", "upload"]],
              "mix": [("GET", "/", 4), ("GET", "/rooms/find?beds=2", 3), ("GET", "/room/#", 5), ("GET", "/guest/#/stays", 4), ("POST", "/hold", 2), ("POST", "/book", 2), ("POST", "/passport", 1)]},
}


def root(kind, *match, also=()):
    return {"kind": kind, "also_ok": list(also), "match": list(match)}


def unindexed_query(lab):
    """The first post-mortem: a switch nobody logged sends a route to a scan; the hotfix is the cure."""
    lab.change("cdn", text="edge cache rules updated: normalize query strings", early=20)
    lab.quiet()
    lab.stack.fault(scan=1)
    lab.broken(45)
    lab.change("deploy", version="2.4.1", note="hotfix: fetch only needed columns", by="oncall")
    lab.stack.deploy("2.4.1")
    return {"root": [root("slow_query", lab.names["orders"])], "must_rule_out": ["traffic"] + (["cdn"] if lab.spec.get("edge") else []), "must_not_rule_out": ["slow_query"]}


def deploy_query(lab):
    lab.quiet()
    lab.change("deploy", version="3.0.0", note="richer results")
    lab.stack.deploy("3.0.0", {"bad_query": 1})
    lab.broken(45)
    lab.change("deploy", version=lab.spec["version"], note="rollback", by="oncall")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "3.0.0", also=["slow_query"])], "chain": ["slow_query"], "must_rule_out": ["traffic"], "must_not_rule_out": ["deploy", "slow_query"]}


def deploy_bug(lab):
    lab.report_job()
    lab.quiet()
    lab.change("deploy", version="3.0.1", note="new totals")
    lab.stack.deploy("3.0.1", {"bug": 1})
    lab.broken(40)
    lab.change("deploy", version=lab.spec["version"], note="revert")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "3.0.1", also=["app_error"])], "chain": ["app_error"], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["deploy", "app_error"]}


def two_deploys(lab):
    """The guilty one first; an innocent one of another service right before the failing is noticed."""
    lab.quiet()
    lab.change("deploy", version="3.1.0", note="search ranking")
    lab.stack.deploy("3.1.0", {"bad_query": 1})
    time.sleep(3)
    lab.change("deploy", service="newsletter", version="1.9.2", note="footer text")
    lab.broken(40)
    lab.change("deploy", version=lab.spec["version"], note="rollback", by="oncall")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "3.1.0", also=["slow_query"])], "forbid_top": ["newsletter"], "must_rule_out": ["traffic"], "must_not_rule_out": ["deploy", "slow_query"]}


def feature_flag(lab):
    lab.change("deploy", service="mailer", version="0.8.1", note="copy", early=25)
    lab.quiet()
    lab.change("flag", text="feature flag new-account-page enabled for 100 %")
    lab.stack.fault(scan=1)
    lab.broken(40)
    lab.change("flag", text="feature flag new-account-page disabled")
    lab.stack.fault(scan=None)
    return {"root": [root("config_change", "new-account-page", also=["slow_query"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["slow_query"]}


def migration_lock(lab):
    lab.change("deploy", service="newsletter", version="1.9.1", note="template", early=30)
    lab.quiet()
    if lab.spec["db"] == "postgres":
        lab.stack.db("BEGIN; ALTER TABLE {orders} ADD COLUMN channel text; SELECT pg_sleep(35); COMMIT", wait=False)
    else:
        lab.stack.db("LOCK TABLES {orders} WRITE; SELECT SLEEP(35); UNLOCK TABLES", wait=False)
    lab.broken(36)
    return {"root": [root("lock_contention", lab.names["orders"], also=["deploy", "batch_job", "config_change"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["lock_contention", "slow_query"]}


def deadlocks(lab):
    lab.quiet()
    lab.change("deploy", version="2.9.9", note="stock keeping")
    lab.stack.deploy("2.9.9", {"deadlock": 1})
    lab.broken(40)
    lab.change("deploy", version=lab.spec["version"], note="rollback")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "2.9.9", also=["lock_contention"])], "chain": ["lock_contention"], "must_rule_out": ["traffic"], "must_not_rule_out": ["deploy", "lock_contention"]}


def connection_leak(lab):
    lab.quiet()
    lab.change("deploy", version="4.0.0", note="retry helper")
    lab.stack.deploy("4.0.0", {"leak": 0.02})
    lab.broken(50)
    lab.change("deploy", version=lab.spec["version"], note="rollback")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "4.0.0", also=["db_connections"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["deploy", "db_connections"]}


def pool_too_small(lab):
    lab.stack.path.stall = 0.012  # a database some way off
    lab.quiet()
    lab.change("config", text="config: database pool size 6 -> 1")
    lab.stack.fault(pool_size=1, slow_s=None)
    lab.broken(40)
    lab.change("config", text="config: database pool size 1 -> 6")
    lab.stack.fault(pool_size=None)
    return {"root": [root("config_change", "pool", also=["db_connections"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["db_connections"]}


def flood(lab):
    lab.change("deploy", service="mailer", version="0.8.2", note="copy", early=15)
    lab.quiet()
    lab.load.flood = ("185.220.101.", dict((v, k) for k, v in lab.spec["routes"])["search"] + "?q=x", 260)
    lab.stack.fault(slow_s=None)
    lab.broken(40)
    lab.load.flood = None
    return {"root": [root("traffic", also=[])], "must_rule_out": [], "must_not_rule_out": ["traffic"]}


def surge(lab):
    lab.quiet()
    lab.load.rate *= 7
    lab.broken(40)
    lab.load.rate /= 7
    return {"root": [root("traffic", also=[])], "must_rule_out": [], "must_not_rule_out": ["traffic"]}


def edge_misconfigured(lab):
    lab.quiet()
    lab.change("cdn", text="edge configuration v118 activated")
    lab.stack.edge_to(1)
    lab.broken(40)
    lab.stack.edge_to(lab.stack.web_port)
    return {"root": [root("cdn", also=["config_change"])], "must_rule_out": ["slow_query"], "must_not_rule_out": ["cdn"]}


def edge_purged(lab):
    """What the cache kept away arrives at once; the application has little room."""
    lab.quiet()
    lab.change("cdn", text="edge cache purged: all objects, ttl 0")
    lab.spec["edge_ttl"] = 0
    lab.stack.path.stall = 0.02  # the origin was sized for what the cache lets through
    lab.stack.edge_to(lab.stack.web_port)
    lab.stack.varnish("ban", "req.url", "~", ".")
    lab.broken(40)
    lab.spec["edge_ttl"] = 30
    lab.stack.edge_to(lab.stack.web_port)
    return {"root": [root("cdn", also=["cache", "config_change", "traffic"])], "must_rule_out": [], "must_not_rule_out": ["cdn"]}


def database_path_stalls(lab):
    lab.change("deploy", service="newsletter", version="2.0.0", note="new templates", early=25)
    lab.quiet()
    lab.stack.path.stall = 0.9
    lab.broken(40)
    lab.stack.path.stall = 0
    return {"root": [root("network", also=[])], "must_rule_out": ["traffic"], "must_not_rule_out": ["network"]}


def provider_fails(lab):
    lab.change("deploy", version="2.4.2", note="css only", early=12)
    lab.quiet()
    lab.stack.stub.status = 503
    lab.broken(40)
    lab.stack.stub.status = 200
    return {"root": [root("upstream", also=[])], "must_rule_out": ["traffic"], "must_not_rule_out": ["upstream"]}


def provider_slow(lab):
    lab.quiet()
    lab.stack.stub.delay = 3
    lab.broken(40)
    lab.stack.stub.delay = 0.02
    return {"root": [root("upstream", also=[])], "must_rule_out": ["traffic"], "must_not_rule_out": ["upstream"]}


def disk_full(lab):
    lab.change("deploy", service="mailer", version="0.9.0", note="copy", early=18)
    lab.quiet()
    lab.stack.fault(disk=1)
    lab.broken(45)
    lab.stack.fault(disk=None)
    return {"root": [root("resource", "disk", also=[])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["resource"]}


def cpu_hog(lab):
    lab.quiet()
    lab.cpu = 0.98
    lab.stack.fault(slow_s=0.9)
    lab.broken(40)
    lab.cpu = 0.2
    lab.stack.fault(slow_s=None)
    return {"root": [root("resource", also=[])], "must_rule_out": ["traffic"], "must_not_rule_out": ["resource"]}


def out_of_memory(lab):
    """The kernel kills both instances again and again; a supervisor starts them anew."""
    lab.quiet()
    end = time.time() + 40
    while time.time() < end:
        for i in (1, 2):
            lab.kernel("Out of memory: Killed process %d (python3) total-vm:4210324kB, anon-rss:3914120kB" % lab.stack.instance_pids[i].pid)
            lab.stack.end(lab.stack.instance_pids[i], signal.SIGKILL)
        time.sleep(3)
        for i in (1, 2):
            lab.stack.start_instance(i, lab.spec["version"])
        time.sleep(1)
    lab.broken(0)
    return {"root": [root("resource", "memory", also=[])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["resource"]}


def bad_instance(lab):
    lab.change("deploy", service="newsletter", version="2.1.0", note="unsubscribe link", early=30)
    lab.quiet()
    lab.stack.fault(instances=(2,), own_fault=0.5)
    lab.broken(40)
    lab.stack.fault(instances=(2,), own_fault=None)
    return {"root": [root("instance", also=["app_error"])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["instance"]}


def canary(lab):
    lab.quiet()
    lab.change("deploy", version="6.3.0-rc1", note="canary on instance 2")
    lab.stack.deploy("6.3.0-rc1", {"bug": 1}, instances=(2,))
    lab.broken(40)
    lab.change("deploy", version=lab.spec["version"], note="canary removed")
    lab.stack.deploy(lab.spec["version"], instances=(2,))
    return {"root": [root("deploy", "6.3.0-rc1", also=["instance", "app_error"])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["deploy", "instance"]}


def wrong_limit(lab):
    lab.quiet()
    lab.change("config", service="nginx", text="nginx configuration reloaded: rate limit per host")
    lab.stack.limit = "limit_req zone=all burst=5 nodelay;"
    lab.stack.reload_nginx()
    lab.broken(40)
    lab.stack.limit = ""
    lab.stack.reload_nginx()
    return {"root": [root("config_change", also=[])], "must_rule_out": ["slow_query"], "must_not_rule_out": ["config_change"]}


def dns_failure(lab):
    lab.change("deploy", version="2.4.3", note="css only", early=20)
    lab.quiet()
    lab.stack.fault(payment="http://pay.invalid:8080/charge")
    lab.broken(40)
    lab.stack.fault(payment=None)
    return {"root": [root("dns", also=["upstream"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["dns"]}


def tls_expired(lab):
    lab.quiet()
    lab.stack.fault(payment=lab.expired_tls())
    lab.broken(40)
    lab.stack.fault(payment=None)
    return {"root": [root("tls", also=["upstream"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["tls"]}


def batch_collides(lab):
    lab.quiet()
    lab.change("job", text="job rebuild-statistics started")
    stop = time.time() + 40
    if lab.spec["db"] == "postgres":
        lab.stack.db("BEGIN; LOCK TABLE {orders} IN ACCESS EXCLUSIVE MODE; UPDATE {orders} SET note = note WHERE id < 40000; SELECT pg_sleep(25); COMMIT", wait=False)
    else:
        lab.stack.db("LOCK TABLES {orders} WRITE; UPDATE {orders} SET note = note WHERE id < 40000; SELECT SLEEP(25); UNLOCK TABLES", wait=False)
    lab.broken(30)
    lab.change("job", text="job rebuild-statistics finished")
    return {"root": [root("batch_job", "rebuild-statistics", also=["lock_contention", "slow_query"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["batch_job", "lock_contention"]}


def n_plus_one(lab):
    lab.quiet()
    lab.change("deploy", version="2.5.0", note="order details on the account page")
    lab.stack.path.stall = 0.004
    lab.stack.deploy("2.5.0", {"n_plus_one": 1})
    lab.broken(40)
    lab.stack.path.stall = 0
    lab.change("deploy", version=lab.spec["version"], note="rollback")
    lab.stack.deploy(lab.spec["version"])
    return {"root": [root("deploy", "2.5.0", also=["slow_query"])], "must_rule_out": ["traffic"], "must_not_rule_out": ["deploy", "slow_query"]}


def database_restart(lab):
    lab.quiet()
    lab.stack.end(lab.stack.pg, signal.SIGINT)
    time.sleep(20)
    lab.stack.run_postgres()
    lab.broken(5)
    return {"root": [root("db_fault", also=["db_connections"])], "must_rule_out": ["traffic", "slow_query"], "must_not_rule_out": ["db_fault", "db_connections"]}


def unknown(lab):
    """Failures of which no log tells anything."""
    lab.change("deploy", service="newsletter", version="2.2.0", note="copy", early=35)
    lab.quiet()
    lab.stack.fault(own_fault=0.4, silent=1)
    lab.broken(40)
    lab.stack.fault(own_fault=None, silent=None)
    return {"root": [], "abstain": True, "must_rule_out": ["traffic"], "must_not_rule_out": []}


def healthy(lab):
    """A deploy that breaks nothing, a bump of 30 %, slow reports."""
    lab.report_job()
    lab.quiet()
    lab.change("deploy", version="2.4.9", note="copy")
    lab.stack.deploy("2.4.9")
    time.sleep(20)
    lab.load.rate *= 1.3
    time.sleep(25)
    lab.load.rate /= 1.3
    return None


def healthy_busy(lab):
    lab.change("job", text="job nightly-report started", early=10)
    lab.report_job(every=2)
    lab.quiet()
    lab.change("config", text="log level of storefront changed to debug")
    time.sleep(45)
    lab.change("job", text="job nightly-report finished")
    return None


A = {"db": "postgres", "db_log": "stderr", "nginx": "kv", "app_log": "python", "changes": "text", "flavour": "shop"}
B = {"db": "postgres", "db_log": "csv", "nginx": "json", "app_log": "pino", "changes": "ci", "flavour": "courses"}
C = {"db": "postgres", "db_log": "json", "nginx": "positional", "app_log": "logfmt", "changes": "k8s", "flavour": "hotel"}
D = {"db": "mariadb", "nginx": "kv", "app_log": "logback", "changes": "ci", "flavour": "courses"}
E = {"db": "postgres", "db_log": "stderr", "prefix": "%t:%r:%u@%d:[%p]:", "nginx": "combined", "app_log": "ecs", "changes": "argo", "flavour": "hotel"}

CASES = {
    "web-stack-outage": (unindexed_query, {**A, "edge": True, "host": True, "rate": 24, "rows": 700000, "statement_timeout_ms": 800}),
    "unindexed-query": (unindexed_query, {**A, "edge": True, "host": True}), "unindexed-query-2": (unindexed_query, {**D, "host": True}),
    "deploy-query": (deploy_query, {**B}), "deploy-query-2": (deploy_query, {**D, "flavour": "hotel"}), "deploy-query-3": (deploy_query, {**E}),
    "deploy-bug": (deploy_bug, {**C}), "deploy-bug-2": (deploy_bug, {**E, "flavour": "shop"}), "two-deploys": (two_deploys, {**A, "flavour": "courses"}), "two-deploys-2": (two_deploys, {**B, "flavour": "hotel"}),
    "feature-flag": (feature_flag, {**B, "flavour": "hotel"}), "migration-lock": (migration_lock, {**A}), "migration-lock-2": (migration_lock, {**D}),
    "deadlocks": (deadlocks, {**C}), "deadlocks-2": (deadlocks, {**D, "flavour": "shop"}), "connection-leak": (connection_leak, {**B}), "pool-too-small": (pool_too_small, {**A, "flavour": "hotel", "rate": 60, "pool": 6, "pool_timeout_s": 0.4}),
    "flood": (flood, {**A, "pool": 2, "host": True}), "surge": (surge, {**B, "pool": 2, "flavour": "shop"}), "edge-misconfigured": (edge_misconfigured, {**C, "edge": True}),
    "edge-purged": (edge_purged, {**A, "edge": True, "edge_ttl": 30, "pool": 1, "pool_timeout_s": 0.2, "rate": 120, "cacheable": 30}), "database-path": (database_path_stalls, {**A, "flavour": "courses"}), "database-path-2": (database_path_stalls, {**B, "flavour": "shop"}),
    "provider-fails": (provider_fails, {**A}), "provider-fails-2": (provider_fails, {**C, "flavour": "courses"}), "provider-slow": (provider_slow, {**B}),
    "disk-full": (disk_full, {**B, "flavour": "shop", "uploads": 6}), "cpu-hog": (cpu_hog, {**A, "host": True, "flavour": "hotel"}), "out-of-memory": (out_of_memory, {**C, "kern": True}),
    "bad-instance": (bad_instance, {**A, "flavour": "courses"}), "bad-instance-2": (bad_instance, {**B}), "canary": (canary, {**D, "flavour": "shop"}), "wrong-limit": (wrong_limit, {**A}),
    "dns-failure": (dns_failure, {**C}), "tls-expired": (tls_expired, {**B}), "batch-collides": (batch_collides, {**C, "flavour": "shop"}), "n-plus-one": (n_plus_one, {**A, "log_min_ms": 0, "pool": 3}),
    "database-restart": (database_restart, {**A}), "database-restart-2": (database_restart, {**B, "flavour": "shop"}), "unknown": (unknown, {**A, "flavour": "hotel"}),
    "healthy": (healthy, {**A}), "healthy-2": (healthy, {**D}), "healthy-busy": (healthy_busy, {**C, "host": True}),
}
