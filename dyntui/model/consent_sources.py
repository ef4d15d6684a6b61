"""Where people opt out in Dynamics besides `donotemail` and `donotbulkemail`, which always count."""

from __future__ import annotations

MARKETING = "donotsendmm"
"""The column *Send Marketing Materials* of account, contact and lead."""
CONSENT_ROWS = "msdynmkt_contactpointconsent4"
"""The table of contact point consents of Customer Insights - Journeys."""
SOURCES = (MARKETING, CONSENT_ROWS)
