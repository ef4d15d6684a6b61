"""Labels of definitions: texts in several languages, as the Web API writes and reads them."""

from collections.abc import Collection, Mapping
from typing import Any

from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.stable_ids import stable_id

Languages = dict[int, str]
_MOST_LANGUAGE = 65_536


def write(
    text: str, language: int, others: Mapping[int, str] | None = None, *, managed: bool = False
) -> dict[str, Any]:
    """A Label object of `text` in the organisation's language and further languages; an empty one for no text."""
    texts = ({language: text} if text else {}) | {
        key: value for key, value in (others or {}).items() if key != language
    }
    localized = [
        {
            "Label": value,
            "LanguageCode": key,
            "IsManaged": managed,
            "MetadataId": stable_id(f"label {key} {value}"),
            "HasChanged": None,
        }
        for key, value in sorted(texts.items(), key=lambda pair: (pair[0] != language, pair[0]))
    ]
    return {"LocalizedLabels": localized, "UserLocalizedLabel": localized[0] if localized else None}


def read(value: Any, language: int) -> tuple[str, Languages]:
    """(text in the organisation's language, texts in all others) of a Label object; ("", {}) for null.

    Raises DataverseError when it is no Label.
    """
    if value is None:
        return "", {}
    if not isinstance(value, dict):
        raise invalid_argument("A Label with LocalizedLabels is expected.")
    texts: Languages = {}
    localized = value.get("LocalizedLabels") or []
    if not isinstance(localized, list):
        raise invalid_argument("LocalizedLabels must be a list.")
    for each in localized:
        if not isinstance(each, dict) or not isinstance(each.get("Label"), str):
            raise invalid_argument("A LocalizedLabel needs a Label and a LanguageCode.")
        code = each.get("LanguageCode", language)
        if isinstance(code, bool) or not isinstance(code, int) or not 0 < code < _MOST_LANGUAGE:
            raise invalid_argument("A LanguageCode is a number.")
        texts[code] = each["Label"]
    user = value.get("UserLocalizedLabel")
    if not texts and isinstance(user, dict) and isinstance(user.get("Label"), str):
        texts[language] = user["Label"]
    text = texts.pop(language, None)
    if text is None:
        text = next(iter(texts.values()), "")
    return text, texts


def check_languages(value: Any, provisioned: Collection[int]) -> None:
    """Raises DataverseError InvalidLanguageCode (0x80044195, the code is [inferred]) for a Label object with a text in
    a language that is not provisioned. `provisioned`: none for any."""
    given = value.get("LocalizedLabels") if isinstance(value, dict) else None
    for each in given if provisioned and isinstance(given, list) else ():
        code = each.get("LanguageCode") if isinstance(each, dict) else None
        if code is not None and code not in provisioned:
            raise DataverseError(
                "0x80044195", f"The language code {code} is not a valid language for this organization."
            )
