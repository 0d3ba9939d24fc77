"""In place of a service, for tests of what starts services: answers probes, and falls when it is told to."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    status = 200
    body = b'{"status": "ok"}'

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        return


class NeverReady(Ready):
    status = 503
    body = json.dumps({"detail": "missing: kafka"}).encode()


def main(name: str) -> None:
    if "migrate" in sys.argv:
        return
    if os.environ.get("STANDIN_FAILS") == name:
        raise RuntimeError("the stand-in was told to fail")
    handler = NeverReady if os.environ.get("STANDIN_NEVER_READY") == name else Ready
    HTTPServer((os.environ["HTTP_HOST"], int(os.environ["HTTP_PORT"])), handler).serve_forever()
