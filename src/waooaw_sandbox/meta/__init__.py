"""What Instagram and Facebook Pages share: the Graph API's grammar, its errors, tokens, rate limits and logins.

Not a platform itself. The facts come from Meta's documentation, its SDK and published field records; where they could not be verified
there is a knob (`settings.py`, and those of the two platforms).
"""
