"""Small damages to good files, the same ones for the same seed."""

import random
from collections.abc import Iterator

VALUES = (0, 1, 0x7F, 0x80, 0xFF)


def mutants(data: bytes, seed: int, *, early: int, count: int) -> Iterator[bytes]:
    """Copies with bytes changed, pieces cut out or repeated; half of the damage lies in the first `early` bytes."""
    chance = random.Random(seed)
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 8))):
            position = chance.randrange(min(early, len(copy)) if chance.random() < 0.5 else len(copy))
            damage = chance.randrange(4)
            if damage == 0:
                copy[position] = chance.choice(VALUES)
            elif damage == 1:
                copy[position] = chance.randrange(256)
            elif damage == 2:
                del copy[position : position + chance.randrange(1, 9)]
            else:
                copy[position:position] = copy[position : position + chance.randrange(1, 9)]
        yield bytes(copy)
