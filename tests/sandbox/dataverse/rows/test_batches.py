"""$batch: order, change sets, references, failures."""

import json
from typing import Any

from dyntui.sandbox.state import State

from .api import Answer, Client, sign_in

ROOT = "/api/data/v9.2/"


def part(method: str, path: str, body: Any = None, content_id: int | None = None, **headers: str) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{method} {path} HTTP/1.1", "Content-Type: application/json; type=entry"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", "" if body is None else json.dumps(body), ""])


def change_set(*parts: str) -> str:
    inner = "".join(f"--changeset_1\r\n{each}" for each in parts)
    return f'Content-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n{inner}--changeset_1--\r\n'


def send(client: Client, *parts: str, **headers: str) -> Answer:
    body = "".join(f"--batch_1\r\n{each}" for each in parts) + "--batch_1--\r\n"
    return client.send("POST", "$batch", body.encode(), Content_Type='multipart/mixed; boundary="batch_1"', **headers)


def statuses(answer: Answer) -> list[int]:
    return [int(line.split()[1]) for line in answer.text.split("\r\n") if line.startswith("HTTP/1.1")]


CONTINUE = {"Prefer": "odata.continue-on-error"}


def test_requests_are_answered_in_order(admin: Client) -> None:
    answer = send(
        admin,
        part("POST", f"{ROOT}contacts", {"lastname": "Zoë"}),
        part("GET", f"{admin.state.urls.dataverse}{ROOT}contacts?$select=lastname&$filter=lastname eq 'Zoë'"),
        part("GET", "contacts/$count"),
    )
    assert answer.status == 200
    assert statuses(answer) == [204, 200, 200]
    assert '"lastname":"Zoë"' in answer.text
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")


def test_preferences_belong_to_their_part(admin: Client) -> None:
    answer = send(
        admin,
        part("POST", f"{ROOT}contacts", {"lastname": "A"}, Prefer="return=representation"),
        part("POST", f"{ROOT}contacts", {"lastname": "B"}),
    )
    assert statuses(answer) == [201, 204]


def test_a_failure_ends_the_batch_with_its_status(admin: Client) -> None:
    answer = send(
        admin,
        part("POST", f"{ROOT}contacts", {"lastname": "A"}),
        part("GET", f"{ROOT}contactz"),
        part("POST", f"{ROOT}contacts", {"lastname": "B"}),
    )
    assert answer.status == 404
    assert statuses(answer) == [204, 404]
    assert admin.get("contacts/$count").text == "1"


def test_the_batch_goes_on_after_a_failure_when_asked(admin: Client) -> None:
    answer = send(admin, part("GET", f"{ROOT}contactz"), part("POST", f"{ROOT}contacts", {"lastname": "B"}), **CONTINUE)
    assert answer.status == 200
    assert statuses(answer) == [404, 204]
    assert answer.headers["Preference-Applied"] == "odata.continue-on-error"


def test_a_change_set_happens_as_a_whole_or_not_at_all(admin: Client) -> None:
    answer = send(
        admin,
        change_set(
            part("POST", f"{ROOT}contacts", {"lastname": "A"}, 1),
            part("POST", f"{ROOT}contacts", {"lastname": "x" * 51}, 2),
        ),
        part("POST", f"{ROOT}contacts", {"lastname": "B"}),
        **CONTINUE,
    )
    assert answer.status == 200
    assert statuses(answer) == [400, 204]
    assert "Content-ID: 2" in answer.text
    assert [row["lastname"] for row in admin.get("contacts?$select=lastname").rows] == ["B"]


def test_a_failed_change_set_may_yield_an_error_for_each_part(admin: Client, state: State) -> None:
    state.config.dataverse.failed_change_set_parts = "each"
    answer = send(
        admin,
        change_set(
            part("POST", f"{ROOT}contacts", {"lastname": "A"}, 1), part("POST", f"{ROOT}contacts", {"nosuch": 1}, 2)
        ),
    )
    assert (answer.status, statuses(answer)) == (400, [400, 400])


