"""Symbols, digits, quotation marks, Greek letters: how they are read in English, if at all."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# From the twenties on.
DECADES = (
    *("twenties", "thirties", "forties", "fifties"),
    *("sixties", "seventies", "eighties", "nineties"),
)
APOSTROPHES = "'\u2019"
OPENING, CLOSING = "([{\"'\u201c\u2018\u00ab\u00a1\u00bf", ")]}\"'\u201d\u2019\u00bb"
AROUND = f"{OPENING}{CLOSING},;:!?.…"  # what may stand around a word
DASHES = "-\u2013\u2014"
# Behind a number, where what follows is no unit of it: "3 in May" are no inches.
NO_UNIT = "\u200b"
SYMBOLS = {
    "&": "and",
    "%": "percent",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "#": "number",
    "$": "dollars",
    "£": "pounds",
    "€": "euros",
    "¥": "yen",
    "¢": "cents",
    "°": "degrees",
    "\u00d7": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "~": "about",
    "≈": "about",
    "<": "less than",
    ">": "greater than",
    "≤": "at most",
    "≥": "at least",
    "§": "section",
    "²": "squared",
    "³": "cubed",
    "/": "slash",
    "→": "to",
    "√": "square root of",
    "∞": "infinity",
    "≠": "is not equal to",
    "∆": "delta",
    "∑": "sum of",
    "∫": "integral of",
    "♭": "flat",
    "♯": "sharp",
    **dict.fromkeys("*_^|`\\™®©", ""),
}
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "omicron",
            "pi",
            "rho",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        strict=True,
    )
)
