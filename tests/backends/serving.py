"""A chat endpoint on this machine that behaves, or misbehaves, as a test wants."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def completion(text: Any, **more: Any) -> bytes:
    """Return the body of a chat completion."""
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}], **more}).encode()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    wbufsize = -1  # an answer leaves in one piece

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append((self.path, dict(self.headers), body))
        with contextlib.suppress(OSError):  # the client may have hung up
            self.server.behave(self, number, body)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """Send a header that never ends."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.closing:
            self.wfile.write(b"a")
            self.wfile.flush()
            time.sleep(0.01)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Answers every request with `behave(handler, number, body)`; `asked` holds (path, headers, body) of each."""

    daemon_threads, request_queue_size = True, 64

    def __init__(self, behave):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave, self.asked, self.lock, self.closing = behave, [], threading.Lock(), False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextlib.contextmanager
def serving(behave):
    """Run a server for the time of a test."""
    server = Server(behave)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing = True
        server.shutdown()
        server.server_close()
        thread.join()
