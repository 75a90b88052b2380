"""The way out: token, quota, breaker, signature, sending, classification. Nothing here knows what a publication is."""
