"""What can befall a site. Each plight lays its hooks on the requests, writes what databases, hosts and people noted,
and names the root: the kinds that a person would accept, and words that the answer's subject must hold."""
from sayings import SAYS
from world import fail, ramp

PLIGHTS = {}


def plight(f):
    PLIGHTS[f.__name__] = f
    return f


def says(w, key):
    kind, text = SAYS[key][w.lang]
    return kind, text % {"peer": w.site.provider} if "%(" in text else text


def breaks(w, key, status=500, took=None):
    kind, text = says(w, key)
    return lambda r: fail(r, status, kind, text, took(r) if callable(took) else took)


def first_read(w):
    return next(x for x in w.site.routes if x.statements and x.statements[0][0] == "select")


def note(w, t, what, **more):
    w.db.append(dict({"t": t, "what": what, "db": w.site.database, "pid": w.rng.randrange(3000, 9000)}, **more))


def slow_statement(w, r, i, ms, rows=120000):
    r.statements[i][1] = ms
    r.statements[i][2] = rows


def busy_pool(w, share=0.25, start=None, end=None):
    """What waits behind full connections: other routes, some of them in vain."""
    w.during(breaks(w, "pool", 503, lambda r: 3 + w.rng.random() * 0.2), start, end, share=share)


@plight
def code_bug(w):
    """A deploy with a fault in one route."""
    w.deploy(w.onset - 4, w.site.service, "4.2.0")
    broken = w.site.routes[0].name
    hook = breaks(w, "code", took=0.02)
    w.during(lambda r: hook(r) if w.version_at(r.inst, r.t) == "4.2.0" else None, routes=(broken,), end=w.end)
    w.deploy(w.end - 5, w.site.service, "4.1.1")
    w.root("deploy", "4.2.0", also=["app_error"])


@plight
def missing_column(w):
    """The code is ahead of the schema."""
    w.deploy(w.onset - 3, w.site.service, "5.0.0")
    w.during(breaks(w, "column", took=0.03), routes=[x.name for x in w.site.routes if x.statements][:2])
    w.root("deploy", "5.0.0", also=["app_error"])


@plight
def missing_env(w):
    """A restart with a variable missing."""
    w.deploy(w.onset - 5, w.site.service, "4.2.0", note="move secrets to vault")
    w.during(breaks(w, "env", took=0.01), routes=[x.name for x in w.site.routes if x.calls])
    w.root("deploy", "4.2.0", also=["app_error", "config_change"])


@plight
def flag(w):
    w.change(w.onset - 2, "flag", w.site.service, "flag new-pricing switched on for 100%")
    w.change(w.end - 2, "flag", w.site.service, "flag new-pricing switched off")
    w.during(breaks(w, "code", took=0.02), routes=(w.site.routes[0].name,))
    w.root("config_change", "new-pricing", also=["app_error"])


@plight
def unindexed(w):
    """A statement without an index, nothing was deployed."""
    route = first_read(w)
    def hook(r):
        slow_statement(w, r, 0, 2500 * w.rng.lognormvariate(0, 0.3))
    w.during(hook, routes=(route.name,))
    busy_pool(w, 0.2, w.onset + 12)
    w.root("slow_query", route.statements[0][1])


@plight
def slow_only(w):
    """The same, but it only drags."""
    route = first_read(w)
    w.during(lambda r: slow_statement(w, r, 0, 900 * w.rng.lognormvariate(0, 0.3), 40000), routes=(route.name,))
    w.root("slow_query", route.statements[0][1])


@plight
def deploy_query(w):
    """A deploy brings a statement nobody had before."""
    w.deploy(w.onset - 6, w.site.service, "4.2.0", note="related items")
    route = first_read(w)
    def hook(r):
        r.statements.append([("count", "audit_log", "actor", 0), 1800 * w.rng.lognormvariate(0, 0.3), 900000])
    w.during(hook, routes=(route.name,))
    busy_pool(w, 0.15, w.onset + 15)
    w.deploy(w.end, w.site.service, "4.1.0", note="revert")
    w.root("deploy", "4.2.0", also=["slow_query"])


