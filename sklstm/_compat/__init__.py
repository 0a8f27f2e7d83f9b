"""All uses of private or undocumented members of other libraries, a file for each.

A file imports its library alone, and is imported by whoever needs it. All in it was
seen to work in the versions of ``SEEN_IN``, the oldest and the newest that are tested;
`tests/compat/test_compat.py` says by name what another version has taken away.
"""
