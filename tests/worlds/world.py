"""A site that does not exist, told request by request: what is asked, who answers, what it waits for and dies of.

A plight (plights.py) lays hooks on requests and writes what databases, hosts and people would have
noted; tongues.py says it all in the words of real programs. Nothing is queued: what a queue would do, a plight states."""
import math, random, uuid

T0 = 1773396000.0  # 2026-03-13 10:00:00 UTC


class Site:
    def __init__(self, service, database, provider, routes, host="web"):
        self.service, self.database, self.provider, self.routes, self.host = service, database, provider, routes, host


class Route:
    """path: "#" a number, "@" a uuid, "~" words. statements: (verb, table, column, milliseconds)."""
    def __init__(self, name, method, path, weight, ms, statements=(), calls=False, shown=None):
        self.name, self.method, self.path, self.weight, self.ms, self.statements, self.calls = name, method, path, weight, ms, statements, calls


def sites():
    rest = Site("orders-api", "orders", "api.paywise.example", [
        Route("order", "GET", "/v1/orders/@", 4, 12, [("select", "orders", "id", 3)]),
        Route("list", "GET", "/v1/customers/#/orders", 3, 18, [("select", "orders", "customer_id", 6)]),
        Route("search", "GET", "/v1/search?q=~", 2, 25, [("select", "products", "name", 9)]),
        Route("place", "POST", "/v1/orders", 1.5, 30, [("insert", "orders", "id", 4), ("update", "stock", "sku", 3)], True),
        Route("upload", "POST", "/v1/attachments", 0.5, 60, [("insert", "attachments", "id", 4)]),
        Route("me", "GET", "/v1/me", 2, 5, [("select", "customers", "id", 1)])])
    graphql = Site("gateway", "catalog", "tax.ledgerly.example", [
        Route("query", "POST", "/graphql", 10, 28, [("select", "listings", "seller_id", 5)]),
        Route("pay", "POST", "/graphql", 2, 40, [("insert", "payments", "id", 4)], True),
        Route("health", "GET", "/healthz", 0.5, 1)])
    php = Site("forum", "forum", "mail.sendpost.example", [
        Route("topic", "GET", "/viewtopic.php?f=#&t=#", 6, 35, [("select", "posts", "topic_id", 8)]),
        Route("board", "GET", "/index.php", 3, 20, [("select", "boards", "id", 4)]),
        Route("search", "GET", "/search.php?keywords=~", 1.5, 60, [("select", "posts", "body", 20)]),
        Route("post", "POST", "/posting.php?mode=reply&t=#", 1, 50, [("insert", "posts", "id", 6)], True),
        Route("login", "POST", "/ucp.php?mode=login", 0.7, 80, [("select", "users", "name", 3), ("update", "sessions", "id", 2)])])
    slugs = Site("travel-web", "travel", "gds.farefinder.example", [
        Route("home", "GET", "/%/", 3, 15, [("select", "offers", "region", 5)]),
        Route("guide", "GET", "/%/guides/~", 5, 22, [("select", "guides", "slug", 4)]),
        Route("fares", "GET", "/%/fares?from=~&to=~", 2, 90, [("select", "fares", "route", 15)], True),
        Route("book", "POST", "/%/bookings/@/confirm", 1, 60, [("update", "bookings", "id", 5)], True)])
    rpc = Site("inventoryd", "inventory", "wms.shelfware.example", [
        Route("get", "POST", "/rpc/Inventory.Get", 6, 8, [("select", "items", "sku", 2)]),
        Route("reserve", "POST", "/rpc/Inventory.Reserve", 2, 14, [("update", "reservations", "sku", 4)]),
        Route("ship", "POST", "/rpc/Shipping.Create", 1, 25, [("insert", "shipments", "id", 5)], True),
        Route("stats", "POST", "/rpc/Reports.Daily", 0.4, 120, [("select", "movements", "day", 60)])])
    return {"rest": rest, "graphql": graphql, "php": php, "slugs": slugs, "rpc": rpc}


class Request:
    __slots__ = "t took route method uri client status id inst agent bytes level text type says statements call_ms call_failed cache version version_of extra".split()