@plight
def migration_lock(w):
    """ALTER TABLE waits behind a reader, everybody else behind it."""
    table = first_read(w).statements[0][1]
    w.change(w.onset - 1, "job", w.site.service, "schema migration 0042_add_flags on %s started" % table)
    w.change(w.end, "job", w.site.service, "schema migration 0042_add_flags on %s finished" % table)
    holder = 3977
    kind, text = says(w, "lock_timeout")
    def hook(r):
        if not any(s[0][1] == table for s in r.statements):
            return
        r.statements[0][1] = 3000
        note(w, r.t + 1, "lock_wait", verb=r.statements[0][0][0], table=table, column=r.statements[0][0][2], holder=holder, ms=3000, lock_ms=2990)
        note(w, r.t + 3, "lock_timeout", verb=r.statements[0][0][0], table=table, column=r.statements[0][0][2])
        fail(r, 500, kind, text, 3.02)
    w.during(hook, share=0.9)
    note(w, w.end, "slow", verb="alter", table=table, column="flags", ms=(w.end - w.onset) * 1000, rows=0)
    w.root("lock_contention", table, also=["batch_job", "config_change", "deploy"])
    w.roots.append({"kind": "batch_job", "match": ["migration"], "also_ok": ["deploy", "config_change"]})


@plight
def deadlocks(w):
    route = next((x for x in w.site.routes if any(s[0] == "update" for s in x.statements)), first_read(w))
    i = next((i for i, s in enumerate(route.statements) if s[0] == "update"), 0)
    kind, text = says(w, "deadlock")
    def hook(r):
        note(w, r.t + 1, "deadlock", verb=r.statements[i][0][0], table=r.statements[i][0][1], holder=4400)
        fail(r, 500, kind, text, 1.03)
    w.during(hook, routes=(route.name,), share=0.6)
    w.root("lock_contention", also=["app_error"])


@plight
def connection_leak(w):
    """A deploy that never gives connections back: pool time-outs minutes later."""
    w.deploy(w.onset - 150, w.site.service, "4.2.0", note="retry helper")
    w.during(breaks(w, "pool", 503, 3.05), share=0.7)
    w.deploy(w.end - 3, w.site.service, "4.1.0", note="revert")
    w.root("deploy", "4.2.0", also=["db_connections"])
    w.root("db_connections")


@plight
def too_many_connections(w):
    """Somebody else takes the server's connections."""
    kind, text = says(w, "too_many")
    def hook(r):
        if r.statements:
            note(w, r.t + 0.01, "too_many")
            fail(r, 500, kind, text, 0.02)
    w.during(hook, share=0.7)
    w.root("db_connections", also=["db_fault"])


@plight
def provider_down(w):
    w.during(breaks(w, "peer_5xx", 502, 0.25), routes=[x.name for x in w.site.routes if x.calls])
    w.root("upstream", w.site.provider)


@plight
def provider_slow(w):
    """Time-outs at the provider."""
    w.during(breaks(w, "read_timeout", 504, 3.05), routes=[x.name for x in w.site.routes if x.calls], share=0.8)
    w.root("upstream", w.site.provider)


@plight
def provider_limits(w):
    """The provider answers 429."""
    w.during(breaks(w, "peer_429", 502, 0.12), routes=[x.name for x in w.site.routes if x.calls], share=0.7)
    w.root("upstream", w.site.provider)


@plight
def dns(w):
    w.during(breaks(w, "dns", 502, 5.02), routes=[x.name for x in w.site.routes if x.calls])
    w.root("dns", also=["upstream"])


@plight
def provider_certificate(w):
    w.during(breaks(w, "tls", 502, 0.09), routes=[x.name for x in w.site.routes if x.calls])
    w.root("tls", also=["upstream"])


@plight
def open_files(w):
    w.during(breaks(w, "emfile", took=0.01), share=0.6)
    w.root("resource")


@plight
def ephemeral_ports(w):
    """No local ports left for calls."""
    w.during(breaks(w, "ports", 502, 0.01), routes=[x.name for x in w.site.routes if x.calls], share=0.8)
    w.root("resource", also=["network"])


@plight
def conntrack(w):
    """The kernel drops packets; connects to the provider time out."""
    for k in range(30):
        w.kernel.append({"t": w.onset + k * (w.end - w.onset) / 30, "host": "web1", "text": "[88121.%06d] nf_conntrack: nf_conntrack: table full, dropping packet" % (k * 997)})
    w.during(breaks(w, "read_timeout", 504, 3.03), share=0.25)
    w.root("resource", also=["network"] if w.hosts else ["network", "upstream"])


@plight
def app_disk_full(w):
    w.during(breaks(w, "disk", took=0.05), routes=[x.name for x in w.site.routes if x.method == "POST"])
    w.root("resource")


