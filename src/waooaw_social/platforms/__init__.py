"""What each platform is, as pure values: facts, calls, flows. No await, no clock, no random number, no HTTP.

`registry.py` names them all. A sixth platform is one folder here and one line there.
"""
