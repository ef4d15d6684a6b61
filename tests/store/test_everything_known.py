"""What a subject request finds in the store."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from dyntui.store import everything_known
from dyntui.store.schema import activity, former_address, list_member, metadata, opt_out, recipient, shadow

# Tables that say nothing of a person: accounts, definitions, runs and what is counted of them. A new table belongs here
# or is found by what its columns are called.
OF_NOBODY = {
    *("admin_change", "budget_grant", "budget_limit", "budget_window", "campaign", "campaign_target", "change_part"),
    *(
        "cheap_answer",
        "connection_fact",
        "consent_watch",
        "crm_column",
        "data_label",
        "email_account",
        "form",
        "mapping_version",
    ),
    *("marketing_list", "not_production", "notice", "odd_row", "organisation", "person_link", "plan", "preference"),
    *(
        "run",
        "run_item",
        "schedule",
        "send",
        "send_waves",
        "standing_scope",
        "target_count",
        "watermark",
        "worker",
    ),
    # Worked out from list_member.
    *("person_text", "person_text_due", "settled_list"),
}


def test_every_table_is_known_to_say_something_of_a_person_or_nothing() -> None:
    assert set(metadata.tables) - set(everything_known.ABOUT) == OF_NOBODY


def test_all_rows_of_a_person_are_found_by_record_address_and_contact_and_nobody_elses(c: Connection) -> None:
    def member(person: str, address: str) -> None:
        values = {"list_id": "l", "person_id": person, "seq": 0, "entity": "contact", "fields": {}}
        c.execute(insert(list_member).values(**values, address=address))

    member("p1", "ann@example.org")
    member("p2", "bob@example.org")
    c.execute(insert(former_address).values(list_id="l", address="ann@old.test", person_id="p1"))
    c.execute(insert(opt_out).values(person_id="p1", entity="contact"))
    c.execute(insert(shadow).values(account_id="a", person_id="p2", contact_id=8, values={}))
    c.execute(insert(recipient).values(account_id="a", campaign_id=1, contact_id=7, address="ann@old.test"))
    for key, (account, contact) in enumerate((("a", 7), ("b", 7), ("a", 8))):
        values = {"account_id": account, "campaign_id": 1, "key": str(key), "contact_id": contact}
        c.execute(insert(activity).values(values))

    found = everything_known.subject(c, records=["p1"], addresses=[])
    assert (found.addresses, found.contacts) == (("ann@example.org", "ann@old.test"), (("a", 7),))
    rows = dict(everything_known.known(c, found))
    assert {name: len(each) for name, each in rows.items()} == {
        "activity": 1,
        "former_address": 1,
        "list_member": 1,
        "opt_out": 1,
        "recipient": 1,
    }
    assert [row["key"] for row in rows["activity"]] == ["0"]
    nobody = everything_known.subject(c, records=[], addresses=["nobody@example.org"])
    assert dict(everything_known.known(c, nobody)) == {}