@plight
def db_disk_full(w):
    kind, text = says(w, "db_disk")
    def hook(r):
        i = next((i for i, s in enumerate(r.statements) if s[0][0] in ("insert", "update")), None)
        if i is not None:
            note(w, r.t + 0.02, "disk_full", verb=r.statements[i][0][0], table=r.statements[i][0][1])
            fail(r, 500, kind, text, 0.03)
    w.during(hook)
    w.root("resource", also=["db_fault"])


@plight
def memory_leak(w):
    """Grows for minutes, then the kernel kills one instance after the other."""
    w.gauge("web1", mem=lambda t: 0.5 + 0.46 * ramp(w.onset - 240, w.onset, t))
    t = w.onset
    while t < w.end:
        pid = w.rng.randrange(2000, 9000)
        w.kernel.append({"t": t, "host": "web1", "text": "[91002.%06d] Out of memory: Killed process %d (%s) total-vm:4188332kB, anon-rss:3900112kB, file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:8112kB oom_score_adj:0" % (int(t) % 999983, pid, w.site.service)})
        inst = w.rng.randrange(w.n_instances)
        def gone(r, inst=inst):
            if r.inst == inst:
                r.status, r.took, r.level, r.extra = 502, 0.002, None, ["refused"]
        w.during(gone, t, t + 8)
        t += 12
    w.root("resource")


@plight
def cpu_steal(w):
    """A noisy neighbour: everything drags."""
    w.gauge("web1", steal=lambda t: 0.45 if w.onset <= t < w.end else 0.01, cpu=lambda t: 0.5 if w.onset <= t < w.end else 0.35)
    def hook(r):
        r.took = (r.route.ms * 14 + sum(s[1] for s in r.statements) + (r.call_ms or 0)) / 1000 * w.rng.lognormvariate(0, 0.4)
    w.during(hook)
    w.root("resource")


@plight
def cpu_hog(w):
    """Something eats the CPU of the application's host."""
    w.gauge("web1", cpu=lambda t: 0.99 if w.onset <= t < w.end else 0.35)
    def hook(r):
        r.took = (r.route.ms * 20 + sum(s[1] for s in r.statements)) / 1000 * w.rng.lognormvariate(0, 0.5)
        if w.rng.random() < 0.1:
            r.status, r.took, r.level, r.extra = 504, 10.0, None, ["timed_out"]
    w.during(hook)
    w.root("resource")


@plight
def gc_pauses(w):
    """The collector stops an instance for seconds; its log says so as warnings."""
    t = w.onset
    while t < w.end:
        w.app.append({"t": t, "inst": 1, "level": "warn", "text": "GC pause (G1 Evacuation Pause) 2.41 secs, heap 3.9G of 4.0G"})
        def hook(r, t=t):
            if r.inst == 1:
                r.took = max(0.02, t + 4 - r.t) + w.rng.random() * 0.1
        w.during(hook, t, t + 4)
        t += 8
    w.root("resource", also=["instance", "app_error"])


@plight
def bad_instance(w):
    """One of three fails for no reason it would name."""
    def hook(r):
        if r.inst == 1:
            fail(r, 500, "java.lang.IllegalStateException" if w.lang == "java" else "Error", "licence file could not be read", 0.01)
    w.during(hook)
    w.root("instance", also=["app_error"])


@plight
def canary(w):
    """A third of the instances has the new version, and only that fails."""
    w.changes.append({"t": w.onset - 4, "kind": "deploy", "service": w.site.service, "version": "4.2.0-rc1", "note": "canary on 1 of 3"})
    w.versions.setdefault(1, []).append((w.onset - 2, "4.2.0-rc1"))
    hook = breaks(w, "code", took=0.02)
    w.during(lambda r: hook(r) if r.inst == 1 else None)
    w.root("deploy", "4.2.0-rc1", also=["app_error", "instance"])


@plight
def retry_storm(w):
    """The provider drags, and every caller asks again and again."""
    routes = [x for x in w.site.routes if x.calls]
    w.during(breaks(w, "read_timeout", 504, 3.05), routes=[x.name for x in routes])
    def again(r, tries=4):
        if r.status == 504 and tries and r.t + r.took < w.end:
            x = w.request(r.t + r.took + 0.2 * w.rng.random(), r.route, r.client)
            x.uri = r.uri
            w.extra.append(x)
            fail(x, 504, r.type, r.says, 3.05)
            again(x, tries - 1)
    w.during(again, routes=[x.name for x in routes])
    w.root("upstream", w.site.provider)


