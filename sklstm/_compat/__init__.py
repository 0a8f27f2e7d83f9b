"""All uses of private or undocumented members of other libraries, one file each.

A file imports only its library. ``SEEN_IN`` holds the oldest and the newest tested
version. `tests/compat/test_compat.py` names the members that a version lacks.
"""
