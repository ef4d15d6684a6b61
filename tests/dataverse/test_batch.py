"""`$batch`: what is written, and how every shape of answer is read."""

from __future__ import annotations

import json

import httpx
import pytest

from dyntui.dataverse import batch
from dyntui.dataverse.batch import ChangeSet, ChangeSetReply, Part, PartReply
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from tests.dataverse.conversation import Conversation, error

# The reference's sample answer (data/sample_responses.json, batch).
SAMPLE = (
    "--batchresponse_91c2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    'HTTP/1.1 200 OK\r\nContent-Type: application/json; odata.metadata=minimal\r\nETag: W/"2751001"\r\n'
    'OData-Version: 4.0\r\n\r\n{"fullname":"Ada Example","contactid":"00000015-0000-4000-8000-000000000015"}\r\n'
    "--batchresponse_91c2\r\nContent-Type: multipart/mixed; boundary=changesetresponse_aa01\r\n\r\n"
    "--changesetresponse_aa01\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n"
    "HTTP/1.1 204 No Content\r\nOData-EntityId: https://x/contacts(00000021-0000-4000-8000-000000000021)\r\n\r\n\r\n"
    "--changesetresponse_aa01\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\n"
    "HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n\r\n\r\n"
    "--changesetresponse_aa01--\r\n--batchresponse_91c2--\r\n"
)


def answered(raw: str, status: int = 200, boundary: str = "batchresponse_91c2") -> httpx.Response:
    kind = f"multipart/mixed; boundary={boundary}"
    return httpx.Response(status, content=raw.encode(), headers={"Content-Type": kind})


ITEMS = [
    Part("GET", "contacts(00000015-0000-4000-8000-000000000015)?$select=fullname"),
    ChangeSet(
        [
            Part("POST", "contacts", {"lastname": "Zoë"}),
            Part("PATCH", "accounts(1)", {"primarycontactid@odata.bind": "$1"}, {"If-Match": "*"}),
        ]
    ),
]


async def test_a_batch_is_written_with_carriage_returns_and_read_part_by_part():
    talk = Conversation(answered(SAMPLE))
    async with talk.client() as dv:
        first, second = await batch.run(dv, ITEMS)
    sent = talk.requests[0].content
    assert sent.replace(b"\r\n", b"").count(b"\n") == 0
    assert b"PATCH /api/data/v9.2/accounts(1) HTTP/1.1\r\nAccept: application/json\r\n" in sent
    assert b"Content-ID: 2\r\n" in sent
    assert '{"lastname":"Zoë"}'.encode() in sent
    assert talk.requests[0].headers["Prefer"] == "odata.continue-on-error"
    assert isinstance(first, PartReply)
    assert first.reply is not None
    assert json.loads(first.reply.body)["fullname"] == "Ada Example"
    assert first.reply.headers["etag"] == 'W/"2751001"'
    assert isinstance(second, ChangeSetReply)
    assert [reply.status for reply in second.replies] == [204, 204]


async def test_every_part_of_a_batch_names_for_whom_it_acts():
    """ "Per-part headers are independent" (dataverse_api.md 5.3)."""
    somebody = "0000000b-0000-4000-8000-00000000000b"
    talk = Conversation(answered(SAMPLE), answered(SAMPLE))
    async with talk.client() as dv:
        await batch.run(dv, ITEMS, caller=somebody)
        await batch.run(dv, ITEMS)
    acting, own = (request.content for request in talk.requests)
    assert acting.count(f"CallerObjectId: {somebody}\r\n".encode()) == acting.count(b" HTTP/1.1\r\n") > 1
    assert b"CallerObjectId" not in own


async def test_a_failed_change_set_answers_with_its_one_error():
    failure = 'HTTP/1.1 412 Precondition Failed\r\n\r\n{"error":{"code":"0x80040237","message":"exists"}}'
    raw = (
        "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n"
        f"--b\r\nContent-Type: application/http\r\n\r\n{failure}\r\n--b--\r\n"
    )
    talk = Conversation(answered(raw, boundary="b"))
    async with talk.client() as dv:
        _, second = await batch.run(dv, ITEMS)
    assert isinstance(second, ChangeSetReply)
    assert second.replies == []
    assert second.error is not None
    assert second.error.code == "DATAVERSE_DUPLICATE"


async def test_without_continue_on_error_the_answers_end_at_the_first_failure():
    failure = 'HTTP/1.1 404 Not Found\r\n\r\n{"error":{"code":"0x80040217","message":"gone"}}'
    raw = f"--b\r\nContent-Type: application/http\r\n\r\n{failure}\r\n--b--\r\n"
    talk = Conversation(answered(raw, status=404, boundary="b"))
    async with talk.client() as dv:
        answers = await batch.run(dv, [ITEMS[0], ITEMS[0]], continue_on_error=False)
    assert "Prefer" not in talk.requests[0].headers
    assert len(answers) == 1
    assert answers[0].error is not None
    assert answers[0].error.code == "DATAVERSE_ROW_GONE"


async def test_a_malformed_batch_is_an_error_of_the_whole():
    talk = Conversation(error(400, "0x80040203", "Content-ID Reference: '$1' does not exist in the batch context."))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await batch.run(dv, ITEMS)
    assert raised.value.code == "DATAVERSE_BAD_ARGUMENT"


async def test_a_batch_that_only_reads_is_repeated_and_one_that_writes_is_not():
    cut = answered(SAMPLE[: len(SAMPLE) // 2])
    talk = Conversation(cut, answered(SAMPLE), cut)
    async with talk.client() as dv:
        await batch.run(dv, [ITEMS[0]])
        with pytest.raises(UnknownOutcome):
            await batch.run(dv, ITEMS)
    assert talk.calls == [("read", "POST $batch")] * 2 + [("write", "POST $batch")]


def test_a_header_cannot_smuggle_a_request_into_a_batch():
    with pytest.raises(ValueError, match="line break"):
        batch._written(
            [Part("GET", "contacts", headers={"Prefer": "x\r\nDELETE /api/data/v9.2/contacts(1)"})], "b", None
        )
