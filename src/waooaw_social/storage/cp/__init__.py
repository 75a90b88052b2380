"""CP's database: customers' credentials with their tokens sealed, who may refresh them, and who opened them when."""