@plight
def scraper(w):
    """One network asks for one expensive route; the pool is full."""
    route = first_read(w)
    t = w.onset - 6
    while t < w.end:
        t += w.rng.expovariate(w.rate * 2.5)
        r = w.request(min(t, w.seconds - 1), route, "45.140.17.%d" % w.rng.randrange(1, 7))
        r.agent = "python-requests/2.31"
        w.extra.append(r)
    busy_pool(w, 0.35)
    w.root("traffic")


@plight
def surge(w):
    """Everybody comes: four times the users, half of them in vain."""
    w.rate_of = lambda t: w.rate * (1 + 3 * ramp(w.onset - 20, w.onset, t) * (t < w.end))
    busy_pool(w, 0.4)
    w.root("traffic")


@plight
def wrong_limit(w):
    """A reload of the web server with a limit of one request a second: 429 only."""
    w.change(w.onset - 1, "config", "nginx", "limit_req zone=perip rate=1r/s applied, nginx reloaded")
    def hook(r):
        r.status, r.took, r.level, r.extra = 429, 0.0, None, ["limit"]
    w.during(hook, share=0.5)
    w.root("config_change", "limit", also=["deploy"])


@plight
def forbidden(w):
    """A deploy after which nobody is let in: 403 only."""
    w.deploy(w.onset - 3, w.site.service, "4.2.0", note="new permission check")
    def hook(r):
        r.status, r.took, r.level, r.text = 403, 0.01, "warn", "access denied: missing scope orders.read"
    w.during(hook, share=0.8)
    w.root("deploy", "4.2.0", also=["app_error"])


@plight
def gone_routes(w):
    """A deploy loses a route: 404."""
    w.deploy(w.onset - 3, w.site.service, "4.2.0", note="router rewrite")
    def hook(r):
        r.status, r.took, r.level, r.text = 404, 0.003, "warn", "no route matches"
    w.during(hook, routes=(w.site.routes[0].name,))
    w.root("deploy", "4.2.0", also=["app_error"])


@plight
def payload_limit(w):
    """The edge takes no bodies above a megabyte any more: 413."""
    w.change(w.onset - 2, "config", "nginx", "client_max_body_size 1m applied, nginx reloaded")
    def hook(r):
        r.status, r.took, r.level, r.extra = 413, 0.0, None, ["too_large"]
    w.during(hook, routes=[x.name for x in w.site.routes if x.method == "POST"])
    w.root("config_change", "client_max_body_size", also=["deploy"])


@plight
def errors_with_200(w):
    """GraphQL: the answer is 200, the error is within."""
    w.deploy(w.onset - 4, w.site.service, "4.2.0")
    kind, text = says(w, "code")
    def hook(r):
        fail(r, 200, kind, text, 0.02)
    w.during(hook, share=0.6)
    w.root("deploy", "4.2.0", also=["app_error"])


@plight
def clients_give_up(w):
    """Nothing but 499: a statement drags beyond what clients wait."""
    route = first_read(w)
    def hook(r):
        slow_statement(w, r, 0, 9000 * w.rng.lognormvariate(0, 0.2))
        r.status, r.took = 499, 5.0 + w.rng.random() * 0.1
    w.during(hook, routes=(route.name,))
    w.root("slow_query", route.statements[0][1])


@plight
def replica_lag(w):
    """What was just written is not found: the replica is behind."""
    kind, text = says(w, "not_found")
    t = w.onset
    while t < w.end:
        note(w, t, "conflict", table=first_read(w).statements[0][1])
        t += 3
    w.during(lambda r: fail(r, 500, kind, text, 0.03), share=0.3)
    w.root("db_fault", also=["app_error"])


@plight
def read_only(w):
    """After a fail-over the writes go to a replica."""
    kind, text = says(w, "read_only")
    def hook(r):
        i = next((i for i, s in enumerate(r.statements) if s[0][0] in ("insert", "update")), None)
        if i is not None:
            note(w, r.t + 0.01, "read_only", verb=r.statements[i][0][0], table=r.statements[i][0][1])
            fail(r, 500, kind, text, 0.02)
    w.during(hook)
    w.root("db_fault", also=["app_error"])


@plight
def db_crash(w):
    kind, text = says(w, "db_gone")
    note(w, w.onset - 0.5, "crash", table=first_read(w).statements[0][1])
    t = w.onset
    while t < w.end:
        note(w, t, "starting" if t > w.onset + 2 else "recovering")
        t += 0.5
    note(w, w.end, "ready")
    w.during(lambda r: fail(r, 500, kind, text, 0.02) if r.statements else None)
    w.root("db_fault", also=["db_connections"])


