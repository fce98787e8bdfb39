"""A cache server for the lab: GET and SET over TCP, a line each; it can be ended and it forgets."""
import socket, threading


class Memory:
    def __init__(self):
        self.held, self.open, self.sock = {}, [], socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(64)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            self.open.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            with peer.makefile("rwb") as f:
                for line in f:
                    verb, key, *value = line.decode().split()
                    if verb == "SET":
                        self.held[key] = value[0]
                    f.write((self.held.get(key, "-") + "\n").encode())
                    f.flush()
        except (OSError, ValueError):
            pass

    def stop(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for peer in self.open:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Client:
    """What the application uses; raises OSError when the server is gone."""

    def __init__(self, port):
        self.port, self.local = port, threading.local()

    def ask(self, *words):
        try:
            if not getattr(self.local, "file", None):
                self.local.file = socket.create_connection(("127.0.0.1", self.port), 1).makefile("rwb")
            self.local.file.write((" ".join(words) + "\n").encode())
            self.local.file.flush()
            answer = self.local.file.readline()
            if not answer:
                raise ConnectionResetError(104, "Connection reset by peer")
            return answer.decode().strip()
        except OSError:
            self.local.file = None
            raise
