"""Serve a WSGI app over TLS on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cheroot import errors, wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from sandbox.simkit.faults import LostReply
from sandbox.simkit.run_dir import RunDir

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Gateway(wsgi.Gateway_10):
    def respond(self) -> None:
        try:
            super().respond()
        except LostReply:
            # cheroot takes this for a broken connection and closes it. Nothing has been written by then.
            raise errors.FatalSSLAlert from None


class TlsServer(wsgi.Server):
    """HTTP/1.1 with keep-alive on 127.0.0.1; the port is chosen by the system when 0.

    The port is bound by `__init__`, so an app may be told its own address before it is served
    (`server.wsgi_app = app`).
    """

    def __init__(
        self, app: WSGIApplication | None, run_dir: RunDir, *, port: int = 0, threads: int = 16
    ) -> None:
        super().__init__(
            ("127.0.0.1", port), app, numthreads=threads, request_queue_size=128, server_name="localhost"
        )
        certificate = str(run_dir.server_certificate)
        self.ssl_adapter = BuiltinSSLAdapter(certificate, certificate)
        self.gateway = _Gateway
        #: Seconds that an idle connection is kept, and that a request may take to arrive.
        self.timeout = 120
        self.keep_alive_conn_limit = 200
        self.shutdown_timeout = 2
        self.prepare()

    @property
    def port(self) -> int:
        port: int = self.bind_addr[1]
        return port

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        # A client that leaves in the middle of a handshake is its own business; a failing app is ours.
        if level >= 40:
            super().error_log(msg, level, traceback)

    @contextmanager
    def running(self) -> Iterator[TlsServer]:
        """Serve in a thread; leaving the block stops it and closes the port."""
        thread = threading.Thread(target=self.serve, name=f"tls-{self.port}", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            thread.join(timeout=10)


@contextmanager
def serve_in_thread(app: Any, run_dir: RunDir, *, port: int = 0, threads: int = 8) -> Iterator[TlsServer]:
    """Serve `app` while the block runs; the value has `origin`, and `run_dir.ssl_context()` trusts it."""
    with TlsServer(app, run_dir.prepare(), port=port, threads=threads).running() as server:
        yield server
