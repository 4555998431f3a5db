"""Word lists for people, firms and streets.

What belongs here: words. What does not: how they are combined. The names of customers that already stand in
QuickBooks come from lists of their own, so that no other customer resembles one by accident.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILY_NAMES: tuple[str, ...] = _words(
    """Abernathy Adcock Albright Alvarez Amundson Applegate Armistead Ashworth Atchison Bagley Ballard Barlow
    Barnhart Bautista Beauchamp Becerra Beckwith Bellamy Benavides Birdsong Blackburn Blankenship Bolander
    Bonilla Bostwick Bowersox Braddock Brannigan Breckenridge Brightwell Broussard Buchanan Burkhalter Cahill
    Calloway Campos Cardwell Carmichael Castaneda Cavanaugh Chamberlin Chaudhry Christensen Claypool Cochran
    Colquitt Conover Coolidge Corrigan Covington Crabtree Crenshaw Culpepper Dangerfield Davenport Delacroix
    Desai Dickerson Dombrowski Donahue Drummond Dunleavy Eastman Eberhardt Edgerton Ellsworth Escobedo
    Fairchild Farnsworth Fernandez Fitzgerald Flannery Forsythe Frazier Fukuda Gallegos Gilchrist Goldstein
    Goodnight Graybill Gulbrandsen Hackett Halvorsen Hammond Hardesty Hathaway Hendershot Herrington Hightower
    Hollingsworth Huckaby Ibarra Ingersoll Jablonski Jankowski Jimenez Kapoor Kavanagh Kilpatrick Kirschner
    Knudsen Kobayashi Kuykendall Lattimore Ledbetter Lindqvist Livingston Lockhart Loomis Macklin Maddox
    Maldonado Marchetti McAllister McElroy McNamara Mendenhall Merriweather Middleton Montoya Moriarty
    Mulholland Nakamura Nesbitt Nightingale Norquist Oakley Ochoa Oldham Olivares Osterman Overstreet
    Pemberton Petrov Pickering Pomeroy Prendergast Quarles Quigley Ramachandran Rasmussen Redmond Reinholt
    Rickard Rosales Rutherford Sandoval Satterfield Schaefer Schumacher Seymour Shackelford Sheffield
    Silverstein Solano Stallworth Stapleton Sterling Stoddard Strickland Sutherland Talavera Tanaka Tennyson
    Thackeray Thornhill Tidwell Townsend Trevino Underhill Valdez Vanderbilt Villarreal Wadsworth Wainwright
    Wallingford Weatherford Westbrook Whitlock Wilberforce Winslow Womack Yarborough Yamamoto Zaragoza
    Zimmerman"""
)

GIVEN_NAMES: tuple[str, ...] = _words(
    """Aaron Abigail Adrian Alejandra Alice Amanda Andre Angela Anita Anthony Beatrice Benjamin Bethany
    Brandon Brenda Bridget Calvin Camille Carlos Catherine Cecilia Charles Christine Claire Clifford Connor
    Cynthia Damian Daphne Deborah Dennis Derek Diane Dominic Edith Eduardo Eleanor Elijah Emily Ernest Evelyn
    Felicia Fernando Frances Frederick Gabriel Geraldine Gilbert Gloria Gordon Gregory Gwen Harold Heather
    Hector Holly Howard Ingrid Isaac Jacqueline Jasmine Jeffrey Jerome Joanna Jonathan Judith Julian Katherine
    Kenneth Kimberly Lawrence Leonard Lillian Lorraine Lucas Malcolm Margaret Martin Matthew Maureen Melissa
    Michelle Miguel Monica Nathan Nicole Olivia Oscar Pamela Patrick Phillip Rachel Ramona Raymond Rebecca
    Ricardo Roland Rosemary Russell Samantha Samuel Sandra Sergio Sharon Stanley Stephanie Sylvia Teresa
    Theodore Timothy Valerie Veronica Vincent Virginia Walter Wesley Yolanda"""
)

# Customers of both products: nobody else bears a name like these.
LINKED_PEOPLE: tuple[str, ...] = (
    "Wojciechowski, Zofia",
    "Papadopoulos, Xanthe",
    "Featherstonehaugh, Quentin",
    "Nguyen-Thompson, Bao",
    "Okonkwo, Chidi",
    "Vijayaraghavan, Lakshmi",
    "Szczepanski, Bogdan",
    "Haugland, Torvald",
    "Quispe, Yma",
    "Zubizarreta, Ekaitz",
    "Xiong, Pao",
    "Ivanovitch, Dmitri",
    "Yellowhorse, Ramsey",
    "Umarov, Jahongir",
    "Dziedzic, Fryderyk",
    "Kjeldgaard, Freja",
    "Tsosie, Ahiga",
    "Fakhoury, Nizar",
    "Bhattacharjee, Udita",
    "Eyjolfsdottir, Unnur",
    "Kipkemboi, Wangari",
    "Vasquez-Xicotencatl, Ulises",
    "Gyllenhammar, Viggo",
    "Hryniewicz, Jadwiga",
)

LINKED_FIRMS: tuple[str, ...] = (
    "Flint Hills Veterinary Clinic, P.A.",
    "Turkey Creek Brewing Co.",
    "Westport Loft Partners LP",
    "Zephyr Self Storage",
    "KC Yacht Supply, Inc.",
    "Ozark Quilt Museum Foundation",
    "Jayhawk Auto Upholstery",
    "Pembroke Hill Montessori",
)

# Names only QuickBooks knows: customers of years ago.
FORMER_CUSTOMERS: tuple[str, ...] = (
    "Wright Brothers Bowling Lanes",
    "Jubilee Kennels",
    "Vortex Laundromat",
    "Xavier Hall Apartments (sold)",
    "Mrs. Lucille Pfannenstiel",
    "Estate of Ignatz Wroblewski",
    "Topeka Roller Rink",
    "Unity Village Bookbinders",
    "Fuzzy's Bait & Tackle",
    "Hotel Quivira",
    "Deaf Smith Ranch",
    "Jiffy Muffler 12",
)

PLACES: tuple[str, ...] = _words(
    """Bluestem Brookside Cottonwood Crossroads Cedar-Ridge Eagle-Bend Fountain-City Gateway Glen-Arbor
    Grandview Heartland Indian-Creek Juniper Kessler Lakewood Longview Meadowlark Midtown Missouri-River
    Nall-Avenue Northland Oak-Park Parkville Plaza Prairie-Fire Quarry River-Market Santa-Fe Shawnee Sherwood
    Smoky-Hill Stateline Sunflower Swope Tallgrass Three-Trails Troost Waldo Watts-Mill Zona-Rosa"""
)

TRADES: tuple[str, ...] = (
    "Dental Group, LLC",
    "Family Medicine",
    "Property Management",
    "Grill & Tap",
    "Child Care Center",
    "Hardware",
    "Fitness",
    "Realty Partners",
    "Apartments",
    "Bakery",
    "Logistics, Inc.",
    "Law Offices",
    "Pet Hospital",
    "Senior Living",
    "Print Works",
    "Community Bank",
)

STREETS: tuple[str, ...] = _words(
    """Ash-Street Belinder-Avenue Cherry-Lane Delmar-Street Elmwood-Avenue Foster-Street Grand-Boulevard
    Holmes-Road Ironwood-Court Jarboe-Street Kenwood-Avenue Lamar-Avenue Mission-Road Nieman-Road Oak-Street
    Pennsylvania-Avenue Quivira-Road Rockhill-Road Summit-Street Tomahawk-Drive Union-Hill Valley-View-Lane
    Wornall-Road Wyandotte-Street"""
)


def spaced(word: str) -> str:
    """Turn the list form of a several-word name into its spoken one."""
    return word.replace("-", " ")
