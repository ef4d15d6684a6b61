"""The dotdigital client (v2 and v3): async functions over one connection, typed rows.

Of dyntui it knows the model and what both clients share (`remote`).

account        connect(url, user, password): the account's own region; account_info, server_time
http           Dotdigital(url, user, password, ...): one call        limits     what its refusals mean
errors         DotdigitalError, UnknownOutcome            paging     Page, overlapping and marker pages
contacts       people, in pages and in bulk               imports    bulk import, every row's fate
suppressions   who must not be mailed                     address_books    books, segments, removals
data_fields    the account's fields                       campaigns  campaigns and totals
sends          one send, once                             activities what recipients did
moments        times as dotdigital writes them
"""