def test_parts_of_a_change_set_can_refer_to_rows_created_before(admin: Client) -> None:
    answer = send(
        admin,
        change_set(
            part("POST", f"{ROOT}accounts", {"name": "A"}, 1),
            part("POST", f"{ROOT}contacts", {"lastname": "B", "parentcustomerid_account@odata.bind": "$1"}, 2),
            part("PATCH", "$2", {"jobtitle": "Boss"}, 3),
            part("PUT", "$1/name", {"value": "AA"}, 4),
        ),
    )
    assert statuses(answer) == [204, 204, 204, 204]
    row = admin.get("contacts?$expand=parentcustomerid_account($select=name)").rows[0]
    assert (row["jobtitle"], row["parentcustomerid_account"]["name"]) == ("Boss", "AA")


def test_an_unknown_reference_is_named(admin: Client) -> None:
    bound = {"lastname": "B", "parentcustomerid_account@odata.bind": "$9"}
    for parts in ([part("POST", f"{ROOT}contacts", bound, 1)], [part("PATCH", "$9", {}, 1)]):
        answer = send(admin, change_set(*parts))
        assert answer.status == 400
        assert "Content-ID Reference: '$9' does not exist in the batch context." in answer.text


def test_a_malformed_batch_is_an_ordinary_error(admin: Client) -> None:
    kind = {"Content_Type": 'multipart/mixed; boundary="batch_1"'}
    body = f"--batch_1\r\n{part('GET', f'{ROOT}contacts')}--batch_1--\r\n"
    for broken in (body.replace("\r\n", "\n"), body[:-12], "", body.replace("HTTP/1.1", "")):
        answer = admin.send("POST", "$batch", broken.encode(), **kind)
        assert (answer.status, answer.code) == (400, "0x80060888")
    assert admin.send("POST", "$batch", body.encode(), Content_Type="application/json").status == 400
    assert send(admin, change_set(part("GET", f"{ROOT}contacts", None, 1))).code == "0x80060888"
    assert send(admin, change_set(part("POST", f"{ROOT}contacts", {}))).code == "0x80060888"


def test_a_batch_has_1000_requests_at_most(admin: Client) -> None:
    assert send(admin, *[part("GET", "WhoAmI")] * 1001).status == 400


def test_a_batch_counts_as_a_write_only_when_a_part_writes(admin: Client) -> None:
    reading = send(admin, part("GET", f"{ROOT}contacts")).response
    assert (reading.route, reading.writes) == ("$batch", False)
    assert send(admin, part("POST", f"{ROOT}contacts", {"lastname": "A"})).response.writes


def test_the_requests_of_a_batch_act_for_whom_their_own_headers_name(admin: Client, state: State) -> None:
    """ "Per-part headers are independent" (dataverse_api.md 5.3); by switch all act for whom the batch names."""
    bea = sign_in(state, "bea", "Marketing Manager").get("WhoAmI").json["UserId"]

    def makers(**headers: str) -> list[str]:
        mine, theirs = state.ids.guid(), state.ids.guid()
        made = send(
            admin,
            part("POST", f"{ROOT}contacts", {"lastname": "x", "contactid": mine}),
            part("POST", f"{ROOT}contacts", {"lastname": "x", "contactid": theirs}, CallerObjectId=bea),
            **headers,
        )
        assert statuses(made) == [204, 204]
        return [admin.row("contacts", each)["_createdby_value"] for each in (mine, theirs)]

    me = admin.get("WhoAmI").json["UserId"]
    assert makers() == makers(CallerObjectId=bea) == [me, bea]
    state.config.dataverse.batch_parts_act_for = "batch"
    assert makers(CallerObjectId=bea) == [bea, bea] and makers() == [me, me]


def test_one_part_that_acts_for_nobody_known_costs_itself_and_batches_are_not_nested(admin: Client) -> None:
    odd = part("GET", f"{ROOT}contacts", CallerObjectId="x")
    assert statuses(send(admin, odd, part("GET", f"{ROOT}WhoAmI"), **CONTINUE)) == [403, 200]
    assert statuses(send(admin, part("POST", f"{ROOT}$batch"), **CONTINUE)) == [400]
