"""One use case a file: a listing of this folder is the manual of what the relay does."""
