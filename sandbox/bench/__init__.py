"""Budgets of design §10: what may be spent, what was, and the table that shows both."""
