"""Three invented banks of one city, with branch trees, meters, and a year of fuels, water, paper, travel, waste and green power."""

from __future__ import annotations

from ledger.demo.seeds import BankSeed, ChoiceSeed, InstrumentSeed, LeaseSeed, RecordSeed, UnitSeed

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
        UnitSeed(
            *("zhili", "Zhili outlet", "织里网点", "outlet", "hq", "Wuxing", "380", 9),
            lease=LeaseSeed("380", "4560", "lease 2024-11 of Zhili Trade House, clause 5"),
            opened="2025-01-01",
            opening="included",
        ),
    ),
    records=(
        RecordSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "3.12", "10000L", "fuel cards 2025, head office"),
        RecordSeed("gas-hq", "hq", "fuel.natural_gas.stationary", "4.6", "10000m3", "canteen and boiler, gas bills 2025"),
        RecordSeed("diesel-hq", "hq", "fuel.diesel.stationary", "1850", "L", "emergency generator log 2025"),
        RecordSeed("petrol-nanxun", "nanxun", "fuel.petrol.vehicles", "6420", "L", "fuel cards 2025, Nanxun"),
        RecordSeed("petrol-deqing", "deqing", "fuel.petrol.vehicles", "5310.5", "L", "fuel cards 2025, Deqing"),
        RecordSeed("refrigerant-hq", "hq", "refrigerant.r-410a", "14.5", "kg", "refills of the chillers, service log 2025", "document"),
        RecordSeed("building-zhili", "zhili", "electricity.purchased", "41.2", "万kWh", "landlord's bills 2025, whole house", "landlord"),
        RecordSeed("water-hq", "hq", "water.supply", "2.86", "万m³", "water bills 2025"),
        RecordSeed("sewage-hq", "hq", "water.treatment", "2.43", "万m³", "water bills 2025, sewage"),
        RecordSeed("paper-hq", "hq", "paper.office", "9.4", "t", "purchasing 2025, 3,760 reams"),
        RecordSeed("rail-hq", "hq", "travel.rail_high_speed", "61.8", "万pkm", "travel agency 2025", "reported", 3),
        RecordSeed("air-hq", "hq", "travel.air_domestic", "23.4", "万pkm", "travel agency 2025", "reported", 3),
        RecordSeed("hotel-hq", "hq", "travel.hotel", "1480", "night", "travel agency 2025", "reported", 3),
        RecordSeed("waste-hq", "hq", "waste.general", "88.5", "t", "property management 2025, by containers", "estimate", 4),
    ),
    instruments=(
        InstrumentSeed("gec-2025-03", "hq", "600", "green certificates 3300-2503-000001 to 000600", "2025-03-01", "2025-12-20"),
        InstrumentSeed("gec-nanxun", "nanxun", "40", "green certificates 3300-2506-014100 to 014139", "2025-06-01", "2025-12-20"),
    ),
    forgotten="petrol-deqing",
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
    records=(
        RecordSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "1.88", "10000L", "fuel cards 2025"),
        RecordSeed("gas-hq", "hq", "fuel.natural_gas.stationary", "21400", "m3", "gas bills 2025"),
        RecordSeed("diesel-changxing", "changxing", "fuel.diesel.vehicles", "2980", "L", "cash transport, fuel log 2025"),
        RecordSeed("refrigerant-hq", "hq", "refrigerant.r-32", "6.2", "kg", "service log 2025", "document"),
        RecordSeed("water-hq", "hq", "water.supply", "16400", "m3", "water bills 2025"),
        RecordSeed("paper-hq", "hq", "paper.office", "5.1", "t", "purchasing 2025"),
        RecordSeed("rail-hq", "hq", "travel.rail_high_speed", "284000", "pkm", "travel agency 2025", "reported", 3),
        RecordSeed("hotel-hq", "hq", "travel.hotel", "640", "night", "travel agency 2025", "reported", 3),
        RecordSeed("waste-hq", "hq", "waste.general", "47", "t", "property management 2025", "estimate", 4),
    ),
    instruments=(InstrumentSeed("wind-anji", "anji", "120", "power contract 2025-017 with a wind park, annex 2", factor="0.012"),),
    choices=(
        ChoiceSeed("electricity.purchased", "grid_average.cn-zj.2023", "the provincial factor describes our grid; board minutes 2026-02"),
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
    records=(
        RecordSeed("petrol-hq", "hq", "fuel.petrol.vehicles", "8120", "L", "fuel cards 2025"),
        RecordSeed("lpg-hq", "hq", "fuel.lpg.stationary", "2.4", "t", "canteen, supplier invoices 2025"),
        RecordSeed("refrigerant-hq", "hq", "refrigerant.r-410a", "2.8", "kg", "service log 2025", "document"),
        RecordSeed("water-hq", "hq", "water.supply", "4120", "m3", "water bills 2025"),
        RecordSeed("paper-hq", "hq", "paper.recycled", "1.3", "t", "purchasing 2025"),
        RecordSeed("rail-hq", "hq", "travel.rail_high_speed", "58000", "pkm", "expense claims 2025", "reported", 3),
        RecordSeed("waste-hq", "hq", "waste.general", "12.5", "t", "containers × weight", "estimate", 4),
    ),
    instruments=(InstrumentSeed("gec-2025-05", "hq", "150", "green certificates 3300-2505-220001 to 220150", "2025-05-01", "2025-12-28"),),
    by_workbook=True,
)

BANKS = (TAIHU, TIAOXI, MOGAN)
