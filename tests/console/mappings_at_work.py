"""The service's own labels and mappings behind the console: use cases on a store of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dyntui.model.columns import Column
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import DataMapping
from dyntui.model.roles import Ability
from dyntui.service.answering import handlers_of
from dyntui.service.contract.events import Changed
from dyntui.service.contract.labels import LABELS_CHANGED
from dyntui.service.contract.mappings import (
    MAPPINGS_CHANGED,
    MAPPINGS_PREVIEW,
    MappingsPreview,
    PreviewPerson,
    PreviewValue,
)
from dyntui.service.identity import Identities
from dyntui.service.labels import Labels
from dyntui.service.mappings import Mappings
from dyntui.service.permission import CallContext
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.store import accounts, crm_columns, mappings
from dyntui.store import labels as label_store
from dyntui.store.accounts import EmailAccount, PersonLink
from tests.empty_store import open_empty_store

from .fake_service import FakeService
from .schedules_at_work import NOW

_READ_ON = "2026-03-03T08:00:00Z"


async def _everything(_: int) -> frozenset[Ability]:
    return frozenset(Ability)


class MappingsAtWork:
    """Answers `labels.*` and `mappings.*` of a fake service."""

    def __init__(self, service: FakeService, folder: Path) -> None:
        self.db = open_empty_store(folder / "store.db")
        with self.db.write() as c:
            accounts.put_account(
                c, EmailAccount(id="a", name="Highland", api_user="u", endpoint="e", region="r1", platform_id=1)
            )
            accounts.link_person(
                c, PersonLink(os_uid=1, user_id="u", object_id="o", name="Sigrid Larsen", linked_on="2026-03-01")
            )
            more = [
                Column(entity="contact", logical_name="address1_city", type="String", label="City", max_length=80),
                Column(entity="contact", logical_name="description", type="Memo", label="About", max_length=2000),
            ]
            for entity in ("account", "contact", "lead"):
                own = [each for each in crm_columns.STANDARD.values() if each.entity == entity]
                found = [*own, *(more if entity == "contact" else ())]
                crm_columns.replace(c, entity, found, _READ_ON)
            town = DataLabel(name="TOWN", type=LabelType.STRING, synchronised=True)
            clash = DataLabel(name="CLASH", type=LabelType.STRING, conflict="Date")
            label_store.put(c, "a", [*label_store.STANDARD, town, clash], _READ_ON)
        resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(folder)}),
            db=self.db,
            secrets=None,  # type: ignore[arg-type]
            connections=None,  # type: ignore[arg-type]
            clock=lambda: NOW,
            ids=lambda: "id",
            publish=lambda name, params, key="": None,
        )
        people = Identities(resources)
        context = CallContext(1, _everything)

        def answered_by(name: str, handler: Callable[..., Any]) -> Callable[[Any], Any]:
            async def answer(request: Any) -> Any:
                answered = await handler(context, request)
                if name.rpartition(".")[2] in ("create", "delete", "save"):
                    for event in (LABELS_CHANGED, MAPPINGS_CHANGED):
                        service.emit(event.name, Changed())
                return answered

            return answer

        handlers = handlers_of(Labels(resources, people), Mappings(resources, people))
        answers = {name: answered_by(name, each) for name, each in handlers.items()}
        service.answer_with(answers | {MAPPINGS_PREVIEW.name: self._preview})

    def close(self) -> None:
        self.db.close()

    def mapped(self) -> tuple[DataMapping, ...]:
        with self.db.read() as c:
            return mappings.current(c, "a").mappings

    def labelled(self) -> dict[str, DataLabel]:
        with self.db.read() as c:
            return {each.name: each for each in label_store.labels(c, "a")}

    async def _preview(self, request: Any) -> MappingsPreview:
        def value(label: str, **more: Any) -> PreviewValue:
            return PreviewValue(
                label=label,
                column=label.lower(),
                direction="to dotdigital",
                **{"given": "x", "before": "", "after": "x", "changes": True, **more},
            )

        rejected = value("ABOUT", after="", changes=False, rejected="1500 characters are more than the 1000")
        ann = PreviewPerson(
            person="1",
            entity=request.entity.value,
            name="Ann [b]Lund",
            address="ann@x.org",
            in_dotdigital=True,
            values=(value("TOWN", given="Oslo", after="Oslo"), rejected),
        )
        return MappingsPreview(people=(ann,))
