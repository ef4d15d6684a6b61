"""Switches of the simulated dotdigital.

Section numbers name sections of the project's dotdigital reference. A docstring that starts with [inferred] belongs to
a behaviour which no source states: the value here is the default guess, and both ways can be tried.
Durations are seconds of sandbox time.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class DotdigitalSettings:
    """How the simulated dotdigital behaves where its real behaviour is inferred or can be chosen."""

    # -- the account ------------------------------------------------------------
    region: str = "r2"
    """Region in which the account lives (1.1): r1, r2 or r3. Other hosts refuse its calls with 403."""
    api_user: str = "apiuser-5a7d0c1e92b4@apiconnector.com"
    """User name of HTTP Basic (1.3)."""
    api_password: str = "sandbox-Kestrel-41"  # noqa: S105 - public fiction
    """Password of HTTP Basic; public fiction."""
    account_id: int = 24817
    account_name: str = "Kestrel Outdoor"
    main_email: str = "marketing@kestrel-outdoor.example"
    managed_users: tuple[str, ...] = (
        "marketing@kestrel-outdoor.example",
        "ada.brook@kestrel-outdoor.example",
        "luis.romero@kestrel-outdoor.example",
    )
    """Addresses answered as `ListManagedUsers` of account-info, comma separated (9.4)."""
    time_zone: str = "Europe/London"
    currency: str = "GBP"
    api_endpoint_trailing_slash: bool = True
    """The reference's example of `ApiEndpoint` ends in a slash while vendor code expects none (1.1)."""
    server_time_format: str = "json"
    """GET /v2/server-time: json (a JSON date-time, as the service describes itself) or text (text/plain with a blank
    between date and time, as the hand-written reference shows it) (1.2)."""
    recycle_bin_status: int = 200
    """POST /v2/accounts/empty-recycle-bin: 200 by the service's own description, 202 by the reference (14)."""
    server_time_needs_credentials: bool = False
    """[inferred] The old description of GET /v2/server-time lists no 401 (1.2)."""
    double_opt_in: str = "off"
    """The account's double opt-in (support article 8198818): "off", "single" (new contacts made by one-at-a-time calls
    are PendingOptIn, and get a mail to confirm), "all" (those of bulk imports too). The mails are in `/mailed`."""
    calls_in_last_hour: int = 0
    """Value of `ApiCallsInLastHour`; whoever counts the calls keeps it up to date."""
    calls_remaining: int = 2000
    """Value of `ApiCallsRemaining`."""

    # -- reading ------------------------------------------------------------
    since_inclusive: bool = True
    """[inferred] "Since" feeds compare with >= (10); False: >."""
    short_pages: int = 0
    """[inferred] Feeds of suppressions and of activities answer at most so many rows a page, whatever `select` asks,
    and more follow behind it (10: the end is an empty page). 0: as many as asked."""
    late_suppressions_seconds: float = 0.0
    """[inferred] How much later than its `dateRemoved` a suppression shows in its feed, as other events do (7.6)."""
    null_rows: bool = False
    """Some rows of the feeds of suppressions lack their address, or their contact: both are nullable in the service's
    own description."""
    year_one_dates: bool = False
    """[inferred] `dateRemoved`, `dateFirstOpened` and `dateLastOpened`, which are not nullable in the service's own
    description, are .NET's year 1 where there is none; some suppressions have none."""
    get_by_id_hides_suppressed: bool = True
    """[inferred] GET /v2/contacts/{id} answers 404 for contacts that are neither Subscribed nor PendingOptIn, while GET
    by e-mail shows them (3.3)."""
    lists_include_suppressed: bool = True
    """[inferred] Lists of contacts, whole account or one book, show suppressed contacts with their status."""
    modified_since_maximum: int = 2000
    """[inferred] Largest `select` where the default is 2000 (10); the documentation still says 1000."""
    v3_default_limit: int = 5000
    """[inferred] Page size of v3 without `limit` (10)."""
    v3_links: str = "link"
    """Entries of `_links`: link (`link` and `marker`, both text, as the service's description and the vendor's SDK have
    them) or href (`href`, and a null marker for the first page)."""
    page_drift: bool = False
    """Rows shift between two offset pages, as if others were inserted and deleted meanwhile (10)."""
    page_drift_rows: int = 7
    """How far rows shift at most while `page_drift` is on; clients overlap pages by 100 rows."""

    collection_limit: int = 0
    """[inferred] The most contacts that retrieve-collection and suppress-contacts take in a call, more are 400
    ERROR_PARAMETER_INVALID; no limit is documented (3.2, 3.5). 0: any number."""
    collection_refuses_bad_address: bool = False
    """[inferred] One address that is none makes these calls fail with 400 ERROR_INVALID_EMAIL (3.3); False: it is not
    found."""

    # -- writing contacts ------------------------------------------------------------
    null_clears_data_field: bool = True
    """[inferred] `value: null` or "" clears a data field in v2, as null does in v3 (3.3)."""
    suppressed_write_refused: bool = True
    """[inferred] v2 writes to a suppressed contact answer 400 ERROR_CONTACT_SUPPRESSED; False: 2xx with its status and
    nothing changed. Vendor code expects both (3.3)."""
    put_unknown_id_creates: bool = True
    """PUT /v2/contacts/{unknown id} creates the contact (3.3); False: 404."""
    recreate_reuses_id: bool = False
    """[inferred] A v2 write of a deleted address takes the old id out of the recycle bin (3.4)."""
    recycle_bin_days: int = 30
    """How long deleted contacts can be brought back (3.4)."""
    unsubscribe_unknown_is_404: bool = True
    """[inferred] Unsubscribing an address that is no contact is 404 ERROR_CONTACT_NOT_FOUND; False: it is created as
    unsubscribed (3.5)."""
    unsubscribe_again_is_error: bool = True
    """Unsubscribing a suppressed contact again is an error which vendor code ignores (3.5)."""
    unchanged_write_bumps_modified: bool = True
    """[inferred] A write of equal values still counts as a modification (10)."""
    status_bumps_modified: bool = False
    """[inferred] A contact that becomes suppressed or resubscribed appears in modified-since (10)."""
    membership_bumps_modified: bool = False
    """[inferred] A contact that joins or leaves a book appears in modified-since (10)."""
    suppressed_contacts_leave_books: bool = True
    """Account-level suppression ends every membership, as the vendor's article on unsubscribing says (support article
    115001855684); False: the contact stays in its books, unmailed [inferred for the API]."""
    soft_bounces_until_suppressed: int = 3
    """Soft bounces after which the contact becomes SoftBounced; a resubscription counts anew (3.5)."""
    put_resets_omitted: bool = False
    """[inferred] PUT without optInType or emailType sets Unknown and PlainText, as one example's answer looks (3.3)."""
    internationalised_addresses: bool = False
    """[inferred] Addresses with letters outside of ASCII are valid."""
    resubscribe_challenges: bool = True
    """POST /v2/contacts/resubscribe sends the person a challenge (3.6); False: resubscribed at once."""

    # -- books and data fields ------------------------------------------------------------
    book_count_lag_seconds: float = 0.0
    """[inferred] Who joined a book counts in its `contacts` this much later; its listings show them at once."""
    v3_filters_together: bool = True
    """[inferred] GET /contacts/v3 takes `~listId` or `~segmentId` together with `~created` or `~modified`; False: 400
    contacts:invalidFilter."""
    book_names_ignore_case: bool = True
    """[inferred] Names of books and segments are unique whatever their letter case (4)."""
    book_limit: int = 10_000
    """[inferred] Number of books from which ERROR_ADDRESSBOOK_LIMITEXCEEDED is answered (4)."""
    all_contacts_listed: bool = False
    """[inferred] GET /v2/address-books shows the pseudo book "All contacts" (4)."""
    book_delete_status: int = 200
    """DELETE of a book: 200 by the service's own description, 204 without a body by the reference (14)."""
    data_field_names_upper: bool = True
    """Names of data fields are kept in upper case, as in all examples of the service; False: as they were written, as
    one client's test expects. They are compared without regard to case either way (6)."""
    bulk_removal_seconds: float = 2.0
    """Time until a removal of many contacts from a book is Completed (4)."""
    removal_lag_seconds: float = 0.0
    """[inferred] Time for which those whom a bulk removal has taken out are still in the book after it is Completed:
    listings show them and sends reach them."""
    listing_lag_seconds: float = 0.0
    """[inferred] Time until a contact that has joined a book shows in listings of the book; the documentation of the
    first API hints at a delay."""
    bulk_removal_polls: int = 1
    """Number of polls answered with Started before it is Completed, whatever the time."""
    busy_book_is_error: bool = False
    """[inferred] Writing to a book while a removal runs on it answers ERROR_ADDRESSBOOK_IN_USE (4)."""
    data_field_create_echoes: bool = False
    """POST /v2/data-fields answers the field instead of an empty body (14)."""
    data_field_limit: int = 245
    """[inferred] Data fields, system ones included, after which ERROR_DATAFIELD_LIMITEXCEEDED is answered (6)."""
    blocked_field_delete_status: int = 409
    """DELETE of a data field in use: 409 by the service's own description, 200 by the reference (6)."""

    # -- imports ------------------------------------------------------------
    import_polls: int = 1
    """Number of polls answered with NotFinished before an import finishes, whatever the time (5.2)."""
    import_seconds: float = 20.0
    """Time after which an import finishes even unasked."""
    import_active_limit: int = 25
    """Imports that may be active at once (5.1)."""
    import_outcome: str = "Finished"
    """End of every import started from now on: Finished, RejectedByWatchdog, Failed, ExceedsAllowedContactLimit,
    InvalidFileFormat (v2) or Unknown (v2)."""
    contact_limit: int = 0
    """Contacts which the account may hold; an import that would exceed it ends in ExceedsAllowedContactLimit, a single
    create in ERROR_CONTACT_TOOMANY. 0: no limit."""
    import_duplicate_winner: str = "first"
    """[inferred] Which of several rows of one person is applied (12.17): first or last."""
    import_suppressed_join_lists: bool = True
    """[inferred] v3 adds suppressed contacts to the lists asked for; their channel status stays (3.7)."""
    v3_failure_code_case: str = "camel"
    """Failure codes of v3 imports are camel in the OpenAPI example and pascal in the guide (5.7)."""
    v3_report_nulls: bool = False
    """[inferred] What an import's report has nothing for is null instead of left out or 0: numbers, descriptions, the
    failures of a row, and every third failure code."""
    v3_polls_without_status: int = 0
    """How many answers about an import carry no `status` at first; such answers have been seen
    (dotmailer-magento2-extension 587)."""
    v3_unknown_data_field: str = "fail"
    """[inferred] A v3 row which names an unknown data field: fail (ApiSchemaViolation) or ignore."""
    v2_import_too_large: str = "error"
    """[inferred] A v2 file over 10 MB: error (400 ERROR_IMPORT_UNSUPPORTED_FORMAT) or status (413)."""
    import_not_found_status: int = 404
    """[inferred] Status of ERROR_IMPORT_NOT_FOUND and ERROR_IMPORT_REPORT_NOT_FOUND (2.3)."""
    v2_unknown_import: str = "error"
    """Polling an unknown import in v2: error (ERROR_IMPORT_NOT_FOUND) or status (200 with status Unknown) (5.2)."""
    v2_fault_wording: str = "docs"
    """Reasons in report-faults worded as in the documentation (docs) or as in vendor code (vendor) (5.4)."""
    fault_report_days: int = 7
    """How long report-faults can be read (5.4)."""
    v3_bulk_delete_fails: int = 0
    """[inferred which] Of the contacts that a v3 bulk delete names, those whose id this divides cannot be processed:
    they stay, as `invalidEntries` and with a failure each, and the deletion is Finished all the same (5.8). 0: none."""
    v3_bulk_delete_limit: int = 25
    """[inferred] v3 bulk deletes that may be active at once (2.1)."""

    custom_identifier_limit: int = 5
    """[inferred] Custom identifiers that the account may have (3.7)."""

    # -- campaigns and sends ------------------------------------------------------------
    resend_permitted: bool = True
    """[inferred] A campaign may be sent again, as vendor code does with the same campaign for one contact after the
    other (7.4); False: ERROR_CAMPAIGN_SENDNOTPERMITTED once it was sent."""
    sending_permitted: bool = True
    """False: the account is not enabled to send (7.4)."""
    send_start_seconds: float = 1.0
    """Time from an accepted immediate send until it is Sending; recipients are resolved at that moment."""
    send_duration_seconds: float = 2.0
    """Time a send stays Sending."""
    send_appears_after_seconds: float = 0.0
    """[inferred] Time until an accepted send shows among the campaigns of its books and the books of its campaign; the
    service's own description says "campaigns that have been sent to a list"."""
    recipients_resolved_at: str = "start"
    """[inferred] When the members of the books of a send are looked up: at its `start`, or when it is accepted
    (`accept`). Only subscribed contacts are mailed either way."""
    split_test_keeps_recipients: bool = False
    """[inferred] The people of a split test are looked up once, when it begins; False: those who get the version that
    won are looked up when the test is over. Only subscribed contacts are mailed either way."""
    missing_book_means_everybody: bool = False
    """[inferred] A send whose books are all gone goes to All Contacts, as the service's own description says of an
    empty list of books; False: it is refused, and a book deleted later leaves nobody."""
    partly_cancelled_shows_sent: bool = True
    """A send that staff cancelled after some were mailed moves to Sent (support article on the outbox); False: it is
    Cancelled."""
    cancelled_send_hides_recipients: bool = True
    """Of a cancelled send nobody can tell whom it reached (support article on the outbox): its mails are no
    activities. False: whom it reached shows."""
    send_limit: int = 0
    """Mails the account may send; beyond it a send answers ERROR_SEND_LIMITEXCEEDED. 0: no limit."""
    past_send_date_is_immediate: bool = True
    """[inferred] A sendDate in the past means now (7.4); False: ERROR_CAMPAIGN_SEND_INVALID."""
    suppressed_contact_fails_send: bool = False
    """[inferred] One suppressed id among contactIds makes the whole send fail, as vendor code met (7.4)."""
    send_lists_read_back_null: bool = False
    """Reading a send answers null for its books and contacts (7.4)."""
    unsubscribe_link_required: bool = True
    """[inferred] A campaign without http://$UNSUB$ is refused with ERROR_CAMPAIGN_INVALID (7.3)."""

    odd_campaigns: bool = False
    """[inferred] GET /v2/campaigns/filtered begins with a campaign of which everything but the id is null, and with one
    whose id is null, too."""
    metrics_last_date_sent: bool = False
    """GET /v2/campaigns/metrics shows `lastDateSent`, which only the hand-written reference names (7.5)."""

    # -- segments ------------------------------------------------------------
    segment_refresh_seconds: float = 5.0
    """Time a segment's refresh takes; membership changes at its end (8.1)."""

    # -- the audience ------------------------------------------------------------
    audience: bool = True
    """Whether recipients react to mail at all."""
    delivered_share: float = 0.97
    hard_bounce_share: float = 0.01
    soft_bounce_share: float = 0.015
    open_share: float = 0.38
    """Share of the delivered mails that are opened at least once."""
    click_share: float = 0.08
    """Share of the delivered mails with a click, all of them opened."""
    forward_share: float = 0.01
    reply_share: float = 0.006
    unsubscribe_share: float = 0.004
    list_unsubscribe_share: float = 0.002
    """Share of the delivered mails whose reader leaves one of the mailed lists only."""
    unsubscribe_lands_on_send_book: bool = True
    """[inferred] Who leaves a list by a mail leaves a book that the mail was sent to, whoever is in it by then, and
    nothing is left of that once the book is gone; False: another book of theirs is left in that case."""
    complaint_share: float = 0.0005
    late_activity_share: float = 0.0
    """Share of events that the feeds show later than they happened (7.6)."""
    late_activity_seconds: float = 6 * 3600.0
    """How much later."""

    web_tracking: bool = True
    """Page views after a click also become WebInsight sessions (9.2)."""

    # -- features ------------------------------------------------------------
    scoring_active: bool = True
    """[inferred] Without the feature the score calls answer ERROR_FEATURENOTACTIVE (9.1)."""
    consent_active: bool = True
    """[inferred] Without ConsentInsight the consent calls answer ERROR_FEATURENOTACTIVE (9.6)."""
    import_declines_unsaid_preferences: bool = False
    """[inferred] Whether a row of an import that names some preferences declines all others, as updates with consent
    and preferences do (9.5, 11); for imports nothing is said."""
    preferences_content_type: str = "application/octet-stream"
    """What answers with preferences call themselves: application/octet-stream by the service's own description,
    application/json by the reference. JSON is inside either way (9.5)."""
    survey_maximum: int = 500
    """Largest `select` of survey calls: 500 in the reference, 1000 in the service's own description (8.2, 14)."""
    enrolments_per_hour: int = 20
    """Enrolment calls an hour, over all programs (9.7)."""
    enrolment_seconds: float = 30.0
    """Time an enrolment is Processing."""
