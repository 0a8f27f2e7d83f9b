"""A wheel holds the package and nothing else; an sdist holds the repository.

``python .ci/contents.py TRACKED SDIST WHEEL`` fails where it is not so. TRACKED
is a file that lists the files of the repository.
"""

import pathlib
import sys
import tarfile
import zipfile


def in_wheel(path):
    """Return the files of a wheel, and which should be there besides the package."""
    name = "-".join(path.name.split("-")[:2]) + ".dist-info"
    metadata = ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")
    with zipfile.ZipFile(path) as wheel:
        return set(wheel.namelist()), {f"{name}/{file}" for file in metadata}


def in_sdist(path):
    """Return the files of an sdist, without the folder that holds them all."""
    with tarfile.open(path) as sdist:
        files = [member.name for member in sdist if member.isfile()]
    return {file.split("/", 1)[1] for file in files}


def check(path, found, wanted):
    """Exit with the difference, if there is one; else print the size."""
    for what, files in (("lacks", wanted - found), ("also holds", found - wanted)):
        if files:
            sys.exit(f"{path.name} {what} {sorted(files)}")
    print(f"{path.name}: {len(found)} files, {path.stat().st_size / 1000:.0f} kB")


def main(tracked, sdist, wheel):
    """Check both."""
    tracked = set(tracked.read_text().splitlines())
    package = {file for file in tracked if file.startswith("sklstm/")}
    check(sdist, in_sdist(sdist), tracked | {"PKG-INFO"})
    found, metadata = in_wheel(wheel)
    check(wheel, found, package | metadata)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
