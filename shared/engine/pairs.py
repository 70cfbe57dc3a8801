"""Pairs of ids, found from either side, in little memory: a full pass holds those of a whole table (H27)."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from shared.core.model import Side

#: An id takes 16 bytes, a pair 32.
WIDTH = 16
AT = {Side.BC: 0, Side.SALES: WIDTH}


class Pairs:
    """Which BC id and which Sales id belong together: about 55 bytes for each pair.

    As text in two dictionaries they would take 400. Each pair has a number, counted from 0 in the
    order in which they were added, and keeps it.
    """

    def __init__(self) -> None:
        self._ids = bytearray()
        #: By side, numbers + 1 of pairs (0: free) at the place that the hash of their id tells, or the next free one.
        self._slots = {side: array("I", bytes(4 * 16)) for side in Side}
        #: Ids that are no GUIDs, such as options, by their form, and their forms by id.
        self._texts: dict[bytes, str] = {}
        self._forms: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._ids) // (2 * WIDTH)

    def add(self, bc_id: str, sales_id: str) -> tuple[int, int | None]:
        """Add a pair, unless it is there; return its number, and that of the pair which the BC id was last in."""
        bc, sales = self._form(bc_id), self._form(sales_id)
        before = self._find(Side.BC, bc)
        if before is not None and self._ids.startswith(sales, before * 2 * WIDTH + AT[Side.SALES]):
            return before, before
        number = len(self)
        self._ids += bc + sales
        if 3 * len(self) > 2 * len(self._slots[Side.BC]):
            self._slots = {side: self._arranged(side) for side in Side}
        else:
            for side in Side:
                self._place(self._slots[side], side, number)
        return number, before

    def number(self, side: Side, id: str) -> int | None:
        """Return the number of the pair that was last added with this id on this side."""
        form = _packed(id) or self._forms.get(id)
        return None if form is None else self._find(side, form)

    def _find(self, side: Side, form: bytes) -> int | None:
        slots, ids, at = self._slots[side], self._ids, AT[side]
        found, place, last = None, hash(form) % len(slots), len(slots) - 1
        while taken := slots[place]:
            if ids.startswith(form, (taken - 1) * 2 * WIDTH + at):
                found = taken - 1
            place = place + 1 if place < last else 0
        return found

    def id_of(self, side: Side, number: int) -> str:
        start = number * 2 * WIDTH + AT[side]
        form = bytes(self._ids[start : start + WIDTH])
        text = self._texts.get(form)
        return _text(form) if text is None else text

    def other(self, side: Side, id: str) -> str | None:
        """Return the id that belongs to this one."""
        number = self.number(side, id)
        return None if number is None else self.id_of(side.other, number)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((self.id_of(Side.BC, n), self.id_of(Side.SALES, n)) for n in range(len(self)))

    def _arranged(self, side: Side) -> array[int]:
        slots = array("I", bytes(4 * 2 * len(self._slots[side])))
        for number in range(len(self)):
            self._place(slots, side, number)
        return slots

    def _place(self, slots: array[int], side: Side, number: int) -> None:
        start = number * 2 * WIDTH + AT[side]
        place, last = hash(bytes(self._ids[start : start + WIDTH])) % len(slots), len(slots) - 1
        while slots[place]:
            place = place + 1 if place < last else 0
        slots[place] = number + 1

    def _form(self, id: str) -> bytes:
        form = _packed(id) or self._forms.get(id)
        if form is None:
            # Version 0xf, which no GUID has, and a number.
            form = (0xF000 << 64 | len(self._forms)).to_bytes(WIDTH)
            self._forms[id], self._texts[form] = form, id
        return form


def _packed(id: str) -> bytes | None:
    """Return the bytes of a GUID as this program writes it, lower case with dashes; None for any other text."""
    if len(id) != 36 or id[8:24:5] != "----":
        return None
    digits = id.replace("-", "")
    try:
        form = bytes.fromhex(digits)
    except ValueError:
        return None
    return form if form.hex() == digits else None


def _text(form: bytes) -> str:
    text = form.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
