"""The fewest calls with which the two protocols let N members of a marketing list get into an address book.

Dataverse answers pages of 5,000 rows at most (reference/dataverse_api.md 4.2), and the list is told once that it was
synchronised. dotdigital takes imports of 5,000 rows - its documented limit is 50 MB, 5,000 is what other connectors use
(reference/dotdigital_api.md 5.7) - each started by one call and, if it is as fast as it can be, found finished with its
report by one more; before that, its suppressions are read, 1,000 a page.

Left out, because a program could do without and still move the people: opt-outs of other records with the same address,
telling Dynamics of suppressions, unsubscribes from the one book, reading back whom dotdigital itself would not mail,
further polls. dyntui does all of that, in pages and batches, so that its calls lie above the bound by a number that
depends on how many addresses are suppressed, not on the list.
"""

from __future__ import annotations

from math import ceil

_MEMBERS, _IMPORT, _SUPPRESSIONS = 5000, 5000, 1000


def dataverse(size: int) -> int:
    """For a list of so many members."""
    return max(1, ceil(size / _MEMBERS)) + 1


def dotdigital(to_import: int, suppressed: int) -> int:
    """For so many people to import, in an account with so many suppressions."""
    return max(1, ceil(suppressed / _SUPPRESSIONS)) + 2 * ceil(to_import / _IMPORT)
