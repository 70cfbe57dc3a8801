"""Names and places that the generated company draws from. All made up or common; domains are reserved ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """A town. `#` in `post_code` and `phone` stands for a digit."""

    country: str
    city: str
    county: str
    post_code: str
    phone: str
    streets: tuple[str, ...]
    currency: str


def _places(
    country: str, currency: str, phone: str, post_code: str, streets: tuple[str, ...], *cities: str
) -> tuple[Place, ...]:
    towns = (city.partition("/") for city in cities)
    return tuple(
        Place(
            country=country,
            city=city,
            county=county,
            post_code=post_code,
            phone=phone,
            streets=streets,
            currency=currency,
        )
        for city, _, county in towns
    )


#: Places at home: local currency, country given.
HOME = _places(
    "GB", "", "+44 1### ######", "AB## #XY",
    ("High Street", "Station Road", "Mill Lane", "Church Walk", "Queen’s Parade"),
    "London", "Birmingham/West Midlands", "Leeds/West Yorkshire", "Stratford-upon-Avon/Warwickshire",
    "Newcastle upon Tyne/Tyne and Wear", "Bath/Somerset",
)  # fmt: skip

ABROAD = (
    *_places("DE", "EUR", "+49 89 #######", "8####", ("Hauptstraße", "Mühlweg", "Am Bühl"), "München/Bayern", "Köln/Nordrhein-Westfalen", "Görlitz/Sachsen"),
    *_places("FR", "EUR", "+33 1 ## ## ## ##", "75###", ("rue de l’Église", "avenue Émile Zola"), "Paris", "Besançon", "L’Haÿ-les-Roses"),
    *_places("ES", "EUR", "+34 9## ### ###", "28###", ("Calle Ñuñoa", "Avenida de la Constitución"), "A Coruña", "Málaga", "Logroño"),
    *_places("DK", "DKK", "+45 ## ## ## ##", "8###", ("Østergade", "Vestre Allé"), "Århus", "Næstved", "Ærøskøbing"),
    *_places("SE", "SEK", "+46 8 ### ## ##", "1## ##", ("Drottninggatan", "Sjövägen"), "Malmö", "Växjö", "Umeå"),
    *_places("NO", "NOK", "+47 ## ## ## ##", "0###", ("Karl Johans gate", "Bøveien"), "Tromsø", "Ålesund"),
    *_places("PL", "PLN", "+48 ## ### ## ##", "9#-###", ("ulica Żwirki", "Plac Świętego Jana"), "Łódź", "Częstochowa"),
    *_places("CZ", "CZK", "+420 ### ### ###", "1## 00", ("Dlouhá", "Náměstí Míru"), "Ústí nad Labem", "Plzeň"),
    *_places("US", "USD", "+1 (404) 555-01##", "303##", ("Peachtree Street", "Main Street", "Sunset Drive"), "Atlanta/GA", "Chicago/IL", "Miami/FL"),
    *_places("CH", "CHF", "+41 44 ### ## ##", "80##", ("Bahnhofstrasse", "Rue du Rhône"), "Zürich", "Genève"),
    *_places("GR", "EUR", "+30 21# ### ####", "1## ##", ("Οδός Αθηνάς",), "Αθήνα", "Θεσσαλονίκη"),
    *_places("JP", "JPY", "+81 3 #### ####", "1##-####", ("千代田", "銀座"), "東京", "横浜"),
)  # fmt: skip

COMPANY_HEADS = (
    "Adatum", "Alpine", "Blauwe Molen", "Café Zoë", "Contoso", "Dürr & Söhne", "Élan", "Fabrikam", "Fjord", "Graphic",
    "Hæstad", "Humongous", "Litware", "Łąka", "Margie’s", "Nod", "Northwind", "Ñandú", "O’Brien", "Proseware",
    "Škoda", "Southridge", "Tailspin", "Trey", "Wingtip", "Woodgrove", "Þórsmörk", "Ωμέγα", "東海", "Zakłady",
)  # fmt: skip
COMPANY_MIDDLES = (
    "Furniture",
    "Interiors",
    "Trading",
    "Office Supply",
    "Logistics",
    "Design",
    "Foods",
    "Textiles",
    "Toys",
    "Tools",
)
COMPANY_TAILS = ("", "Ltd.", "GmbH", "A/S", "AB", "S.A.", "PLC", "& Co. KG", "s.r.o.", "Inc.")

FIRST_NAMES = (
    "Aaron", "Agnieszka", "Åsa", "Beatriz", "Chloë", "David", "Đorđe", "Elif", "François", "Grete", "Ingrid", "Jesper",
    "José", "Katarína", "Lene", "Łukasz", "Mei", "Nuño", "Oğuz", "Peter", "Renée", "Søren", "Siobhán", "Tomáš", "Zoë",
)  # fmt: skip
MIDDLE_NAMES = ("Ann", "B.", "van der", "Maria", "José", "de la")
SURNAMES = (
    "Andersen", "Bäcker", "Bakos", "Çelik", "Díaz", "Fernández", "Glynn", "Hałas", "Hohl", "Jørgensen", "Krebs",
    "Lindqvist", "Müller", "Nguyễn", "Núñez", "O’Neill", "Österreich", "Petculescu", "Rašić", "Smith-Jones", "Þórsson",
    "Vėžys", "Weiß", "山田", "Παπαδόπουλος",
)  # fmt: skip
JOB_TITLES = (
    "",
    "",
    "Buyer",
    "Head of Purchasing",
    "Controller",
    "Chief Executive Officer",
    "Geschäftsführerin",
    "Site Manager, North and West ",
)
ITEM_HEADS = (
    "ANTWERP", "ATHENS", "Åre", "Čáslav", "İzmir", "LONDON", "Łódź", "MÜNCHEN", "Ñuñoa", "PARIS", "São Paulo", "東京",
)  # fmt: skip
ITEM_TAILS = (
    "Desk", "Swivel Chair, black", "Guest Section 1", "Whiteboard, base", "Lamp 24\"", "Mobile Pedestal", "Sofa – 2 seats",
    "Filing Cabinet, 4 drawers", "Fußbank", "Étagère", "Conference Bundle 1-6",
)  # fmt: skip
DEALS = (
    "New tables for the canteen, deal", "Showroom refit", "Framework contract", "Büroausstattung", "Réaménagement", "Replacement of chairs",
)  # fmt: skip
COMMENTS = (
    "Thank you for your order.",
    "Delivered in two parts.",
    "Ihre Bestellung vom Montag, vielen Dank!",
    "Price as agreed with your purchasing department; it includes assembly on the first floor, see our letter"[
        :100
    ],
)
