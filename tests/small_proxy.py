"""A small reverse proxy with TLS that asks who somebody is, as an operator puts before the review page.

It does what docs/how-to/review-in-the-browser.md asks of one: hands on the ``Host``, strips both headers from what
browsers send, and sets them itself for whom it knows.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TIMEOUT_S = 60.0
_NOT_HANDED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "authorization"})
_ITS_OWN = frozenset({"x-forwarded-user", "x-review-proxy-secret"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: ClassVar[str]
    secret: ClassVar[str]

    def do_GET(self) -> None:
        """Hand a request on, and its answer back."""
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        there = http.client.HTTPConnection(self.upstream, timeout=TIMEOUT_S)
        there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _NOT_HANDED_ON | _ITS_OWN:
                there.putheader(name, value)
        if person := self._person():
            there.putheader("X-Forwarded-User", person)
            there.putheader("X-Review-Proxy-Secret", self.secret)
        there.endheaders(body)
        answer = there.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_HANDED_ON | {"content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        there.close()

    do_POST = do_GET  # noqa: N815 - the base calls it so

    def _person(self) -> str:
        """The name that the browser signed in with; who knows it may have it here."""
        kind, _, words = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(words).decode().partition(":")[0] if kind == "Basic" else ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """A test reads answers, no log."""


@contextmanager
def proxy(folder: Path, *, upstream: str, host: str, secret: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Its address, and what its certificate is trusted by. ``upstream``: the page's own address."""
    certificate, context = _certificate(folder, host), ssl.create_default_context(cafile=None)
    context.load_verify_locations(certificate)
    handler = type("Handler", (_Handler,), {"upstream": urlsplit(upstream).netloc, "secret": secret})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    server.socket = served.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", context
    finally:
        server.shutdown()
        thread.join(timeout=TIMEOUT_S)
        server.server_close()


def _certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "proxy.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
