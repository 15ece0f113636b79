"""Numbers by which countries know their people. Nulls pass."""

from functools import reduce
from typing import Final, Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Subject
from sparkjobs.registry import check

Country = Literal["BE", "ES", "FR", "GB", "NL", "PL", "US"]

_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Of Spain: the letter that stands for the rest of a number by 23."""
_FORMS: Final[dict[str, str]] = {
    "BE": r"[0-9]{11}",
    "ES": r"[0-9XYZ][0-9]{7}[A-Z]",
    "FR": r"[0-9]{5}(?:[0-9]{2}|2A|2B)[0-9]{8}",
    # https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
    "GB": r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]",
    "NL": r"[0-9]{9}",
    "PL": r"[0-9]{11}",
    # https://www.ssa.gov/employer/randomization.html
    "US": r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}",
}


@check()
def national_id(column: Subject, *, country: Country) -> Column:
    """The text is a personal number of a country, by its form and, but for GB and US, by its check digits.

    BE: rijksregisternummer. ES: DNI or NIE. FR: NIR with its key. GB: national insurance number. NL: BSN.
    PL: PESEL. US: social security number, with hyphens; the others without blanks and signs. Whether
    anybody has the number, it does not tell.

    green: {column: a, country: ES} on ('12345678Z'), ('X1234567L'), (null) as t(a)
    red:   {column: a, country: ES} on ('12345678A') as t(a)
    green: {column: a, country: NL} on ('111222333') as t(a)
    red:   {column: a, country: NL} on ('111222334') as t(a)
    green: {column: a, country: PL} on ('44051401359') as t(a)
    red:   {column: a, country: PL} on ('44051401358') as t(a)
    green: {column: a, country: FR} on ('255081416802538'), ('184052A20012345') as t(a)
    red:   {column: a, country: FR} on ('255081416802539') as t(a)
    green: {column: a, country: BE} on ('85073003328'), ('17073003384') as t(a)
    red:   {column: a, country: BE} on ('85073003329') as t(a)
    green: {column: a, country: GB} on ('AB123456C') as t(a)
    red:   {column: a, country: GB} on ('BG123456C') as t(a)
    green: {column: a, country: US} on ('219-09-9999') as t(a)
    red:   {column: a, country: US} on ('666-09-9999') as t(a)
    """
    text = column.value.cast("string")
    has_form = text.rlike(rf"\A(?:{_FORMS[country]})\z")
    return F.when(text.isNotNull(), has_form & F.coalesce(_checked(text, country), F.lit(False)))


def _checked(text: Column, country: str) -> Column:
    """Whether the check digits of a number of the right form are right."""
    match country:
        case "BE":  # of people born since 2000, a 2 stands before the number
            number, key = _number(text, 1, 9), _number(text, 10, 2)
            return key.isin(97 - number % 97, 97 - (number + 2_000_000_000) % 97)
        case "ES":
            digits = F.translate(F.substring(text, 1, 8), "XYZ", "012").try_cast("bigint")
            return F.substring(F.lit(_LETTERS), (digits % 23 + 1).cast("int"), 1) == F.substring(text, 9, 1)
        case "FR":  # Corsica's 2A counts as 19, its 2B as 18
            digits = F.regexp_replace(F.regexp_replace(text, "2A", "19"), "2B", "18")
            return 97 - _number(digits, 1, 13) % 97 == _number(text, 14, 2)
        case "NL":
            return _weighted(text, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
        case "PL":
            return _weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
        case _:
            return F.lit(True)


def _number(text: Column, start: int, length: int) -> Column:
    return F.substring(text, start, length).try_cast("bigint")


def _weighted(text: Column, weights: tuple[int, ...]) -> Column:
    """The sum of the digits, each times its weight."""
    return reduce(Column.__add__, [_number(text, place, 1) * one for place, one in enumerate(weights, 1)])
