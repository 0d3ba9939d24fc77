"""An OIDC provider on loopback: a real HTTP server with keys that a test makes, renews and takes away."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

AUDIENCE = "feuilleton"
Json = dict[str, Any]
PrivateKey = RSAKey | ECKey | OKPKey
_MINUTES = 60


@dataclass
class Provider:
    """`answers` are by path; `asked` counts requests for the keys."""

    url: str = ""
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    published: list[Json] = field(default_factory=list)
    raw: bytes | None = None
    status: int = 200
    issuer_told: str | None = None
    delay_seconds: float = 0.0
    asked: int = 0

    def add_key(self, kid: str, kind: str = "EC", *, publish: bool = True) -> None:
        made: PrivateKey
        if kind == "RSA":
            made = RSAKey.generate_key(2048, {"kid": kid})
        elif kind == "OKP":
            made = OKPKey.generate_key("Ed25519", {"kid": kid})
        else:
            made = ECKey.generate_key("P-256", {"kid": kid})
        self.keys[kid] = made
        if publish:
            self.publish(kid)

    def publish(self, kid: str) -> None:
        self.published.append(dict(self.keys[kid].as_dict(private=False)))

    def claims(self, **changes: Any) -> Json:
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "user-7", "exp": now + _MINUTES, "tenant": "acme", **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid: str = "one", algorithm: str = "ES256", *, header: Json | None = None, **changes: Any) -> str:
        head = {"alg": algorithm, "kid": kid, "typ": "JWT", **(header or {})}
        return jwt.encode(head, self.claims(**changes), self.keys[kid], algorithms=[algorithm])

    def documents(self) -> Mapping[str, object]:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer_told or self.url,
                "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": self.published},
        }


def unsigned(header: Json, claims: Json, signature: str = "") -> str:
    """A token that nobody signed."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join([*parts, signature])


@contextmanager
def providing() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/keys":
                provider.asked += 1
                time.sleep(provider.delay_seconds)
            document = provider.documents().get(self.path)
            body = provider.raw if provider.raw is not None else json.dumps(document).encode()
            self.send_response(provider.status if document is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
