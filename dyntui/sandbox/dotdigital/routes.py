"""The way of a call into the simulated dotdigital: host, credentials, route, handler."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from dyntui.sandbox.dotdigital import (
    absent,
    account,
    activity,
    address_books,
    bulk_delete,
    campaigns,
    consent,
    contacts_v2,
    contacts_v3,
    custom_identifiers,
    data_fields,
    errors,
    imports_v2,
    imports_v3,
    insight,
    life,
    preferences,
    programs,
    scoring,
    segments,
    sends,
    split_tests,
    storage,
    summary,
    suppressions,
    surveys,
)
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import Refusal
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State

Handler = Callable[[Call], Response]

_ACCOUNT: list[tuple[str, Handler]] = [
    ("GET /v2/account-info", account.info),
    ("GET /v2/server-time", account.server_time),
    ("POST /v2/accounts/empty-recycle-bin", account.empty_recycle_bin),
]
_CONTACTS: list[tuple[str, Handler]] = [
    ("GET /v2/contacts", contacts_v2.list_contacts),
    ("POST /v2/contacts", contacts_v2.create),
    ("GET /v2/contacts/count", contacts_v2.count),
    ("GET /v2/contacts/retrieve-collection", contacts_v2.retrieve_collection),
    ("GET /v2/contacts/modified-since/{date}", contacts_v2.modified_since),
    ("GET /v2/contacts/created-since/{date}", contacts_v2.created_since),
    ("GET /v2/contacts/unsubscribed-since/{date}", suppressions.unsubscribed_since),
    ("GET /v2/contacts/suppressed-since/{date}", suppressions.suppressed_since),
    ("POST /v2/contacts/unsubscribe", suppressions.unsubscribe),
    ("POST /v2/contacts/resubscribe", suppressions.resubscribe),
    ("POST /v2/contacts/resubscribe-with-no-challenge", suppressions.resubscribe_at_once),
    ("PUT /v2/contacts/suppress-contacts", suppressions.suppress),
    ("POST /v2/contacts/import", imports_v2.start_file),
    ("POST /v2/contacts/import/with-merge-option/{mergeOption}", imports_v2.start_file),
    ("POST /v2/contacts/import-collection", imports_v2.start_collection),
    ("GET /v2/contacts/import/{importId}", imports_v2.status),
    ("GET /v2/contacts/import/{importId}/report", imports_v2.report),
    ("GET /v2/contacts/import/{importId}/report-faults", imports_v2.faults),
    ("GET /v2/contacts/deletion/{id}", address_books.removal_status),
    ("GET /v2/contacts/{id}", contacts_v2.get),
    ("PUT /v2/contacts/{id}", contacts_v2.update),
    ("DELETE /v2/contacts/{id}", contacts_v2.delete),
    ("GET /v2/contacts/{id}/address-books", contacts_v2.books_of),
]
_FIELDS: list[tuple[str, Handler]] = [
    ("GET /v2/data-fields", data_fields.list_fields),
    ("POST /v2/data-fields", data_fields.create),
    ("DELETE /v2/data-fields/{name}", data_fields.delete),
]
_BOOKS: list[tuple[str, Handler]] = [
    ("GET /v2/address-books", address_books.list_books),
    ("POST /v2/address-books", address_books.create),
    ("GET /v2/address-books/public", address_books.list_public),
    ("GET /v2/address-books/private", address_books.list_private),
    ("GET /v2/address-books/{id}", address_books.get),
    ("PUT /v2/address-books/{id}", address_books.update),
    ("DELETE /v2/address-books/{id}", address_books.delete),
    ("GET /v2/address-books/{id}/contacts", address_books.contacts),
    ("POST /v2/address-books/{id}/contacts", address_books.add_contact),
    ("DELETE /v2/address-books/{id}/contacts", address_books.remove_everyone),
    ("POST /v2/address-books/{id}/contacts/delete", address_books.remove_many),
    ("POST /v2/address-books/{id}/contacts/delete-all", address_books.remove_all_later),
    ("POST /v2/address-books/{id}/contacts/import", imports_v2.start_file_into_book),
    (
        "POST /v2/address-books/{id}/contacts/import/with-merge-option/{mergeOption}",
        imports_v2.start_file_into_book,
    ),
    ("POST /v2/address-books/{id}/contacts/unsubscribe", suppressions.unsubscribe_from_book),
    ("POST /v2/address-books/{id}/contacts/resubscribe", suppressions.resubscribe_to_book),
    (
        "POST /v2/address-books/{id}/contacts/resubscribe-with-no-challenge",
        suppressions.resubscribe_to_book_at_once,
    ),
    ("GET /v2/address-books/{id}/contacts/modified-since/{date}", address_books.contacts_modified_since),
    ("GET /v2/address-books/{id}/contacts/unsubscribed-since/{date}", suppressions.unsubscribed_from_book_since),
    ("DELETE /v2/address-books/{id}/contacts/{contactId}", address_books.remove_contact),
    ("GET /v2/address-books/{id}/campaigns", campaigns.campaigns_of_book),
    ("GET /v2/segments", segments.list_segments),
    ("POST /v2/segments/refresh/{id}", segments.start_refresh),
    ("GET /v2/segments/refresh/{id}", segments.refresh_status),
]
_CAMPAIGNS: list[tuple[str, Handler]] = [
    ("GET /v2/campaigns", campaigns.list_campaigns),
    ("POST /v2/campaigns", campaigns.create),
    ("GET /v2/campaigns/with-details", campaigns.list_with_details),
    ("GET /v2/campaigns/filtered", campaigns.list_filtered),
    ("GET /v2/campaigns/metrics", summary.metrics),
    ("POST /v2/campaigns/split-test", split_tests.create),
    ("POST /v2/campaigns/send", sends.send),
    ("POST /v2/campaigns/send-time-optimised", sends.send_time_optimised),
    ("GET /v2/campaigns/send/{sendId}", sends.status),
    ("GET /v2/campaigns/with-activity-since/{date}", campaigns.list_with_activity),
    ("GET /v2/campaigns/{id}", campaigns.get),
    ("PUT /v2/campaigns/{id}", campaigns.update),
    ("DELETE /v2/campaigns/{id}", campaigns.delete),
    ("POST /v2/campaigns/{id}/copy", campaigns.copy),
    ("GET /v2/campaigns/{id}/with-details", campaigns.get_with_details),
    ("GET /v2/campaigns/{id}/address-books", campaigns.books_of),
    ("GET /v2/campaigns/{id}/split-test", split_tests.results),
    ("GET /v2/campaigns/{id}/attachments", campaigns.attachments),
    ("POST /v2/campaigns/{id}/attachments", campaigns.attach),
    ("DELETE /v2/campaigns/{id}/attachments/{documentId}", campaigns.detach),
    ("GET /v2/campaigns/{id}/summary", summary.summary),
    ("GET /v2/custom-from-addresses", campaigns.from_addresses),
]
_ACTIVITY: list[tuple[str, Handler]] = [
    ("GET /v2/campaigns/{id}/activities", activity.activities),
    ("GET /v2/campaigns/{id}/activities/since-date/{date}", activity.activities_since),
    ("GET /v2/campaigns/{id}/activities/{contactId}", activity.activity_of),
    ("GET /v2/campaigns/{id}/activities/{contactId}/clicks", activity.clicks),
    ("GET /v2/campaigns/{id}/activities/{contactId}/clicks-with-groups", activity.clicks_with_groups),
    ("GET /v2/campaigns/{id}/activities/{contactId}/opens", activity.opens),
    ("GET /v2/campaigns/{id}/activities/{contactId}/page-views", activity.page_views),
    ("GET /v2/campaigns/{id}/activities/{contactId}/replies", activity.replies),
    ("GET /v2/campaigns/{id}/activities/{contactId}/revenue", activity.revenue),
    ("GET /v2/campaigns/{id}/activities/{contactId}/roi-details", activity.roi_details),
    ("GET /v2/campaigns/{id}/activities/{contactId}/social-bookmark-views", activity.social_bookmark_views),
    ("GET /v2/campaigns/{id}/clicks", activity.clicks),
    ("GET /v2/campaigns/{id}/clicks/since-date/{date}", activity.clicks),
    ("GET /v2/campaigns/{id}/clicks-with-groups", activity.clicks_with_groups),
    ("GET /v2/campaigns/{id}/clicks-with-groups/since-date/{date}", activity.clicks_with_groups),
    ("GET /v2/campaigns/{id}/opens", activity.opens),
    ("GET /v2/campaigns/{id}/opens/since-date/{date}", activity.opens),
    ("GET /v2/campaigns/{id}/page-views/since-date/{date}", activity.page_views),
    ("GET /v2/campaigns/{id}/roi-details/since-date/{date}", activity.roi_details),
    ("GET /v2/campaigns/{id}/revenue/since-date/{date}", activity.revenue),
    ("GET /v2/campaigns/{id}/social-bookmark-views", activity.social_bookmark_views),
    ("GET /v2/campaigns/{id}/hard-bouncing-contacts", activity.hard_bouncing),
]
_PREFERENCES: list[tuple[str, Handler]] = [
    ("GET /v2/preferences", preferences.list_preferences),
    ("POST /v2/preferences", preferences.create),
    ("GET /v2/preferences/modified-since/{date}", preferences.modified_since),
    ("PUT /v2/preferences/{preferenceId}", preferences.update),
    ("DELETE /v2/preferences/{preferenceId}", preferences.delete),
    ("GET /v2/contacts/{id}/preferences", preferences.of_contact),
    ("PUT /v2/contacts/{id}/preferences", preferences.set_of_contact),
    ("GET /v2/contact/{id}/preferences", preferences.of_contact),
    ("PUT /v2/contact/{id}/preferences", preferences.set_of_contact),
    ("GET /v2/contacts/{id}/subscriptions", preferences.subscriptions),
    ("GET /v2/contacts/with-preference/{preferenceId}", preferences.contacts_with),
    ("GET /v2/contacts/with-preference/{preferenceId}/opt-ins-since/{date}", preferences.opt_ins_since),
    ("GET /v2/address-books/{id}/contacts/with-preference/{preferenceId}", preferences.contacts_with),
    (
        "GET /v2/address-books/{id}/contacts/with-preference/{preferenceId}/opt-ins-since/{date}",
        preferences.opt_ins_since,
    ),
    ("POST /v2/contacts/with-consent", consent.create),
    ("POST /v2/contacts/with-consent-and-preferences", consent.create_with_preferences),
    ("GET /v2/contacts/{id}/with-consent", consent.get),
    ("PUT /v2/contacts/{id}/with-consent", consent.update),
    ("PUT /v2/contacts/{id}/with-consent-and-preferences", consent.update_with_preferences),
]
_BEHAVIOUR: list[tuple[str, Handler]] = [
    ("GET /v2/contacts/score", scoring.list_scores),
    ("GET /v2/contacts/score/modified-since/{date}", scoring.modified_since),
    ("GET /v2/contacts/{id}/score", scoring.of_contact),
    ("GET /v2/address-books/{id}/contacts/score", scoring.of_book),
    ("GET /v2/surveys", surveys.list_surveys),
    ("GET /v2/surveys/with-activity-since/{date}", surveys.with_activity_since),
    ("GET /v2/surveys/{id}", surveys.get),
    ("GET /v2/surveys/{id}/fields", surveys.fields),
    ("GET /v2/surveys/{id}/responses", surveys.responses),
    ("GET /v2/surveys/{id}/responses/with-activity-since/{date}", surveys.responses_since),
    ("GET /v2/programs", programs.list_programs),
    ("GET /v2/programs/{id}", programs.get),
    ("POST /v2/programs/enrolments", programs.enrol),
    ("GET /v2/programs/enrolments/{id}", programs.enrolments),
    ("GET /v2/programs/enrolments/{id}/report-faults", programs.faults),
    ("GET /v2/contacts/transactional-data-collections", insight.collections_v2),
    ("GET /v2/contacts/transactional-data/{collectionName}", insight.of_contacts_v2),
    ("GET /v2/contacts/transactional-data/{collectionName}/{key}", insight.one_v2),
    ("GET /v2/contacts/{id}/transactional-data/{collectionName}", insight.of_contact_v2),
    ("GET /v2/transactional-data/{collectionName}", insight.of_account_v2),
    ("GET /insightData/v3/collections", insight.collections_v3),
    ("GET /insightData/v3/collections/{collectionName}", insight.collection_v3),
    ("GET /insightData/v3/collections/{collectionName}/schema", insight.schema_v3),
    ("GET /insightData/v3/account/{collectionName}", insight.of_account_v3),
    ("GET /insightData/v3/contacts/{collectionName}", insight.list_v3),
    ("GET /insightData/v3/contacts/{identifier}/{value}/{collectionName}", insight.of_contact_v3),
]
_V3: list[tuple[str, Handler]] = [
    ("GET /contacts/v3", contacts_v3.list_contacts),
    ("POST /contacts/v3", contacts_v3.create),
    ("PUT /contacts/v3/import", imports_v3.start),
    ("GET /contacts/v3/import/{importId}", imports_v3.status),
    ("POST /contacts/v3/delete", bulk_delete.start_delete),
    ("GET /contacts/v3/delete/{deleteId}", bulk_delete.delete_status),
    ("GET /contacts/v3/{identifier}/{value}", contacts_v3.get),
    ("PATCH /contacts/v3/{identifier}/{value}", contacts_v3.patch),
    ("PUT /contacts/v3/{identifier}/{value}", contacts_v3.replace),
    ("DELETE /contacts/v3/{identifier}/{value}", contacts_v3.delete),
    ("GET /configuration/v3/customIdentifiers", custom_identifiers.custom_identifiers),
    ("POST /configuration/v3/customIdentifiers", custom_identifiers.create_custom_identifier),
    ("DELETE /configuration/v3/customIdentifiers/{name}", custom_identifiers.delete_custom_identifier),
]


_ABSENT: list[tuple[str, Handler]] = [
    *((template, absent.no_accounts) for template in absent.ACCOUNTS),
    *((template, absent.no_feature) for template in absent.FEATURES),
]

_PARTS = (_ABSENT, _ACCOUNT, _CONTACTS, _FIELDS, _BOOKS, _CAMPAIGNS, _ACTIVITY, _PREFERENCES, _BEHAVIOUR, _V3)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its template such as `GET /v2/contacts/{id}`, and the pattern of its still encoded path."""

    template: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler

    @property
    def writes(self) -> bool:
        """Whether the operation changes or could change business data."""
        return self.method != "GET"


