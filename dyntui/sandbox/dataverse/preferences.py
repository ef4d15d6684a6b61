"""The Prefer header: what a client asks for and what is honoured (compose-http-requests-handle-errors)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dyntui.sandbox.dataverse.errors import bad_request

MAX_PAGE_SIZE = 5000
_PREFERENCE = re.compile(r'\s*([^=,;\s]+)\s*(?:=\s*(?:"([^"]*)"|([^,;\s]*)))?\s*(?:;[^,]*)?(?:,|$)')

FORMATTED_VALUE = "OData.Community.Display.V1.FormattedValue"
LOOKUP_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is preferred. `annotations` are patterns, None when none are asked for; `page_size` is 1..5000."""

    representation: bool = False
    minimal: bool = False
    annotations: tuple[str, ...] | None = None
    page_size: int | None = None
    track_changes: bool = False
    continue_on_error: bool = False

    def wants(self, annotation: str) -> bool:
        """Whether an annotation is asked for: by its name, by `Namespace.*` or by `*`; `-pattern` takes out again."""
        if not self.annotations:
            return False
        if any(fnmatchcase(annotation, each[1:]) for each in self.annotations if each.startswith("-")):
            return False
        return any(fnmatchcase(annotation, each) for each in self.annotations)

    def applied(self, *kinds: str) -> dict[str, str]:
        """The Preference-Applied header for those of `kinds` that were asked for.

        Kinds: return, annotations, maxpagesize, track-changes, continue-on-error.
        """
        parts = []
        for kind in kinds:
            if kind == "return" and (self.representation or self.minimal):
                parts.append(f"return={'representation' if self.representation else 'minimal'}")
            elif kind == "annotations" and self.annotations is not None:
                parts.append(f'odata.include-annotations="{",".join(self.annotations)}"')
            elif kind == "maxpagesize" and self.page_size is not None:
                parts.append(f"odata.maxpagesize={self.page_size}")
            elif (kind == "track-changes" and self.track_changes) or (
                kind == "continue-on-error" and self.continue_on_error
            ):
                parts.append(f"odata.{kind}")
        return {"Preference-Applied": ",".join(parts)} if parts else {}


def read(headers: Mapping[str, str]) -> Preferences:
    """The preferences of a request, unknown ones passed over. Raises DataverseError for a page size of no number."""
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(headers.get("prefer", "")):
        name, in_quotes, bare = match.groups()
        found[name.lower().removeprefix("odata.")] = in_quotes if in_quotes is not None else bare or ""
    annotations = found.get("include-annotations")
    size = found.get("maxpagesize")
    if size is not None and not (size.isascii() and size.isdigit() and int(size) > 0):
        raise bad_request(f"The value '{size}' of the preference odata.maxpagesize is not a positive number.")
    return Preferences(
        representation=found.get("return") == "representation",
        minimal=found.get("return") == "minimal",
        annotations=None if annotations is None else tuple(part.strip() for part in annotations.split(",")),
        page_size=None if size is None else min(int(size), MAX_PAGE_SIZE),
        track_changes="track-changes" in found,
        continue_on_error="continue-on-error" in found and found["continue-on-error"] != "false",
    )
