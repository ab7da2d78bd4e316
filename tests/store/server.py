# SPDX-License-Identifier: Apache-2.0
"""A web server on 127.0.0.1 that misbehaves as told, and remembers what it was asked."""
import http.server
import re
import socket
import ssl
import threading


class Server:
    """routes: path -> function(handler, n) for the n-th request of that path, from 1."""

    def __init__(self, certificate=None):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with outer.lock:
                    outer.requests.append((self.path, self.headers.get("Range")))
                    n = sum(path == self.path for path, _ in outer.requests)
                route = outer.routes.get(self.path)
                if route:
                    route(self, n)
                else:
                    reply(self, 404, b"not here")

            def log_message(self, *args):
                pass

        self.routes, self.requests, self.lock = {}, [], threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda request, address: None  # clients that go away are the point
        self.server.daemon_threads = True
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def asked(self, path):
        """The Range headers of every request of a path."""
        return [r for p, r in self.requests if p == path]


def reply(h, status, body=b"", length=True, **headers):
    h.send_response(status)
    if length:
        h.send_header("Content-Length", str(len(body)))
    else:
        h.send_header("Connection", "close")
        h.close_connection = True
    for key, value in headers.items():
        h.send_header(key.replace("_", "-"), value)
    h.end_headers()
    h.wfile.write(body)


def whole(data):
    """Knows no ranges."""
    return lambda h, n: reply(h, 200, data)


def ranged(data):
    def route(h, n):
        m = re.match(r"bytes=(\d+)-$", h.headers.get("Range", ""))
        if not m:
            return reply(h, 200, data)
        start = int(m.group(1))
        if start >= len(data):
            return reply(h, 416, b"no")
        return reply(h, 206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
    return route


def status(code):
    return lambda h, n: reply(h, code, b"an error page")


def cut_after(data, count, then):
    """The first answer announces everything and breaks off; later ones are @then's."""
    def route(h, n):
        if n > 1:
            return then(h, n)
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data[:count])
        h.wfile.flush()
        h.close_connection = True
        return h.connection.shutdown(socket.SHUT_RDWR)
    return route


def moved(to, code=302):
    return lambda h, n: reply(h, code, b"moved", Location=to)


def failing(times, then, code=503):
    return lambda h, n: reply(h, code, b"busy") if n <= times else then(h, n)
