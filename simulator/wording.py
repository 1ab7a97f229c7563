"""Words and numbers for people.

All words stand in ``simulator/locale/*.toml``, with the same keys in every language. Numbers are
written as the language writes them.
"""

from __future__ import annotations

import functools
import math
import tomllib
from pathlib import Path

from scenarios.measures import Mix
from simulator.comparison import Estimate

LANGUAGES = ("en", "fi", "sv", "nl", "pt", "bg")
FOLDER = Path(__file__).parent / "locale"
MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


@functools.cache
def load_words(lang: str) -> dict[str, str]:
    """Return the words of a language by dotted key.

    Raises
    ------
    ValueError
        When there is no such language.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no words in '{lang}'; there are: {', '.join(LANGUAGES)}")
    tables = tomllib.loads((FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, row in tables.items() for key, text in row.items()}


class Words:
    """Words and numbers of one language.

    Parameters
    ----------
    lang : {"en", "fi", "sv", "nl", "pt", "bg"}
    plain : bool
        For consoles: a hyphen as minus. Spaces inside numbers are no-break spaces in any case.

    Examples
    --------
    >>> Words("fi", plain=True).number(-1234.56, 1).replace(NO_BREAK, " ")
    '-1 234,6'
    >>> Words("en").digits(0.25), Words("en")("row.served")
    (2, 'people served')
    """

    def __init__(self, lang: str = "en", plain: bool = False) -> None:
        self.lang = lang
        self.plain = plain
        self.words = load_words(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key with its values filled in."""
        text = self.words[key]
        return text.format(**values) if values else text

    # ---- numbers -----------------------------------------------------------------------------

    @staticmethod
    def digits(scale: float) -> int:
        """Return how many decimals a number of this size, or with this error, deserves."""
        if not math.isfinite(scale) or scale >= 20:
            return 0
        return 1 if scale >= 1 else 2

    def number(self, value: float, digits: int | None = None, sign: bool = False) -> str:
        """Return a number as the language writes it; what is not a number in words."""
        if value is None or math.isnan(value):
            return self("format.unknown")
        if math.isinf(value):
            return self("format.open_above" if value > 0 else "format.open_below")
        digits = self.digits(abs(value)) if digits is None else digits
        text = f"{abs(value):,.{digits}f}"
        is_zero = not text.strip("0.,")
        thousands, decimal = self("format.thousands"), self("format.decimal")
        if thousands == " ":
            thousands = NO_BREAK
        text = text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        if value < 0 and not is_zero:
            return ("-" if self.plain else MINUS) + text
        return ("+" if sign and not is_zero else "") + text

    def percent(self, share: float) -> str:
        """Return a share in per cent."""
        space = "" if self.lang == "en" else NO_BREAK
        return self.number(100 * share, 0) + space + self("format.percent")

    def between(
        self, low: float, high: float, digits: int | None = None, sign: bool = False
    ) -> str:
        """Return the two ends of an interval, open ends in words."""
        if math.isinf(low) and math.isinf(high):
            return self("format.few_pairs")
        if digits is None:
            digits = self.digits((high - low) / 2 if math.isfinite(high - low) else abs(high))
        ends = [self.number(end, digits, sign) for end in (low, high)]
        to = self("format.to")
        return f" {to} ".join(ends) if to.isalpha() else to.join(ends)

    def estimate(
        self, found: Estimate, sign: bool = True, mark: bool = True, digits: int | None = None
    ) -> str:
        """Return mean and interval; with ``mark`` a ``?`` when it cannot be told from none.

        Too few pairs give the mean and words instead of an interval, never "exactly none".
        """
        half = (found.high - found.low) / 2
        if math.isnan(found.mean):
            return self.number(found.mean)
        if not found.is_enough or not math.isfinite(half):
            return f"{self.number(found.mean, digits, sign)} ({self('format.few_pairs')})"
        if half == 0 and found.mean == 0:
            return self("format.exactly_none") if sign else self.number(0, 0)
        if digits is None:
            digits = self.digits(max(half, abs(found.mean) / 50))
        ends = self.between(found.low, found.high, digits)
        text = f"{self.number(found.mean, digits, sign)} ({ends})"
        return text + ("?" if mark and sign and not found.is_told else "")

    # ---- names -------------------------------------------------------------------------------

    def listed(self, names: list[str]) -> str:
        """Return names as a list in running text."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self('format.and')} {names[-1]}"

    def mix(self, mix: Mix) -> str:
        """Return the name of a mix, with its stamp when a part of it is hypothetical."""
        name = mix.names(self.lang)
        if not mix.hypothetical:
            return name
        measures = ", ".join(mix.files[m].names(self.lang) for m in mix.hypothetical)
        return f"{name} {self('format.hypothetical', measures=measures)}"
