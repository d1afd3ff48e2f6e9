"""Stands between a desk and the real doors, forwards every call unchanged, and kills at a chosen point."""

import http.client
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Checkpoint(ThreadingHTTPServer):
    """`trap` is (door, "before" or "after"); when a call comes by there, `spring` is called, once."""

    daemon_threads = True

    def __init__(self, system):
        super().__init__(("127.0.0.1", 0), Forward)
        self.system, self.token, self.behind = system, system.token, urllib.parse.urlsplit(system.url).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.trap, self.spring = None, None

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def passing(self, door, side):
        """Springs the trap if it is set here."""
        if self.trap == (door, side):
            self.trap = None
            self.spring()

    def handle_error(self, request, client_address):
        """The client was killed: that is the point."""


class Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Says nothing."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        door = self.path.rsplit("/", 1)[1]
        self.server.passing(door, "before")
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        headers = {
            name: self.headers[name] for name in ("Authorization", "Content-Type", "Accept") if name in self.headers
        }
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.server.passing(door, "after")
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
