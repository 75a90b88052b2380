"""The customer portal's backend: keeps customers' credentials, and lends their tokens to Plant."""
