"""The carrier, Twilio: its signatures, forms, documents and REST API, and nothing else."""
