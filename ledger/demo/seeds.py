"""Three invented banks of one city, with branch trees, meters and a table of fuel use for the year 2025.

Names are invented; sizes are plausible for rural commercial banks. Nothing here is read by anything but the demo.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.fields import period_document
from ledger.records.period import Period

PERIOD = "2025"
FIRST_DAY = "2025-01-01"
LAST_DAY = "2025-12-31"
TIMEZONE = "Asia/Shanghai"
REGION = "CN-ZJ"


@dataclass(frozen=True)
class UnitSeed:
    """A unit of the tree and the peak load of its meters in watts (no meter where empty)."""

    id: str
    en: str
    zh: str
    kind: str
    parent: str | None
    county: str
    area_m2: str
    headcount: int
    meters: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class FuelSeed:
    """A row of the bank's fuel table."""

    id: str
    unit: str
    indicator: str
    value: str
    unit_code: str
    reference: str


@dataclass(frozen=True)
class BankSeed:
    """One bank: its tree and its fuels."""

    id: str
    en: str
    zh: str
    units: tuple[UnitSeed, ...]
    fuels: tuple[FuelSeed, ...]


TAIHU = BankSeed(
    id="taihu",
    en="Taihu Rural Commercial Bank",
    zh="太湖农村商业银行",
    units=(
        UnitSeed("hq", "Head office", "总行", "institution", None, "Wuxing", "18200", 310, (("TH-HQ-1", 420_000), ("TH-HQ-2", 185_000))),
        UnitSeed("nanxun", "Nanxun branch", "南浔分行", "branch", "hq", "Nanxun", "4100", 86, (("TH-NX-1", 96_000),)),
        UnitSeed("lianshi", "Lianshi sub-branch", "练市支行", "sub_branch", "nanxun", "Nanxun", "980", 24, (("TH-LS-1", 31_000),)),
        UnitSeed("shuanglin", "Shuanglin outlet", "双林网点", "outlet", "nanxun", "Nanxun", "410", 11, (("TH-SL-1", 14_500),)),
        UnitSeed("deqing", "Deqing branch", "德清分行", "branch", "hq", "Deqing", "3600", 74, (("TH-DQ-1", 88_000),)),
        UnitSeed("wukang", "Wukang outlet", "武康网点", "outlet", "deqing", "Deqing", "520", 13, (("TH-WK-1", 17_200),)),
        UnitSeed("mogan", "Mogan outlet", "莫干网点", "outlet", "deqing", "Deqing", "330", 8, (("TH-MG-1", 12_100),)),
    ),
    fuels=(
        FuelSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "3.12", "10000L", "fuel cards 2025, head office"),
        FuelSeed("gas-hq", "hq", "fuel.natural_gas.stationary", "4.6", "10000m3", "canteen and boiler, gas bills 2025"),
        FuelSeed("diesel-hq", "hq", "fuel.diesel.stationary", "1850", "L", "emergency generator log 2025"),
        FuelSeed("petrol-nanxun", "nanxun", "fuel.petrol.vehicles", "6420", "L", "fuel cards 2025, Nanxun"),
        FuelSeed("petrol-deqing", "deqing", "fuel.petrol.vehicles", "5310.5", "L", "fuel cards 2025, Deqing"),
    ),
)

TIAOXI = BankSeed(
    id="tiaoxi",
    en="Tiaoxi City Bank",
    zh="苕溪城市银行",
    units=(
        UnitSeed("hq", "Head office", "总行", "institution", None, "Wuxing", "9400", 165, (("TX-HQ-1", 260_000),)),
        UnitSeed("anji", "Anji branch", "安吉分行", "branch", "hq", "Anji", "2800", 52, (("TX-AJ-1", 71_000),)),
        UnitSeed("dipu", "Dipu outlet", "递铺网点", "outlet", "anji", "Anji", "460", 12, (("TX-DP-1", 16_400),)),
        UnitSeed("meixi", "Meixi outlet", "梅溪网点", "outlet", "anji", "Anji", "380", 9, (("TX-MX-1", 13_000),)),
        UnitSeed("changxing", "Changxing branch", "长兴分行", "branch", "hq", "Changxing", "3100", 61, (("TX-CX-1", 83_000),)),
        UnitSeed("sian", "Si'an outlet", "泗安网点", "outlet", "changxing", "Changxing", "350", 8, (("TX-SA-1", 12_600),)),
    ),
    fuels=(
        FuelSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "1.88", "10000L", "fuel cards 2025"),
        FuelSeed("gas-hq", "hq", "fuel.natural_gas.stationary", "21400", "m3", "gas bills 2025"),
        FuelSeed("diesel-changxing", "changxing", "fuel.diesel.vehicles", "2980", "L", "cash transport, fuel log 2025"),
    ),
)

MOGAN = BankSeed(
    id="moganshan",
    en="Moganshan Village Bank",
    zh="莫干山村镇银行",
    units=(
        UnitSeed("hq", "Head office", "总行", "institution", None, "Deqing", "2600", 58, (("MG-HQ-1", 92_000),)),
        UnitSeed("leidian", "Leidian sub-branch", "雷甸支行", "sub_branch", "hq", "Deqing", "740", 16, (("MG-LD-1", 24_000),)),
        UnitSeed("xinshi", "Xinshi outlet", "新市网点", "outlet", "hq", "Deqing", "420", 10, (("MG-XS-1", 15_000),)),
        UnitSeed("yucun", "Yucun outlet", "余村网点", "outlet", "hq", "Anji", "260", 6, (("MG-YC-1", 9_200),)),
    ),
    fuels=(
        FuelSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "8120", "L", "fuel cards 2025"),
        FuelSeed("lpg-hq", "hq", "fuel.lpg.stationary", "2.4", "t", "canteen, supplier invoices 2025"),
    ),
)

BANKS = (TAIHU, TIAOXI, MOGAN)

CENTRE_ID = "gfc"
CENTRE_NAME = ("City Green Finance Service Centre", "市绿色金融发展服务中心")


def organisation_document(bank: BankSeed) -> dict[str, object]:
    """Return the bank's organisation tree as a `lingtan.organisation/1` document."""
    return {
        "schema": "lingtan.organisation/1",
        "institution": bank.id,
        "name": {"en": bank.en, "zh": bank.zh},
        "timezone": TIMEZONE,
        "region": REGION,
        "units": [
            {
                "id": unit.id,
                "name": {"en": unit.en, "zh": unit.zh},
                "kind": unit.kind,
                "parent": unit.parent,
                "opened": "2015-01-01",
                "closed": None,
                "county": unit.county,
                "area_m2": unit.area_m2,
                "headcount": unit.headcount,
            }
            for unit in sorted(bank.units, key=lambda unit: unit.id)
        ],
    }


def activity_document(bank: BankSeed, period: Period) -> dict[str, object]:
    """Return the bank's fuel table as a `lingtan.activity/1` document."""
    return {
        "schema": "lingtan.activity/1",
        "institution": bank.id,
        "period": period_document(period),
        "records": [
            {
                "id": fuel.id,
                "unit": fuel.unit,
                "indicator": fuel.indicator,
                "quantity": {"value": fuel.value, "unit": fuel.unit_code},
                "start": period.first_day.isoformat(),
                "end": period.last_day.isoformat(),
                "source": {"kind": "invoice", "reference": fuel.reference, "sha256": None},
                "quality": 2,
            }
            for fuel in sorted(bank.fuels, key=lambda fuel: fuel.id)
        ],
        "declared_totals": [],
        "factor_choices": [],
    }
