"""A day of a job board among today's phones, with a bad minute or two: `make day`.

The month's pieces (``tests/month``), but each call rings on the simulated carrier, and each text is
looked for on the phones at the end.
"""
