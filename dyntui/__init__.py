"""dyntui: every person, in every run and every send, ends in exactly one named outcome."""

__version__ = "0.1.0"
