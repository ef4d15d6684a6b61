"""Tables of the simulated dotdigital.

Times are milliseconds since 1970. E-mail addresses are stored as the service keeps them: in lower case. Keys of `data`
are upper-case names of data fields. Books and segments share one table because they share one number space (4).
"""

from dyntui.sandbox.dotdigital.dates import milliseconds
from dyntui.sandbox.state import State

_CONTACT = """
    email TEXT UNIQUE,
    status TEXT NOT NULL DEFAULT 'Subscribed',
    opt_in TEXT NOT NULL DEFAULT 'Unknown',
    email_type TEXT NOT NULL DEFAULT 'Html',
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    suppressed_on INTEGER,
    soft_bounces INTEGER NOT NULL DEFAULT 0,
    sms TEXT NOT NULL DEFAULT 'noSubscription',
    whatsapp TEXT NOT NULL DEFAULT 'noSubscription',
    data TEXT NOT NULL DEFAULT '{}'
"""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS dd_contact (id INTEGER PRIMARY KEY AUTOINCREMENT, {_CONTACT});
CREATE INDEX IF NOT EXISTS dd_contact_created ON dd_contact (created);
CREATE INDEX IF NOT EXISTS dd_contact_updated ON dd_contact (updated);
CREATE INDEX IF NOT EXISTS dd_contact_suppressed ON dd_contact (suppressed_on) WHERE suppressed_on IS NOT NULL;

