#!/usr/bin/env python3
"""Voiceproject in one command: `python3 run.py` sets everything up, converts a sample and serves the site.

Needs nothing but Python. This file keeps to old syntax, so that an old Python can read its own refusal.
"""

import os
import sys

WANTED = (3, 11)


def too_old(version: "tuple[int, int]") -> "str | None":
    """The sentence for a Python that is too old, or None."""
    if version >= WANTED:
        return None
    newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if _on_path(name)]
    way_out = "Start it with: %s run.py" % newer[0] if newer else "Install a newer Python and start it with that one."
    return "Voiceproject needs Python %d.%d or newer, and this is Python %d.%d. %s" % (*WANTED, *version, way_out)


def _on_path(name: str) -> bool:
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in os.get_exec_path())


if __name__ == "__main__":
    refusal = too_old(sys.version_info[:2])
    if refusal:
        print(refusal)
        sys.exit(2)
    from launch.main import main

    sys.exit(main(sys.argv[1:]))
