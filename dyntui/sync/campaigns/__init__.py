"""Email campaigns in: which there are, their totals, and at sync level DETAILED what every recipient did.

`synchronising` goes through an account's campaigns, `listing` reads which there are, `results` reads one of them step
by step; `recipients` and `events` say what a row of dotdigital is in the store; `campaign_rows` and `engagement_rows`
tell Dynamics what is new; `split_tests` reads how the versions of a campaign did.
"""
