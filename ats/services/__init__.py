"""PostgreSQL, Redis and S3 from wheels, on free ports and in folders of their own, without root.

Each is a `Program`: `kill()` and `start()` again keep port and data, so a test may play an outage.
"""
