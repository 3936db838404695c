"""One exposure as exact values: the row of a loan book that reference code and JSON input work on (spec: loan-book §1).

A column that the book leaves empty is None: unknown is not 0. Money is in cents of CNY at the rate of the book's head, mass in
grams; other numbers are rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

ASSET_CLASSES = (
    *("listed_equity", "corporate_bond", "business_loan", "unlisted_equity", "project_finance", "commercial_real_estate"),
    *("mortgage", "motor_vehicle", "sovereign"),
)
HIGH_CARBON = ("power", "steel", "building_materials", "petrochemicals", "chemicals", "nonferrous_metals", "paper", "aviation")
OPTIONS = ("1a", "1b", "2a", "2b", "3", "3a", "3b", "3c")
INSTRUMENTS = ("loan", "bond", "equity", "guarantee")
USES = ("general", "project")
GREEN_FIELDS = ("clean_energy", "energy_saving", "carbon_reduction")

MONTHS = tuple(f"m{month:02}" for month in range(13))  # m00 is the balance at the period's start
MONEY_COLUMNS = (
    *("outstanding", *MONTHS, "total_equity", "total_debt", "evic", "total_assets", "project_total", "property_value", "vehicle_value"),
    *("ppp_gdp", "revenue", "total_investment"),
)
MASS_COLUMNS = (
    *("s1_t", "s2_t", "s12_t", "s3_t", "process_t", "removals_t", "avoided_t", "credits_retired_t", "credits_generated_t"),
    "project_reduction_t",
)
# Decimals that a table keeps of the other numbers, each an int64 of units of 10^-decimals; JSON input may have more.
DECIMALS = {
    **dict.fromkeys(("shares", "total_shares", "activity"), 6),
    **dict.fromkeys(("activity_factor", "sector_factor", "asset_factor", "asset_turnover", "sector_factor_s3", "asset_factor_s3"), 10),
}


@dataclass(frozen=True)
class Exposure:
    """One row. `months` are m01 … of the period's months, empty where no month is known; names otherwise as the columns."""

    exposure: str
    borrower: str
    asset_class: str
    branch: str
    sector: str
    option: str
    option_2: str | None = None
    high_carbon: str | None = None
    currency: str = "CNY"
    instrument: str = "loan"
    called: bool = False
    listed: bool = False
    use: str = "general"

    outstanding: int | None = None
    m00: int | None = None
    months: tuple[int, ...] = ()
    total_equity: int | None = None
    total_debt: int | None = None
    evic: int | None = None
    total_assets: int | None = None
    project_total: int | None = None
    property_value: int | None = None
    vehicle_value: int | None = None
    ppp_gdp: int | None = None
    revenue: int | None = None
    total_investment: int | None = None
    shares: Fraction | None = None
    total_shares: Fraction | None = None

    s1_t: int | None = None
    s2_t: int | None = None
    s12_t: int | None = None
    s3_t: int | None = None
    activity: Fraction | None = None
    activity_factor: Fraction | None = None
    process_t: int | None = None
    sector_factor: Fraction | None = None
    asset_factor: Fraction | None = None
    asset_turnover: Fraction | None = None
    sector_factor_s3: Fraction | None = None
    asset_factor_s3: Fraction | None = None
    factor_source: str | None = None

    removals_t: int | None = None
    avoided_t: int | None = None
    credits_retired_t: int | None = None
    credits_generated_t: int | None = None
    project_reduction_t: int | None = None
    green_field: str | None = None

    life_days: int | None = None
    small_micro: bool = False
    natural_person: bool = False
    exclude_reason: str | None = None
