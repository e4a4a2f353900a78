"""Files of compiled code. Each begins with a digest of its code and of what that was
made from, so none is damaged or stale.
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

SIZE = hashlib.sha256().digest_size


def read_code(path: Path, made_from: bytes) -> bytes | None:
    """Return the code in a file; None if there is none, or if it is damaged or was made
    from something else.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[SIZE:]
    return code if content[:SIZE] == _digest(code, made_from) else None


def write_code(path: Path, made_from: bytes, code: bytes) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
    try:
        new.write_bytes(_digest(code, made_from) + code)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _digest(code: bytes, made_from: bytes) -> bytes:
    return hashlib.sha256(made_from + hashlib.sha256(code).digest()).digest()
