"""The store: Redis and nothing else. It keeps numbers sealed and indexed; it cannot open them."""
