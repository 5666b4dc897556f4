"""Texts: to the account's numbers, from them, and the carrier's own rules about them."""
