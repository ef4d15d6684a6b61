"""What `list_member.sent_fingerprint` says besides a fingerprint: both differ from every fingerprint, so that whoever
carries one is imported again."""

from __future__ import annotations

# The contact is in the address book by other hands than ours: nothing of it was sent.
BY_OTHERS = "by-others"
# Another record with the address was sent since, or the contact was made anew by other hands: what it carries is not
# what was sent of this one.
OVERWRITTEN = "overwritten"
