"""A month of dyntui left alone with two systems, in one process on a clock that moves when somebody waits.

`make month PEOPLE=50000 LISTS=40 DAYS=30 SEED=1` plays it; `test_month.py` a small one.
"""
