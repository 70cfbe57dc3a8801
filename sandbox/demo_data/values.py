"""Values of a record, drawn so that they look like those of a real company: some blank, some as long as they may be."""

from __future__ import annotations

from typing import Any

from sandbox.demo_data import words
from sandbox.demo_data.draw import Draw

#: Long enough to fill the 100 characters of a name behind the shortest company.
_FORMERLY = (
    "International Trading and Manufacturing Association of the North and the West and of all the Islands"
)
#: As long as an address2 may be.
_FIFTY = "c/o Facility Management, 3rd floor, room 12, east."


def company_name(draw: Draw) -> str:
    """Return a name of at most 100 characters, now and then of exactly 100."""
    parts = (
        draw.one_of(words.COMPANY_HEADS),
        draw.one_of(words.COMPANY_MIDDLES),
        draw.one_of(words.COMPANY_TAILS),
    )
    name = " ".join(part for part in parts if part)
    if draw.per_mille(10):
        name = f"{name}, formerly {_FORMERLY}"[:100]
        return name if not name.endswith(" ") else f"{name[:-1]}."
    return name


def address(draw: Draw, place: words.Place) -> dict[str, Any]:
    if draw.per_mille(20):
        return dict.fromkeys(("address", "address2", "postCode", "city", "countryRegionCode", "county"), "")
    second = f"Building {1 + draw.below(40)}" if draw.per_mille(150) else ""
    if draw.per_mille(5):
        second = _FIFTY
    return {
        "address": f"{draw.one_of(place.streets)} {1 + draw.below(250)}",
        "address2": second,
        "postCode": draw.digits(place.post_code),
        "city": place.city,
        # Our own country is often left blank.
        "countryRegionCode": "" if place.country == "GB" and draw.per_mille(300) else place.country,
        "county": place.county,
    }


def domain(draw: Draw) -> str:
    return draw.one_of(("example.com", "example.net", "example.org", "mail.example"))


def home_page(draw: Draw, i: int) -> str:
    if draw.per_mille(550):
        return ""
    page = f"https://www.customer{i}.example"
    # 200 characters are all that Sales takes in websiteurl (mappings.md, CUSTOMER); BC would take 255.
    return f"{page}/{'path/' * 40}"[:200] if draw.per_mille(5) else page