class World:
    def __init__(self, site, seed=1, seconds=600, rate=12, onset=360, end=500, instances=3):
        self.site, self.rng = site, random.Random(seed)
        self.seconds, self.rate, self.onset, self.end, self.n_instances = seconds, rate, onset, end, instances
        self.hooks, self.changes, self.db, self.web_errors, self.kernel, self.app, self.gauges, self.extra = [], [], [], [], [], [], [], []
        self.rate_of = lambda t: rate
        self.versions = {}  # instance → [(from, version)]
        self.clients = ["%d.%d.%d.%d" % (self.rng.choice((62, 81, 93, 145, 176)), self.rng.randrange(256), self.rng.randrange(256), self.rng.randrange(1, 255)) for _ in range(400)]
        self.roots, self.guarded = [], []
        self.healthy = False

    # ---- what plights say

    def root(self, kind, *match, also=()):
        self.roots.append({"kind": kind, "match": [m for m in match if m], "also_ok": list(also)})

    def during(self, hook, start=None, end=None, routes=None, share=1.0):
        """Calls hook (request) for the requests that begin inside."""
        a, b = self.onset if start is None else start, self.end if end is None else end
        def wrapped(r):
            if a <= r.t < b and (routes is None or r.route.name in routes) and (share >= 1 or self.rng.random() < share):
                hook(r)
        self.hooks.append(wrapped)

    def deploy(self, t, service, version, real=True, note=""):
        """real: the instances of the site restart one after the other and carry the version from then on."""
        self.changes.append({"t": t, "kind": "deploy", "service": service, "version": version, "note": note})
        if real and service == self.site.service:
            for i in range(self.n_instances):
                self.versions.setdefault(i, []).append((t + 1 + 1.5 * i, version))

    def change(self, t, kind, service, text):
        self.changes.append({"t": t, "kind": kind, "service": service, "text": text, "version": None})

    def gauge(self, host, **how):
        """how: name → (value before, value inside)"""
        self.gauges.append((host, how))

    # ---- the telling

    def version_at(self, inst, t):
        v = "4.1.0"
        for at, version in self.versions.get(inst, []):
            if t >= at:
                v = version
        return v

    def fill(self, path):
        rng = self.rng
        words = ("blue", "lamp", "winter", "trip", "garden", "steel", "mini", "old-town", "sale", "north")
        out = []
        for ch in path:
            out.append(str(rng.randrange(1, 90000)) if ch == "#" else str(uuid.UUID(int=rng.getrandbits(128), version=4)) if ch == "@" else "-".join(rng.sample(words, 2)) if ch == "~" else rng.choice(("en", "de", "fr", "pt-br")) if ch == "%" else ch)
        return "".join(out)

    def request(self, t, route=None, client=None):
        rng, r = self.rng, Request()
        r.t, r.route = t, route or rng.choices(self.site.routes, [x.weight for x in self.site.routes])[0]
        r.method, r.uri = r.route.method, self.fill(r.route.path)
        r.client = client or rng.choice(self.clients)
        r.status, r.id, r.inst = 201 if r.method == "POST" and rng.random() < 0.3 else 200, "%032x" % rng.getrandbits(128), rng.randrange(self.n_instances)
        r.agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"
        r.bytes = rng.randrange(300, 9000)
        r.level, r.text, r.type, r.says, r.cache, r.extra = "info", None, None, None, None, []
        r.statements = [[s, s[3] * rng.lognormvariate(0, 0.35), None] for s in r.route.statements]
        r.call_ms = 60 * rng.lognormvariate(0, 0.3) if r.route.calls else None
        r.call_failed = None
        r.took = None
        r.version = None
        return r

    def finish(self, r):
        if r.took is None:
            own = r.route.ms * self.rng.lognormvariate(0, 0.35)
            r.took = (own + sum(s[1] for s in r.statements) + (r.call_ms or 0)) / 1000
        r.version = self.version_at(r.inst, r.t)

    def run(self):
        out, t = [], 0.0
        while True:
            t += self.rng.expovariate(max(self.rate_of(t), 1e-3))
            if t >= self.seconds:
                break
            r = self.request(t)
            if self.rng.random() < 0.0015:
                r.status, r.level, r.text = 404, "warn", "not found"
            out.append(r)
        for r in out + self.extra:
            for hook in self.hooks:
                hook(r)
        out += self.extra
        for r in out:
            self.finish(r)
        self.requests = sorted(out, key=lambda r: r.t)
        return self


def fail(r, status, kind, says, took=None, level="error", text=None):
    r.status, r.level, r.type, r.says = status, level, kind, says
    r.text = text or says
    if took is not None:
        r.took = took


def ramp(a, b, t):
    return min(1.0, max(0.0, (t - a) / (b - a)))
