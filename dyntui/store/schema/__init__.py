"""The local store's tables: dyntui's own state, and a cache of what the screens read, stamped with its age.

One dialect-neutral schema for SQLite and PostgreSQL. Times are ISO 8601 UTC text with second precision (`...Z`), `""`
where there is none yet; identifiers from Dataverse are lower-case GUIDs; addresses are normalised
(`dyntui.model.people.normalise`). Business rows live in Dataverse (spec section 13).
"""

from __future__ import annotations

from dyntui.store.schema.administration import admin_change as admin_change
from dyntui.store.schema.administration import notice as notice
from dyntui.store.schema.administration import schedule as schedule
from dyntui.store.schema.behaviour import contact_score as contact_score
from dyntui.store.schema.behaviour import form as form
from dyntui.store.schema.behaviour import form_response as form_response
from dyntui.store.schema.behaviour import page_visit as page_visit
from dyntui.store.schema.campaigns import activity as activity
from dyntui.store.schema.campaigns import campaign as campaign
from dyntui.store.schema.campaigns import campaign_target as campaign_target
from dyntui.store.schema.campaigns import recipient as recipient
from dyntui.store.schema.campaigns import send as send
from dyntui.store.schema.campaigns import send_waves as send_waves
from dyntui.store.schema.campaigns import target_count as target_count
from dyntui.store.schema.campaigns import target_person as target_person
from dyntui.store.schema.campaigns import trial_send as trial_send
from dyntui.store.schema.changes import applied_change as applied_change
from dyntui.store.schema.changes import change_part as change_part
from dyntui.store.schema.changes import conflict as conflict
from dyntui.store.schema.changes import plan as plan
from dyntui.store.schema.changes import planned_change as planned_change
from dyntui.store.schema.changes import undone_hold as undone_hold
from dyntui.store.schema.columns import metadata as metadata
from dyntui.store.schema.connecting import allowed_address as allowed_address
from dyntui.store.schema.connecting import connection_fact as connection_fact
from dyntui.store.schema.connecting import email_account as email_account
from dyntui.store.schema.connecting import not_production as not_production
from dyntui.store.schema.connecting import organisation as organisation
from dyntui.store.schema.connecting import person_link as person_link
from dyntui.store.schema.connecting import user_mapping as user_mapping
from dyntui.store.schema.consent import consent_lift as consent_lift
from dyntui.store.schema.consent import former_address as former_address
from dyntui.store.schema.consent import list_unsubscribe as list_unsubscribe
from dyntui.store.schema.consent import list_unsubscribe_ended as list_unsubscribe_ended
from dyntui.store.schema.consent import merged_record as merged_record
from dyntui.store.schema.consent import odd_row as odd_row
from dyntui.store.schema.consent import opt_out as opt_out
from dyntui.store.schema.consent import opt_out_address as opt_out_address
from dyntui.store.schema.consent import record_flag as record_flag
from dyntui.store.schema.consent import suppression as suppression
from dyntui.store.schema.consent import taken_off as taken_off
from dyntui.store.schema.lists import book_stranger as book_stranger
from dyntui.store.schema.lists import list_member as list_member
from dyntui.store.schema.lists import marketing_list as marketing_list
from dyntui.store.schema.lists import person_text as person_text
from dyntui.store.schema.lists import person_text_due as person_text_due
from dyntui.store.schema.lists import refused_ignored as refused_ignored
from dyntui.store.schema.lists import settled_list as settled_list
from dyntui.store.schema.lists import shadow as shadow
from dyntui.store.schema.mappings import crm_column as crm_column
from dyntui.store.schema.mappings import data_label as data_label
from dyntui.store.schema.mappings import mapping_version as mapping_version
from dyntui.store.schema.preferences import contact_choice as contact_choice
from dyntui.store.schema.preferences import preference as preference
from dyntui.store.schema.preferences import record_choice as record_choice
from dyntui.store.schema.reading import budget_grant as budget_grant
from dyntui.store.schema.reading import budget_limit as budget_limit
from dyntui.store.schema.reading import budget_window as budget_window
from dyntui.store.schema.reading import cheap_answer as cheap_answer
from dyntui.store.schema.reading import consent_watch as consent_watch
from dyntui.store.schema.reading import watermark as watermark
from dyntui.store.schema.runs import outcome as outcome
from dyntui.store.schema.runs import run as run
from dyntui.store.schema.runs import run_item as run_item
from dyntui.store.schema.runs import standing as standing
from dyntui.store.schema.runs import standing_scope as standing_scope
from dyntui.store.schema.workers import worker as worker
