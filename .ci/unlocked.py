"""Say which versions run, and which of them the lock does not name."""

import pathlib
import platform
import re
import sys
from importlib.metadata import distributions

locked = set(pathlib.Path(sys.argv[1]).read_text().split())
found = {
    f"{re.sub(r'[-_.]+', '-', d.metadata['Name']).lower()}=={d.version}"
    for d in distributions()
}
print(f"Python {platform.python_version()}, {len(found & locked)} locked versions")
print("not locked:", *sorted(found - locked))
