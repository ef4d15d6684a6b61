"""The fewest calls with which members of a marketing list get into an address book as safely as dyntui brings them.

Dataverse answers pages of 5,000 rows at most (reference/dataverse_api.md 4.2):

- the members' records and the list's own rows, a page each for 5,000: a member whose record is of another type, gone or
  hidden has a row alone, and is to be named all the same;
- of each table the records that opt out or were merged away, a page for 5,000 and one at least: their addresses are
  mailed to nobody, whichever record of the list has them;
- for each 1,000 suppressed addresses a message that writes their rows, one that asks for the records with such an
  address, one that sets their flag; one call that tells the list that it was synchronised.

dotdigital (reference/dotdigital_api.md 5):

- its suppressions, 1,000 a page;
- for each import of 5,000 people - 50 MB is the documented limit, 5,000 what other connectors use, and of who is under
  way nobody can be held back who opts out meanwhile - four calls: it is started; it runs when it is asked for, which
  the simulated account says once of each; it is found finished with its report; and one new contact is looked at before
  more are imported, because no call tells whether the account mails everybody who is imported to confirm;
- the first import of an account is of one person for the same reason, who is found to be new by one call: five more;
- the address book read back, 5,000 a page: whom dotdigital itself would not mail is known to nobody else.

Left out is what does not grow: who is asked, what the service may do, clocks, the list and the book themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

_PAGE, _IMPORT, _SUPPRESSIONS = 5000, 5000, 1000
_CALLS_AN_IMPORT, _FIRST_ALONE = 4, 5


def dataverse(size: int, suppressed: int, opted_out: Sequence[int]) -> int:
    """For a list of so many members, in an account with so many suppressions, where so many records of each table opt
    out or were merged away."""
    tables = sum(max(1, ceil(each / _PAGE)) for each in opted_out)
    return 2 * max(1, ceil(size / _PAGE)) + tables + 3 * ceil(suppressed / _SUPPRESSIONS) + 1


def dotdigital(to_import: int, suppressed: int) -> int:
    """For so many people to import, in an account with so many suppressions."""
    imports = _CALLS_AN_IMPORT * ceil(to_import / _IMPORT) + (_FIRST_ALONE if to_import > 1 else 0)
    return max(1, ceil(suppressed / _SUPPRESSIONS)) + imports + ceil(to_import / _PAGE)
