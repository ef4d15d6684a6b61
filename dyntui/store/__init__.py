"""dyntui's own state: who synchronised what, and what became of everybody.

Every function is synchronous (the service calls them through `asyncio.to_thread`) and takes the connection of a
transaction that the caller opened with `Database.read()` or `Database.write()`, so that one transaction can hold the
effect of a page together with the cursor that says it was done.
"""
