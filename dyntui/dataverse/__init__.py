"""The Dataverse Web API client: async functions over one connection, typed rows.

Of dyntui it knows the model and what both clients share (`remote`).

sign_in        SignIn(credentials, url): tokens, device code
credentials    ClientSecret, Certificate, DeviceCode      sign_in_errors, sign_in_http    its refusals and its HTTP
http           Dataverse(url, tokens, ...): one call, and what its refusals mean
errors         DataverseError, UnknownOutcome
rows           pages, pages_where_any, get_row, find_rows, count_rows, create, update, upsert, delete, links
links          links of the organisation's other hosts, under the configured one
changes        change tracking
query          literals, filters, alternate keys          fetchxml    stored queries
batch, bulk    many requests, many rows                   lists       marketing lists and members
metadata       definitions read                           customisation    definitions installed
security       who we are, roles, privileges
"""
