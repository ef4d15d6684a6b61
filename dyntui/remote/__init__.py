"""What the clients of both remote systems share: how a call is made, repeated, held back and given up.

client         Client: a connection that is closed at the end, and used without waiting where need be
connection     Connection: one logical call with its attempts, waits and retries
calls          Call, Reply: what is asked, what came back; decoder of answers
verdicts       what a refused answer means for the next attempt
patience       how often and after which pauses a call is repeated
limits         Gate: a closed limit holds all calls back; Retry-After
slots          how many calls run at a time
failures       errors of calls that ended without an answer that can be used
errors         RemoteError and what error messages are made of
bearer         BearerToken: tokens of the sign-in, renewed once when refused (an httpx.Auth)
threads        for calls that block; nobody waits for them at the end
network        proxies, certificate authorities and loopback, for data and sign-in alike
wire_log       every request in the log, by its route
"""