@plight
def rotated_password(w):
    """Somebody rotated the database's password."""
    w.change(w.onset - 20, "config", "vault", "database credential app rotated")
    kind, text = says(w, "db_auth")
    def hook(r):
        if r.statements:
            note(w, r.t + 0.01, "auth")
            fail(r, 500, kind, text, 0.02)
    w.during(hook, share=0.9)
    w.root("config_change", "credential", also=["db_fault", "db_connections"])
    w.root("db_fault", also=["db_connections", "config_change", "app_error"])


@plight
def cache_down(w):
    kind, text = says(w, "cache_down")
    def hook(r):
        fail(r, 500, kind, text, 0.02)
    w.during(hook, share=0.8)
    w.root("cache", also=["upstream"])


@plight
def batch(w):
    """A nightly export collides with the day."""
    w.change(w.onset - 8, "job", "exporter", "job full-export started")
    w.change(w.end + 3, "job", "exporter", "job full-export finished")
    route = first_read(w)
    t = w.onset - 6
    while t < w.end:
        note(w, t + 6, "slow", verb="count", table=route.statements[0][1], column="region", ms=6000, rows=4000000)
        t += 6
    def hook(r):
        for s in r.statements:
            s[1] *= 60
    w.during(hook)
    w.root("batch_job", "export", also=["slow_query"])
    w.root("slow_query", route.statements[0][1])


@plight
def workers_full(w):
    """Threads run out under normal load because a deploy halved them."""
    w.change(w.onset - 10, "config", w.site.service, "worker threads 200 -> 20 applied")
    w.during(breaks(w, "queue", 503, 0.01), share=0.6)
    w.root("config_change", "worker", also=["resource"])


@plight
def too_few_instances(w):
    """Scaled down at noon; the rest cannot carry it."""
    w.change(w.onset - 15, "scale", w.site.service, "scaled %s from 6 to 2 replicas" % w.site.service)
    def hook(r):
        r.took = (r.route.ms * 25) / 1000 * w.rng.lognormvariate(0, 0.4)
        if w.rng.random() < 0.3:
            fail(r, 503, *says(w, "queue"), 1.0)
    w.during(hook)
    w.root("deploy", also=["config_change", "resource"])
    w.root("resource")


@plight
def health_flapping(w):
    """The balancer takes instances out and in: 503 with no instance."""
    t = w.onset
    while t < w.end:
        def hook(r):
            r.status, r.took, r.level, r.extra, r.inst = 503, 0.0, None, ["no_live"], None
        w.during(hook, t, t + 5)
        t += 14
    w.root("unknown", also=["instance", "network", "upstream", "resource"])


@plight
def traffic_drop(w):
    """Users do not come: nothing here says why."""
    w.rate_of = lambda t: w.rate * (0.05 if w.onset <= t < w.end else 1)
    w.root("unknown", also=["network", "dns", "cdn", "traffic"])


@plight
def long_polls(w):
    """Nothing is wrong: some requests are meant to take 25 s."""
    def hook(r):
        r.uri, r.method, r.took, r.statements = "/events/poll?cursor=8", "GET", 25 + w.rng.random() * 0.2, []
    w.during(hook, 0, w.seconds, share=0.08)
    w.healthy = True


@plight
def nothing(w):
    w.healthy = True


@plight
def harmless_deploy(w):
    w.deploy(w.onset, w.site.service, "4.2.0", note="copy")
    w.change(w.onset + 30, "config", "nginx", "gzip_comp_level 5 applied, nginx reloaded")
    w.healthy = True


@plight
def nightly_job(w):
    w.change(w.onset, "job", "reports", "job nightly-report started")
    w.change(w.end, "job", "reports", "job nightly-report finished")
    t = w.onset
    while t < w.end:
        note(w, t, "slow", verb="count", table=first_read(w).statements[0][1], column="region", ms=4000, rows=2000000)
        t += 5
    w.healthy = True


@plight
def partial(w):
    """Two in a hundred fail after a deploy."""
    w.deploy(w.onset - 4, w.site.service, "4.2.0")
    w.during(breaks(w, "code", took=0.02), share=0.03)
    w.root("deploy", "4.2.0", also=["app_error"])


@plight
def flapping(w):
    """The provider comes and goes."""
    t = w.onset
    while t < w.end:
        w.during(breaks(w, "peer_5xx", 502, 0.2), t, t + 9, routes=[x.name for x in w.site.routes if x.calls])
        t += 21
    w.root("upstream", w.site.provider)
