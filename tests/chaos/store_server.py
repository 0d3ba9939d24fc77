"""An S3 server that keeps its objects over a kill: localbucket, which stores each object as a file, and the one
operation of S3 that it lacks and obstore uses, DeleteObjects. `python -m tests.chaos.store_server FOLDER PORT`.
"""

import sys
import xml.etree.ElementTree as ET
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import Any

from localbucket import S3Error, S3Handler

from feuilleton_local.ports import LOOPBACK

BUCKET = "feuilleton"
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class StoreHandler(S3Handler):  # type: ignore[misc]  # no types
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
        """Say nothing: a line a request is no news."""

    def _post_request(self, bucket: str, key: str) -> None:
        if key or "delete" not in self.query:
            super()._post_request(bucket, key)
            return
        keys = [entry.text or "" for entry in ET.fromstring(self._read_body()).iter() if entry.tag.endswith("Key")]  # noqa: S314 (our own client's)
        result = ET.Element("DeleteResult")
        for each in keys:
            self._remove(bucket, each)
            ET.SubElement(ET.SubElement(result, "Deleted"), "Key").text = each
        self._send_xml(result)

    def _read_body(self) -> bytes:
        """Of a connection that was cut nothing is stored: its body is shorter than announced."""
        announced = int(self.headers.get("Content-Length") or 0)
        body: bytes = super()._read_body()
        if len(body) < announced:
            self.close_connection = True
            raise S3Error(HTTPStatus.BAD_REQUEST, "IncompleteBody", "The body is shorter than announced.")
        return body

    def _remove(self, bucket: str, key: str) -> None:
        target = self._object_path(bucket, key)
        if target.is_file():
            target.unlink(missing_ok=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is what campaigns are about."""


def main(folder: Path, port: int) -> None:
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    StoreHandler.data_root = folder
    server: BaseServer = _Server((LOOPBACK, port), StoreHandler)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
