"""Values that a statement names and that are told when it is carried out: it is then put together only once.

A synchronisation asks some hundred things of the store whatever it finds; for a list of few people, putting the larger
statements together took longer than carrying them out.

Public: `Value`, `text(name)`.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, String, bindparam

# A text, or the name under which it is told.
Value = str | BindParameter[str]


def text(name: str) -> BindParameter[str]:
    """A text by its name: one that no column has, or it could be taken for what a column is set to."""
    return bindparam(f"b_{name}", type_=String)