CREATE TABLE IF NOT EXISTS dd_bin (
    id INTEGER PRIMARY KEY, {_CONTACT}, binned_on INTEGER NOT NULL, identifiers TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE IF NOT EXISTS dd_identifier (
    name TEXT NOT NULL, value TEXT NOT NULL, contact_id INTEGER NOT NULL, PRIMARY KEY (name, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_identifier_contact ON dd_identifier (contact_id);
CREATE TABLE IF NOT EXISTS dd_custom_identifier (name TEXT PRIMARY KEY COLLATE NOCASE, created INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS dd_vendor_block (pattern TEXT PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dd_challenge (contact_id INTEGER NOT NULL, book_id INTEGER, at INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS dd_data_field (
    name TEXT PRIMARY KEY, type TEXT NOT NULL, visibility TEXT NOT NULL, default_value TEXT, system INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_data_field_spelling (name TEXT PRIMARY KEY, spelling TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dd_dependency (field TEXT NOT NULL, type TEXT NOT NULL, object_id INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS dd_book (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL DEFAULT 'book',
    visibility TEXT NOT NULL DEFAULT 'Private',
    rule TEXT,
    refreshed_on INTEGER
);
CREATE TABLE IF NOT EXISTS dd_member (
    book_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, added INTEGER NOT NULL, PRIMARY KEY (book_id, contact_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_member_contact ON dd_member (contact_id);
CREATE TABLE IF NOT EXISTS dd_list_suppression (
    book_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (book_id, contact_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_list_suppression_contact ON dd_list_suppression (contact_id);

CREATE TABLE IF NOT EXISTS dd_job (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL, due INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS dd_job_due ON dd_job (due);
CREATE INDEX IF NOT EXISTS dd_job_ref ON dd_job (ref);

CREATE TABLE IF NOT EXISTS dd_import (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, outcome TEXT NOT NULL, merge TEXT NOT NULL,
    books TEXT NOT NULL, payload BLOB, polls INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, finished INTEGER,
    report TEXT, faults TEXT, created_rows BLOB, updated_rows BLOB, failure_rows BLOB
);
CREATE INDEX IF NOT EXISTS dd_import_active ON dd_import (status) WHERE status = 'NotFinished';
CREATE TABLE IF NOT EXISTS dd_removal (
    id TEXT PRIMARY KEY, book_id INTEGER NOT NULL, contact_ids TEXT, status TEXT NOT NULL,
    polls INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS dd_bulk_delete (
    id TEXT PRIMARY KEY, payload TEXT NOT NULL, status TEXT NOT NULL, polls INTEGER NOT NULL DEFAULT 0, result TEXT
);
CREATE TABLE IF NOT EXISTS dd_refresh (segment_id INTEGER PRIMARY KEY, status TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS dd_from_address (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS dd_campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    from_name TEXT NOT NULL,
    from_id INTEGER NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    reply_action TEXT NOT NULL DEFAULT 'Unset',
    reply_to TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'Unsent',
    type TEXT NOT NULL DEFAULT 'Standard',
    tags TEXT NOT NULL DEFAULT '[]',
    split_options TEXT,
    sent_on INTEGER,
    scheduled_on INTEGER
);
CREATE TABLE IF NOT EXISTS dd_attachment (
    campaign_id INTEGER NOT NULL, document_id INTEGER NOT NULL, PRIMARY KEY (campaign_id, document_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dd_campaign_book (
    campaign_id INTEGER NOT NULL, book_id INTEGER NOT NULL, PRIMARY KEY (campaign_id, book_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_campaign_book_book ON dd_campaign_book (book_id);
CREATE TABLE IF NOT EXISTS dd_send (
    id TEXT PRIMARY KEY, campaign_id INTEGER NOT NULL, books TEXT NOT NULL, contacts TEXT NOT NULL, send_date INTEGER,
    split TEXT, status TEXT NOT NULL, created INTEGER NOT NULL, started INTEGER, resolved TEXT
);
CREATE INDEX IF NOT EXISTS dd_send_campaign ON dd_send (campaign_id);

CREATE TABLE IF NOT EXISTS dd_mail (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    send_id TEXT NOT NULL,
    sent_on INTEGER NOT NULL,
    suppressed_at_send INTEGER NOT NULL,
    opted_out_at_send INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS dd_mail_campaign ON dd_mail (campaign_id, contact_id);
CREATE TABLE IF NOT EXISTS dd_confirmation (
    id INTEGER PRIMARY KEY, address TEXT NOT NULL, contact_id INTEGER NOT NULL, sent_on INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_mail_refused (
    id INTEGER PRIMARY KEY, address TEXT, contact_id INTEGER NOT NULL, campaign_id INTEGER NOT NULL,
    send_id TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL, direct INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_violation (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS dd_recipient (
    campaign_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, email TEXT NOT NULL, is_text INTEGER NOT NULL,
    sent_on INTEGER NOT NULL, delivery TEXT NOT NULL, delivered_on INTEGER,
    opens INTEGER NOT NULL DEFAULT 0, clicks INTEGER NOT NULL DEFAULT 0, pages INTEGER NOT NULL DEFAULT 0,
    forwards INTEGER NOT NULL DEFAULT 0, replies INTEGER NOT NULL DEFAULT 0, hard INTEGER NOT NULL DEFAULT 0,
    soft INTEGER NOT NULL DEFAULT 0, unsubscribes INTEGER NOT NULL DEFAULT 0, complaints INTEGER NOT NULL DEFAULT 0,
    first_open INTEGER, last_open INTEGER, first_ip TEXT, active_on INTEGER,
    PRIMARY KEY (campaign_id, contact_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_recipient_active ON dd_recipient (campaign_id, active_on) WHERE active_on IS NOT NULL;
CREATE TABLE IF NOT EXISTS dd_event (
    id INTEGER PRIMARY KEY, campaign_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, kind TEXT NOT NULL,
    at INTEGER NOT NULL, due INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0, detail TEXT, ip TEXT, agent INTEGER
);
CREATE INDEX IF NOT EXISTS dd_event_due ON dd_event (due) WHERE applied = 0;
CREATE INDEX IF NOT EXISTS dd_event_feed ON dd_event (campaign_id, kind, at);
CREATE INDEX IF NOT EXISTS dd_event_contact ON dd_event (contact_id, campaign_id);

CREATE TABLE IF NOT EXISTS dd_score (
    contact_id INTEGER PRIMARY KEY, label TEXT NOT NULL, score INTEGER NOT NULL, engagement INTEGER NOT NULL,
    suitability INTEGER NOT NULL, modified INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS dd_score_modified ON dd_score (modified);
CREATE TABLE IF NOT EXISTS dd_preference (
    id INTEGER PRIMARY KEY AUTOINCREMENT, public_name TEXT NOT NULL, private_name TEXT NOT NULL,
    is_preference INTEGER NOT NULL, is_public INTEGER NOT NULL, category_id INTEGER NOT NULL, position TEXT NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_opt_in (
    preference_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, opted_in INTEGER NOT NULL, modified INTEGER NOT NULL,
    PRIMARY KEY (preference_id, contact_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dd_opt_in_contact ON dd_opt_in (contact_id);
CREATE TABLE IF NOT EXISTS dd_consent (
    id INTEGER PRIMARY KEY, contact_id INTEGER NOT NULL, fields TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS dd_consent_contact ON dd_consent (contact_id);
CREATE TABLE IF NOT EXISTS dd_program (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_enrolment (
    id TEXT PRIMARY KEY, program_id INTEGER NOT NULL, contacts TEXT NOT NULL, books TEXT NOT NULL, status TEXT NOT NULL,
    created INTEGER NOT NULL, faults TEXT
);
CREATE TABLE IF NOT EXISTS dd_survey (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, document TEXT NOT NULL, pages TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_survey_response (
    id INTEGER PRIMARY KEY AUTOINCREMENT, survey_id INTEGER NOT NULL, email TEXT, started INTEGER NOT NULL,
    completed INTEGER, answers TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dd_survey_response_survey ON dd_survey_response (survey_id, started);
CREATE TABLE IF NOT EXISTS dd_collection (
    name TEXT PRIMARY KEY COLLATE NOCASE, type TEXT NOT NULL, scope TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dd_insight (
    id INTEGER PRIMARY KEY, collection TEXT NOT NULL COLLATE NOCASE, key TEXT NOT NULL, contact_id INTEGER,
    document TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (collection, key)
);
CREATE INDEX IF NOT EXISTS dd_insight_contact ON dd_insight (contact_id, collection);
CREATE INDEX IF NOT EXISTS dd_insight_updated ON dd_insight (collection, updated);
"""

SYSTEM_FIELDS = (
    ("FIRSTNAME", "String", "Public"),
    ("LASTNAME", "String", "Public"),
    ("FULLNAME", "String", "Public"),
    ("GENDER", "String", "Public"),
    ("POSTCODE", "String", "Public"),
    ("ADDRESS", "String", "Public"),
    ("LASTSUBSCRIBED", "Date", "Private"),
)
"""Fields of every account, which cannot be deleted (6)."""

TEST_BOOK = "Test"
"""The book which every account has and no API call may write to (4)."""


def install(state: State) -> None:
    """Creates tables, system data fields, the Test book and a sender address. Does nothing the second time."""
    state.db.executescript(_SCHEMA)
    with state.transaction():
        state.db.executemany(
            "INSERT INTO dd_data_field (name, type, visibility, system) VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING",
            SYSTEM_FIELDS,
        )
        state.db.execute(
            "INSERT INTO dd_book (name, name_key, kind) VALUES (?1, lower(?1), 'test') ON CONFLICT DO NOTHING",
            (TEST_BOOK,),
        )
        state.db.execute(
            "INSERT INTO dd_from_address (email) VALUES (?) ON CONFLICT DO NOTHING",
            (state.config.dotdigital.main_email,),
        )
        state.db.execute(
            "INSERT INTO dd_collection (name, type, scope) VALUES ('WebInsight', 'webInsight', 'contact')"
            " ON CONFLICT DO NOTHING"
        )


def now(state: State) -> int:
    """World time in milliseconds."""
    return milliseconds(state.clock.now())
