"""Formats that everybody knows. Nulls pass."""

from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Subject
from sparkjobs.registry import check

Format = Literal[
    "email", "url", "uuid", "ipv4", "ipv6", "cidr", "phone", "credit_card", "iban",
    "country", "currency", "language", "subdivision",
]  # fmt: skip

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX = r"[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join(
    (
        rf"(?:{_HEX}:){{7}}{_HEX}",
        rf"(?:{_HEX}:){{6}}{_IPV4}",
        rf"(?=(?:[^:]*:){{2,7}}[^:]*\z)(?:{_HEX}(?::{_HEX})*)?::(?:{_HEX}(?::{_HEX})*)?",
        rf"(?=(?:[^:]*:){{2,6}}[^:]*\z)(?:{_HEX}(?::{_HEX})*)?::(?:{_HEX}:)*{_IPV4}",
    )
)
_PATTERNS: dict[str, str] = {
    # https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
    "email": r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*",
    "uuid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "cidr": rf"{_IPV4}/(?:3[0-2]|[12]?[0-9])|(?:{_IPV6})/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])",
    "phone": r"\+[1-9][0-9]{6,14}",  # ITU-T E.164
    "credit_card": r"[0-9]{12,19}",  # ISO/IEC 7812
    "iban": r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}",  # ISO 13616
}


@check()
def format(column: Subject, *, of: Format) -> Column:
    """The text has the format `of`.

    That is an `email` address, `url`, `uuid`, `ipv4`, `ipv6`, `cidr` (a network), `phone` (E.164),
    `credit_card` or `iban`; or an ISO code in use, of a `country` (two letters), `currency`, `language` (two
    letters) or `subdivision`. Of the others form and check digits are looked at, not whether they exist.

    green: {column: a, of: email} on ('a.b@c.de'), (null) as t(a)
    red:   {column: a, of: email} on ('a.b@') as t(a)
    green: {column: a, of: ipv6} on ('::1'), ('2001:db8::ff00:42:8329') as t(a)
    red:   {column: a, of: ipv6} on ('1::2::3') as t(a)
    green: {column: a, of: iban} on ('GB82WEST12345698765432') as t(a)
    red:   {column: a, of: iban} on ('GB82WEST12345698765431') as t(a)
    green: {column: a, of: country} on ('DE') as t(a)
    red:   {column: a, of: country} on ('XX') as t(a)
    """
    text = column.value.cast("string")
    match of:
        case "url":
            return F.when(text.isNotNull(), F.coalesce(_host(text) != "", F.lit(False)))
        case "credit_card":
            return _has_form(text, of) & F.call_function("luhn_check", text)
        case "iban":
            return _has_form(text, of) & (_mod_97(text) == 1)
        case "country" | "currency" | "language" | "subdivision":
            return text.isin(list(_codes(of)))
        case _:
            return _has_form(text, of)


@check()
def ipv4_within(column: Subject, *, network: str) -> Column:
    """The text is an IPv4 address inside `network`, such as 10.0.0.0/8.

    green: {column: a, network: 10.0.0.0/8} on ('10.1.2.3'), (null) as t(a)
    red:   {column: a, network: 10.0.0.0/8} on ('11.1.2.3') as t(a)
    red:   {column: a, network: 10.0.0.0/8} on ('10.1') as t(a)
    """
    from ipaddress import IPv4Network  # noqa: PLC0415 (only this needs it)

    inside = IPv4Network(network)
    parts = F.split(column.value, r"\.")
    one, two, three, four = (F.try_element_at(parts, F.lit(at)).try_cast("bigint") for at in (1, 2, 3, 4))
    number = ((one * 256 + two) * 256 + three) * 256 + four
    first, last = int(inside.network_address), int(inside.broadcast_address)
    holds = _has_form(column.value, "ipv4") & F.coalesce(number.between(first, last), F.lit(False))
    return F.when(column.value.isNotNull(), holds)


def _has_form(text: Column, of: str) -> Column:
    return text.rlike(rf"\A(?:{_PATTERNS[of]})\z")


def _host(text: Column) -> Column:
    """The host of a URL as java.net.URI reads it; null where there is none, or no scheme."""
    return F.when(text.rlike(r"\A[A-Za-z][A-Za-z0-9+.-]*://"), F.try_parse_url(text, F.lit("HOST")))


def _mod_97(iban: Column) -> Column:
    """ISO 7064 MOD 97-10 over the IBAN with its first four characters last, A being 10 and Z 35."""
    moved = F.concat(F.substring(iban, 5, 64), F.substring(iban, 1, 4))
    codes = F.transform(F.split(moved, ""), F.ascii)
    nine = ord("9")

    def added(rest: Column, code: Column) -> Column:
        digit, letter = rest * 10 + code - ord("0"), rest * 100 + code - ord("A") + 10
        return F.when(code <= nine, digit).otherwise(letter) % 97

    return F.aggregate(F.filter(codes, lambda code: code > 0), F.lit(0), added)


def _codes(of: str) -> frozenset[str]:
    """The ISO codes in use: 3166-1, 4217, 639-1, 3166-2."""
    import pycountry  # noqa: PLC0415 (only this needs it, and its lists are long)

    tables = {
        "country": (pycountry.countries, "alpha_2"),
        "currency": (pycountry.currencies, "alpha_3"),
        "language": (pycountry.languages, "alpha_2"),
        "subdivision": (pycountry.subdivisions, "code"),
    }
    table, key = tables[of]
    return frozenset(code for one in table if (code := getattr(one, key, None)))
