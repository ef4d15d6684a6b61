"""The store's schema through time: one revision per change, applied when a store is opened."""

from __future__ import annotations

# What a store of this version is at; a test holds it equal to the last revision in `versions`.
HEAD = "0076"

VERSION_TABLE = "store_version"

# The revision of a store that was moved to another database; the watermark of this name says to which.
MOVED = "moved"
