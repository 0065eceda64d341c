"""A web server that serves the files of a data set, and that has bad habits."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Mapping


class Mirror:
    """A web server on this machine, with files, and with bad habits."""

    def __init__(self, files: Mapping[str, bytes], certificate: tuple[str, str] | None = None) -> None:
        self.files = {f"{name}.gz": content for name, content in files.items()}
        self.habit = "good"
        self.target = ""
        self.requests: list[str] = []
        self.half_sent = threading.Event()
        self.resume = threading.Event()
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            do_HEAD = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_port}/mnist/"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The hands are shaken by the thread that serves the connection.
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        # Connections that a client gives up are no news.
        self.server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        self.requests.append(f"{handler.command} {name}")
        content = self.files[name]
        if self.habit == "error page":
            content = b"<html><title>Welcome to our hotel's network</title></html>"
        if self.habit == "truncated":
            content = content[:-1]
        if self.habit == "other content":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.habit == "redirects":
            handler.send_response(302)
            handler.send_header("Location", f"{self.target}{name}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(404 if self.habit == "gone" else 200)
        asked = "gzip" in handler.headers.get("Accept-Encoding", "")
        if self.habit == "encoded" or (self.habit == "encoded if asked" and asked):
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        if self.habit == "drips":
            for start in range(0, len(content), 4096):
                handler.wfile.write(content[start : start + 4096])
                handler.wfile.flush()
                if self.resume.wait(0.2):
                    return
            return
        half = len(content) // 2
        handler.wfile.write(content[:half])
        handler.wfile.flush()
        if self.habit == "breaks off":
            return
        if self.habit == "slow":
            time.sleep(0.3)
        if self.habit == "stalls":
            self.half_sent.set()
            self.resume.wait(30)
            return
        handler.wfile.write(content[half:])

    def close(self) -> None:
        self.resume.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def sent(self) -> list[str]:
        return [request.removeprefix("GET ") for request in self.requests if request.startswith("GET ")]


def unused_address() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{listener.getsockname()[1]}/"
