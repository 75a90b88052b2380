"""Plant's database: publications, the ledger, quotas, what platforms told us. Never a token: replies lie sealed, and are shredded later."""
