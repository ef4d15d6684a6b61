"""Every request and answer as JSON lines, with secrets masked."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from dyntui.sandbox.request import Request, Response

_MASK = "***"
_SECRET_HEADERS = {"authorization", "cookie", "set-cookie"}
_MASKED_NAMES = "client_secret|client_assertion|refresh_token|access_token|id_token|device_code|password|code"
_SECRET_FIELD = re.compile(rf"(^|&)({_MASKED_NAMES})=[^&]*")
_SECRET_MEMBER = re.compile(rf'("(?:{_MASKED_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: _MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _body(body: bytes, content_type: str) -> str:
    text = _text(body)
    if "form-urlencoded" in content_type:
        return _SECRET_FIELD.sub(rf"\1\2={_MASK}", text)
    return _SECRET_MEMBER.sub(rf'\1"{_MASK}"', text)


class Recorder:
    """Appends to a file which only its owner can read; one line for each call, flushed at once."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def record(self, at: datetime, system: str, request: Request, response: Response | None) -> None:
        """`response` is None when the connection was dropped without an answer."""
        # Business systems' bodies hold no credentials, and a customer may well have a field named "password".
        masked = system == "entra"
        line = {
            "t": at.isoformat(),
            "method": request.method,
            "url": request.url,
            "request_headers": _headers(request.headers),
            "request_body": _body(request.body, request.headers.get("Content-Type", ""))
            if masked
            else _text(request.body),
            "status": response.status if response else None,
            "response_headers": _headers(response.headers) if response else {},
            "response_body": (_body(response.body, "") if masked else _text(response.body)) if response else None,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
