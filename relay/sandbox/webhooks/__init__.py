"""How the carrier calls its customer: signed, retried, late, twice or not at all."""
