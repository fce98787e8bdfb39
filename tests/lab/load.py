"""Load: clients with addresses of their own ask for routes in a fixed mix; what they felt is kept."""
import http.client, random, threading, time

AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"]


class Load:
    def __init__(self, port, mix, rate, seed, workers=40):
        self.port, self.mix, self.rate, self.random = port, mix, rate, random.Random(seed)
        self.felt, self.lock, self.go = [], threading.Lock(), True
        self.clients = ["%d.%d.%d.%d" % (self.random.choice([24, 51, 73, 81, 86, 93, 109, 151, 178, 185, 203]), self.random.randint(1, 254), self.random.randint(1, 254), self.random.randint(1, 254)) for _ in range(400)]
        self.flood = None     # (address, path, rate)
        self.slots = threading.Semaphore(160)

    def ask(self, method, path, client):
        start, status = time.time(), 0
        try:
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=12)
            c.request(method, path, body=b"{}" if method == "POST" else None, headers={"Host": "shop.example.test", "User-Agent": AGENTS[hash(client) % len(AGENTS)], "X-Forwarded-For": client})
            r = c.getresponse()
            r.read()
            status = r.status
            c.close()
        except Exception:
            status = 0
        with self.lock:
            self.felt.append((start, time.time() - start, status, client, path))
        self.slots.release()

    def fire(self, method, path, client):
        if self.slots.acquire(blocking=False):
            threading.Thread(target=self.ask, args=(method, path, client), daemon=True).start()

    def run(self):
        rng, due, flood_due = self.random, time.time(), time.time()
        while self.go:
            now = time.time()
            due = max(due, now - 0.25)  # users do not make up for a pause of this machine: no burst after it
            while due <= now:
                due += rng.expovariate(self.rate)
                method, path = rng.choices([m[:2] for m in self.mix], [m[2] for m in self.mix])[0]
                client = self.clients[int(len(self.clients) * rng.random() ** 2)]
                self.fire(method, path.replace("#", str(rng.randint(1, 4999))), client)
            while self.flood and flood_due <= now:
                flood_due += 1.0 / self.flood[2]
                self.fire("GET", self.flood[1], self.flood[0] + str(rng.randint(1, 6)))
            flood_due = max(flood_due, now - 0.25) if self.flood else now
            time.sleep(0.003)

    def start(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.go = False
        self.thread.join(5)
        time.sleep(1.5)
