"""Amounts of money that say how they came about: the text of a formula and its value are the same thing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.costs.prices import Price


@dataclass(frozen=True, slots=True)
class Term:
    """A factor: a number and what it counts."""

    value: float
    unit: str

    def __str__(self) -> str:
        """Write the number with at most six digits that count, and its unit."""
        return f"{_number(self.value)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, and the price of what they multiply to."""

    factors: tuple[Term, ...]
    price: Price

    @property
    def usd(self) -> float:
        """The amount."""
        return math.prod(factor.value for factor in self.factors) * self.price.usd

    def __str__(self) -> str:
        """Write the factors and the price."""
        return " × ".join([*map(str, self.factors), f"${_number(self.price.usd)} per {self.price.unit}"])


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the bill."""

    service: str
    """Who bills it."""
    what: str
    """What for."""
    products: tuple[Product, ...]
    """What it is the sum of."""

    @property
    def usd(self) -> float:
        """US dollars a month."""
        return sum(product.usd for product in self.products)

    @property
    def formula(self) -> str:
        """How the amount came about, with the numbers put in."""
        return " + ".join(map(str, self.products))

    @property
    def unverified(self) -> bool:
        """Whether a price in it was read nowhere."""
        return any(product.price.evidence.value == "unverified" for product in self.products)


@dataclass(frozen=True, slots=True)
class Prices:
    """A table of prices to make products and items of the bill with."""

    table: Mapping[str, Price]

    def times(self, name: str, *factors: tuple[float, str]) -> Product:
        """Make the product of a price and factors, each a number and its unit."""
        return Product(tuple(Term(value, unit) for value, unit in factors), self.table[name])

    def line(self, service: str, what: str, name: str, *factors: tuple[float, str]) -> Line:
        """Make an item of the bill out of one product."""
        return Line(service, what, (self.times(name, *factors),))


def _number(value: float) -> str:
    if value == 0 or 0.001 <= abs(value) < 1e15:
        digits = max(0, 5 - math.floor(math.log10(abs(value)))) if value else 0
        text = f"{value:,.{min(digits, 8)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.6g}"