def _route(template: str, handler: Handler) -> Route:
    method, path = template.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))
    return Route(template, method, re.compile(pattern, re.IGNORECASE), handler)


# Templates without parameters come first: "/v2/contacts/count" is no contact called "count".
ROUTES = sorted(
    (_route(*entry) for part in _PARTS for entry in part),
    key=lambda route: route.template.count("{"),
)


def find(request: Request) -> tuple[Route, dict[str, str]] | None:
    """The route of a call and its decoded path parameters.

    The path is matched as the client encoded it, so that an e-mail address may hold an encoded slash; letter case and
    a slash at the end do not matter.
    """
    path = _path(request)
    for route in ROUTES:
        match = route.pattern.fullmatch(path) if route.method == request.method else None
        if match:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def _path(request: Request) -> str:
    path = urlsplit(request.url).path if request.url else request.path
    return path.rstrip("/") or "/"


def handle(state: State, request: Request, region: str) -> Response:
    """Answers one call that arrived at the host of `region` (r1, r2 or r3).

    First everything due on the sandbox clock happens. Credentials are checked before the region; server-time needs
    neither, and the host r1 answers account-info for every account (1.1).
    """
    life.tick(state)
    found = find(request)
    response = _answer(state, request, region, found)
    if found:
        response.route, response.writes = found[0].template, found[0].writes
    else:
        response.route = f"{request.method} (unknown)"
    return response


def _answer(state: State, request: Request, region: str, found: tuple[Route, dict[str, str]] | None) -> Response:
    v3 = not _path(request).lower().startswith("/v2/")
    handler = found[0].handler if found else None
    settings = state.config.dotdigital
    if handler != account.server_time or settings.server_time_needs_credentials:
        if not account.authorised(state, request):
            return errors.unauthorised(v3)
        if region != settings.region and not (region == "r1" and handler == account.info):
            return errors.wrong_region()
    if found is None:
        return _unknown(request, v3)
    call = Call(state, request, found[1], storage.now(state))
    try:
        with state.transaction():
            return found[0].handler(call)
    except Refusal as refusal:
        return refusal.response()


def _unknown(request: Request, v3: bool) -> Response:
    """404 for an unknown path, 405 for a known one with another method."""
    path = _path(request)
    if any(route.pattern.fullmatch(path) for route in ROUTES):
        text = f"The requested resource does not support http method '{request.method}'."
        return json_response(
            {"errorCode": "server:methodNotAllowed", "description": text} if v3 else {"message": text}, 405
        )
    text = f"No HTTP resource was found that matches the request URI '{request.url or path}'."
    return json_response({"errorCode": "server:notFound", "description": text} if v3 else {"message": text}, 404)
