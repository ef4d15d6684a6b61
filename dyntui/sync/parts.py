"""Which failure is of one part of a run - a marketing list, a campaign - and which of the run itself.

A part fails alone: it is named with its own error, and the other parts go on. That is so for whatever a system refuses
of this part: the list's query (invalid, a column of it removed or secured, a table that the service may not read, a
query that takes too long), its rows, its owner, its address book. The run fails where a system is away or refuses the
sign-in, as no other part could do better.

Error codes alone do not tell the two apart: a gateway answers 504 for one slow query and for a system that is down, and
a 403 may mean one table or everything. So the system itself is asked the simplest question there is, who we are: where
both systems answer it, the failure is of the part.
"""

from __future__ import annotations

from dyntui.dataverse import security
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError, Exit

_OF_A_SYSTEM = (Exit.UNREACHABLE, Exit.NOT_PERMITTED)


async def is_of_the_run(error: DyntuiError, dv: Dataverse | None = None, dd: Dotdigital | None = None) -> bool:
    """Whether the failure of a part is one of the whole run. None for a system that had no share in it.

    Costs a call to each system, in one attempt, where the error may be of either kind; none otherwise.
    """
    if error.exit not in _OF_A_SYSTEM:
        return False
    try:
        if dv is not None:
            await security.who_am_i(dv.at_once())
        if dd is not None:
            await account.account_info(dd.at_once())
    except DyntuiError as failure:
        return failure.exit in _OF_A_SYSTEM
    return False
