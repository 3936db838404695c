"""Names of asset classes, high-carbon sectors, uses, green fields and industries, in two languages."""

from __future__ import annotations

import re

from ledger.records.names import Name

CLASSES = {
    "listed_equity": Name("Listed equity", "上市股权"),
    "corporate_bond": Name("Corporate bonds", "公司债券"),
    "business_loan": Name("Business loans", "企业贷款"),
    "unlisted_equity": Name("Unlisted equity", "非上市股权"),
    "project_finance": Name("Project finance", "项目融资"),
    "commercial_real_estate": Name("Commercial real estate", "商业房地产"),
    "mortgage": Name("Mortgages", "住房抵押贷款"),
    "motor_vehicle": Name("Motor vehicle loans", "汽车贷款"),
    "sovereign": Name("Sovereign debt", "主权债务"),
}
HIGH_CARBON = {
    "power": Name("Power", "发电"),
    "steel": Name("Steel", "钢铁"),
    "building_materials": Name("Building materials", "建材"),
    "petrochemicals": Name("Petrochemicals", "石化"),
    "chemicals": Name("Chemicals", "化工"),
    "nonferrous_metals": Name("Non-ferrous metals", "有色金属"),
    "paper": Name("Paper", "造纸"),
    "aviation": Name("Aviation", "航空"),
}
USES = {"project": Name("Project business", "项目业务"), "general": Name("Other business", "非项目业务")}
GREEN_FIELDS = {
    "clean_energy": Name("Clean energy", "清洁能源"),
    "energy_saving": Name("Energy saving", "节能环保"),
    "carbon_reduction": Name("Carbon reduction technology", "碳减排技术"),
    "": Name("No field named", "未注明领域"),
}
METHODS = {
    "pcaf_2": Name("PCAF Part A, 2nd edition", "PCAF 标准 A 部分（第二版）"),
    "pboc_2021": Name("PBOC technical guide 2021", "《金融机构碳核算技术指南（试行）》"),
}
OTHER = "-"
# Sections of GB/T 4754-2017.
INDUSTRIES = {
    "A": Name("Agriculture, forestry, animal husbandry, fishery", "农、林、牧、渔业"),
    "B": Name("Mining", "采矿业"),
    "C": Name("Manufacturing", "制造业"),
    "D": Name("Electricity, heat, gas and water", "电力、热力、燃气及水生产和供应业"),
    "E": Name("Construction", "建筑业"),
    "F": Name("Wholesale and retail", "批发和零售业"),
    "G": Name("Transport, storage and post", "交通运输、仓储和邮政业"),
    "H": Name("Hotels and catering", "住宿和餐饮业"),
    "I": Name("Information transmission, software and IT services", "信息传输、软件和信息技术服务业"),
    "J": Name("Finance", "金融业"),
    "K": Name("Real estate", "房地产业"),
    "L": Name("Leasing and business services", "租赁和商务服务业"),
    "M": Name("Scientific research and technical services", "科学研究和技术服务业"),
    "N": Name("Water, environment and public facilities", "水利、环境和公共设施管理业"),
    "O": Name("Residential and other services", "居民服务、修理和其他服务业"),
    "P": Name("Education", "教育"),
    "Q": Name("Health and social work", "卫生和社会工作"),
    "R": Name("Culture, sports and entertainment", "文化、体育和娱乐业"),
    "S": Name("Public administration and social organisations", "公共管理、社会保障和社会组织"),
    "T": Name("International organisations", "国际组织"),
    OTHER: Name("Not a code of GB/T 4754", "非 GB/T 4754 代码"),
}
_CODE = re.compile(r"([A-T])[0-9]{0,4}")


def industry_of(sector: str) -> str:
    """Return the section letter of a sector's code of GB/T 4754, or `-` where it is another text."""
    match = _CODE.fullmatch(sector)
    return match[1] if match else OTHER


def industry_name(letter: str) -> Name:
    """Return the name of a section with its letter before it."""
    name = INDUSTRIES[letter]
    return name if letter == OTHER else Name(f"{letter} {name.en}", f"{letter} {name.zh}")
