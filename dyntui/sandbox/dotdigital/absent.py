"""Parts of the service which this account does not have: they answer as the service does for such an account."""

from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.request import Response

ACCOUNTS = (
    "POST /v2/accounts",
    "POST /v2/accounts/{accountId}/api-users",
    "POST /v2/accounts/{accountId}/managed-users",
    "POST /v2/accounts/{accountId}/oauth-tokens",
    "PUT /v2/accounts/{accountId}/theme",
)
"""Managing the accounts below one's own."""

FEATURES = (
    "POST /v2/contacts/transactional-data/{collectionName}",
    "POST /v2/contacts/transactional-data/import/{collectionName}",
    "GET /v2/contacts/transactional-data/import/{importId}",
    "GET /v2/contacts/transactional-data/import/{importId}/report",
    "POST /v2/contacts/transactional-data/{collectionName}/{key}",
    "DELETE /v2/contacts/transactional-data/{collectionName}/{key}",
    "PUT /v2/contacts/transactional-data/{collectionName}/empty",
    "DELETE /v2/contacts/{id}/transactional-data/{collectionName}",
    "GET /v2/document-folders",
    "POST /v2/document-folders/{folderId}",
    "GET /v2/document-folders/{folderId}/documents",
    "POST /v2/document-folders/{folderId}/documents",
    "GET /v2/ecommerce/fullsummary",
    "GET /v2/ecommerce/orders",
    "GET /v2/ecommerce/summaries",
    "POST /v2/ecommerce/summaries",
    "GET /v2/ecommerce/summary/{summaryType}",
    "POST /v2/email",
    "POST /v2/email/batch",
    "GET /v2/email/stats/since-date/{startDate}",
    "POST /v2/email/triggered-campaign",
    "POST /v2/email/triggered-campaign/batch",
    "GET /v2/campaigns/{campaignId}/prepared-for-transactional-email/{email}",
    "GET /v2/image-folders",
    "GET /v2/image-folders/{id}",
    "POST /v2/image-folders/{id}",
    "POST /v2/image-folders/{folderId}/images",
    "GET /v2/products/recommendations",
    "POST /v2/sms-messages/send-to/{telephoneNumber}",
    "GET /v2/sms/campaigns",
    "POST /v2/sms/campaigns",
    "POST /v2/sms/campaigns/copy",
    "GET /v2/sms/campaigns/{id}",
    "PUT /v2/sms/campaigns/{id}",
    "DELETE /v2/sms/campaigns/{id}",
    "GET /v2/templates",
    "POST /v2/templates",
    "GET /v2/templates/{id}",
    "PUT /v2/templates/{id}",
)
"""Features an account may be without: writing transactional data, files, commerce, single e-mails, SMS, templates."""


def no_feature(_call: Call) -> Response:
    """403 ERROR_FEATURENOTACTIVE (2.3)."""
    raise V2Error("ERROR_FEATURENOTACTIVE", 403)


def no_accounts(_call: Call) -> Response:
    """403 ERROR_CANNOT_PERFORM_OPERATION_ON_ACCOUNT; its status is [inferred]."""
    raise V2Error("ERROR_CANNOT_PERFORM_OPERATION_ON_ACCOUNT", 403)
