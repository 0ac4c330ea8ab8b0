"""Powers and the units that are written with them: rules for `_written`.

10⁶, 10⁻³, x⁴, 2ⁿ, s⁻¹, kg/m³, in m/s
"""

# ruff: noqa: RUF001 - what stands above the line is meant

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ._amounts import any_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from ._amounts import Rule

_UNITS = {"kg": "kilograms", "g": "grams", "mg": "milligrams", "W": "watts", "J": "joules"} | {
    "N": "newtons",
    "km": "kilometers",
    "m": "meters",
    "cm": "centimeters",
}
_UNDER = {"m²": "square meter", "m³": "cubic meter", "cm²": "square centimeter"} | {
    "cm³": "cubic centimeter",
    "s": "second",
    "s²": "second squared",
}
_HIGH = "[⁰¹²³⁴-⁹ⁿ]"
_SUM = rf"(?:[⁺⁻]{_HIGH}+)?(?![⁺⁻])"
# Behind words and years, small figures are those of notes.
_BASE = r"(?<!\b1[5-9]\d\d)(?<!\b20\d\d)(?<=[\d)]|(?<![^\W\d_])[A-Za-zα-ω])"


def powers() -> Iterator[Rule]:
    """Give the rules for powers; of "²" and "³" alone, the library knows more."""
    yield rf"(?<=[\w)])⁻{_HIGH}+{_SUM}", _power
    yield rf"{_BASE}(?:[⁰⁴-⁹ⁿ]|{_HIGH}(?=[⁺⁻]{_HIGH})|{_HIGH}{{2}}){_HIGH}*{_SUM}", _power
    units = rf"({any_of(_UNITS)})/({any_of(_UNDER)})(?![\w/²³^])"
    yield rf"(?<!\d )(?<![\w/.]){units}", lambda m: f"{_UNITS[m[1]]} per {_UNDER[m[2]]}"


def _power(found: re.Match[str]) -> str:
    said = unicodedata.normalize("NFKC", found[0]).replace("−", " minus ").replace("+", " plus ")
    return f" to the power of {said.strip()} ".rstrip()
