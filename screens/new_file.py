"""The file that a dialog asks for, to be written: its name, and why it cannot be taken."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def whole(file: str) -> Path:
    """The path that a person names. Raises RuntimeError where it begins with the home of somebody unknown."""
    named = Path(file).expanduser()
    try:
        return named.absolute()
    except OSError:
        # The folder in which the console was started is gone.
        return named


def free(name: str, suffix: str) -> str:
    """The name with this ending, and a number where such a file is there already."""
    tried, count = f"{name}{suffix}", 1
    # What cannot be asked is told when it is written.
    with suppress(OSError):
        while whole(tried).exists():
            count += 1
            tried = f"{name}-{count}{suffix}"
    return tried


def unusable(file: str) -> str:
    """Why no file can have this name; nothing where one can."""
    if not file:
        return "A file needs a name."
    try:
        whole(file).exists()
    except (OSError, RuntimeError, ValueError) as error:
        return f"This name cannot be used: {getattr(error, 'strerror', None) or error}. Name another file."
    return ""


def refusal(file: str) -> str:
    """Why no new file can have this name; nothing where it can."""
    if why := unusable(file):
        return why
    return f"{file} is there already, and stays as it is. Name another file." if whole(file).exists() else ""


def not_written(file: Path, error: OSError) -> str:
    """Why it could not be written after all."""
    return f"{file}: {error.strerror or error}. Nothing was written."
