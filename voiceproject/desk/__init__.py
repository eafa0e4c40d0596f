"""What all pages of the administration have in common."""

from voiceproject.desk.log import Act, note, note_listening
from voiceproject.desk.rows import CodeFilter, Desk, KnownRows, SaidFilter, acted, link, link_to_owner, player

__all__ = [
    "Act", "CodeFilter", "Desk", "KnownRows", "SaidFilter", "acted", "link", "link_to_owner", "note", "note_listening",
    "player",
]  # fmt: skip
