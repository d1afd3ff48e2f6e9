"""A small capture door and store over real HTTP, for what a good server never does: refuse, stall, cut, lie."""

import hashlib
import json
import ssl
import subprocess
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUIRED = {"file_name", "file_size", "file_type", "sha256", "source"}


class FarSide(ThreadingHTTPServer):
    """`script` holds, per door, what the next calls meet: a status, a tuple (status, headers), or a word."""

    daemon_threads = True
    token = "good-token"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.script = {door: deque() for door in ("check", "presign", "put", "metadata", "heartbeat")}
        self.calls, self.promised, self.objects, self.captures, self.policy = [], set(), {}, {}, None
        self.lock = threading.Lock()
        self.away = self.slow = 0

    def doors(self, name):
        """The payloads one door was called with."""
        return [payload for door, payload, _ in self.calls if door == name]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Clients of these tests cut connections on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's acknowledgement of its headers

    def log_message(self, *_):
        """Says nothing."""

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        door = self.path.rsplit("/", 1)[1]
        if not self._misbehaves(door, payload):
            if self.headers["Authorization"] != "Bearer " + self.server.token:
                return self._answer(401, {"detail": "no such token"})
            self._answer(*getattr(self, door)(payload))

    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        if self._misbehaves("put", self.path, body=left):
            return
        body = self.rfile.read(left)
        if self.server.slow:
            time.sleep(self.server.slow)
        key = self.path.partition("?")[0][1:]
        good = len(body) == left and "Authorization" not in self.headers
        if good:
            self.server.objects[key] = body
        self._answer(200 if good else 400, {})

    def check(self, payload):
        return 200, {"known": [sha for sha in payload["sha256"] if sha in self.server.captures]}

    def presign(self, payload):
        missing = {field: ["required"] for field in REQUIRED if not payload.get(field)}
        if missing:
            return 422, {"detail": "invalid", "errors": missing}
        key = f"resumes/{payload['sha256']}.pdf"
        self.server.promised.add(key)
        return 200, {
            "s3_url": f"{self.server.url}/{key}?sig=secret",
            "s3_key": key,
            "duplicate": False,
            "headers": {"Content-Type": payload["file_type"]},
        }

    def metadata(self, payload):
        missing = {field: ["required"] for field in REQUIRED | {"s3_key"} if not payload.get(field)}
        if missing:
            return 422, {"detail": "invalid", "errors": missing}
        if payload["s3_key"] not in self.server.promised:
            return 422, {"detail": "invalid", "errors": {"s3_key": ["not given out"]}}
        stored = self.server.objects.get(payload["s3_key"])
        if stored is None:
            return 409, {"detail": "not there", "code": "object_missing"}
        if hashlib.sha256(stored).hexdigest() != payload["sha256"]:
            del self.server.objects[payload["s3_key"]]
            return 409, {"detail": "other bytes", "code": "hash_mismatch"}
        with self.server.lock:
            again = payload["sha256"] in self.server.captures
            number = self.server.captures.setdefault(payload["sha256"], len(self.server.captures) + 1)
        return (200 if again else 201), {"cv_capture_id": number, "duplicate": again}

    def heartbeat(self, payload):
        return 200, {"policy": self.server.policy, "server_time": int(time.time())}

    def _misbehaves(self, door, payload, body=0):
        with self.server.lock:
            self.server.calls.append((door, payload, dict(self.headers)))
            step = self.server.script[door].popleft() if self.server.script[door] else self.server.away
        if not step:
            return False
        status, headers = step if isinstance(step, tuple) else (step, {})
        if status == "cut":
            self.close_connection = True
            self.connection.close()
        elif status == "html":
            self._answer(200, None)
        elif status == "stall":
            time.sleep(30)
            self.close_connection = True
        else:
            self.rfile.read(body)
            self._answer(status, {"detail": f"said {status}", "errors": {"file_name": ["is odd"]}}, headers)
        return True

    def _answer(self, status, body, headers=None):
        text = json.dumps(body).encode() if body is not None else b"<html>Please sign in</html>"
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def with_tls(server, folder):
    """Puts TLS before the small server; returns the file of its certificate."""
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "ca.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*make, *files, *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    return str(folder / "ca.pem")
