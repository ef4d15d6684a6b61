"""Split-test campaigns of v2: several versions of one mail, and which of them did best (7.2, 7.3).

What tells the versions apart is kept with the campaign as texts, one for each version.
"""

from collections.abc import Mapping
from typing import Any

from dyntui.sandbox.dotdigital import campaigns, codec
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

_PARTS = (
    ("subjects", "subject"),
    ("fromnames", "fromname"),
    ("htmlcontents", "htmlcontent"),
    ("plaintextcontents", "plaintextcontent"),
)


def create(call: Call) -> Response:
    """POST /v2/campaigns/split-test: each part of the mail as an array, at least one of them with two versions: 201."""
    body = call.bound()
    given = {name: _versions(body, plural) for plural, name in _PARTS}
    senders = body.get("fromaddresses")
    chosen = [each for each in senders if isinstance(each, dict)] if isinstance(senders, list) else []
    differing = next((texts for texts in given.values() if len(texts) > 1), [str(each) for each in chosen])
    if len(differing) < 2 or not all(given.values()):
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    first: Mapping[str, Any] = {**body, **{name: texts[0] for name, texts in given.items()}}
    if chosen:
        first = {**first, "fromaddress": chosen[0]}
    campaign = campaigns.insert(call, campaigns.described(call, first), "Standard", codec.text(differing))
    action, reply_to, status = call.state.db.execute(
        "SELECT reply_action, reply_to, status FROM dd_campaign WHERE id = ?", (campaign,)
    ).fetchone()
    answer = {
        "id": campaign,
        "name": body["name"],
        "subjects": given["subject"],
        "fromNames": given["fromname"],
        "fromAddresses": chosen,
        "htmlContents": given["htmlcontent"],
        "plainTextContents": given["plaintextcontent"],
        "replyAction": action,
        "replyToAddress": reply_to,
        "status": status,
        "customReplyToAddress": None,
    }
    return codec.answer(answer, 201)


def _versions(body: Mapping[str, Any], name: str) -> list[str]:
    texts = body.get(name)
    return [text for text in texts if isinstance(text, str) and text] if isinstance(texts, list) else []


def results(call: Call) -> Response:
    """GET /v2/campaigns/{id}/split-test: recipients share the versions evenly; the one with most of what its send
    measured wins, opens where it has not been sent."""
    campaign = campaigns.existing(call)
    subject, from_name, sender, split = call.state.db.execute(
        "SELECT c.subject, c.from_name, f.email, c.split_options FROM dd_campaign c JOIN dd_from_address f"
        " ON f.id = c.from_id WHERE c.id = ?",
        (campaign,),
    ).fetchone()
    if split is None:
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    texts: list[str] = codec.decode(split)
    metric = _metric(call.state, campaign)
    opened = {
        version: (opens, opens / sent if sent else 0.0)
        for version, sent, opens in call.state.db.execute(
            f"SELECT contact_id % ? AS version, count(*), {_MEASURED[metric]} FROM dd_recipient r"  # noqa: S608 - constants
            " WHERE campaign_id = ?"
            " GROUP BY version",
            (len(texts), campaign),
        )
    }
    best = max(opened, key=lambda version: opened[version][1], default=None)
    versions = []
    for number, text in enumerate(texts):
        opens, share = opened.get(number, (0, 0.0))
        versions.append(
            {
                "subjectLine": subject,
                "fromName": from_name,
                "fromAddress": sender,
                "htmlContent": None,
                "plainTextContent": None,
                "version": text,
                "winningVersion": number == best,
                "resultsActual": opens,
                "resultsPercentage": round(100 * share, 2),
            }
        )
    return codec.answer({"versions": versions, "splitTestWinnerMetric": metric})


_MEASURED = {
    "Opens": "sum(opens > 0)",
    "Clicks": "sum(clicks > 0)",
    "ROI": "sum(EXISTS (SELECT 1 FROM dd_event e WHERE e.campaign_id = r.campaign_id AND e.contact_id = r.contact_id"
    " AND e.kind = 'roi' AND e.applied = 1))",
}


def _metric(state: State, campaign: int) -> str:
    row = state.db.execute(
        "SELECT split FROM dd_send WHERE campaign_id = ? AND split IS NOT NULL ORDER BY created DESC LIMIT 1",
        (campaign,),
    ).fetchone()
    return str(codec.decode(row[0])["testMetric"]) if row else "Opens"
