"""The rules of vee_1 in the order in which their findings come."""

from __future__ import annotations

from ledger.metering.vee.rule import GroupRule, Rule, RuleSet
from ledger.metering.vee.vee_1.bills import check_bills
from ledger.metering.vee.vee_1.day_totals import check_day_totals
from ledger.metering.vee.vee_1.level import check_level
from ledger.metering.vee.vee_1.policies import VEE_1, Policies
from ledger.metering.vee.vee_1.register_sum import check_register_sum
from ledger.metering.vee.vee_1.repeated import check_repeated
from ledger.metering.vee.vee_1.shifted import check_shifted
from ledger.metering.vee.vee_1.sub_meters import check_sub_meters
from ledger.metering.vee.vee_1.swapped import check_swapped
from ledger.metering.vee.vee_1.zero import check_zero

RULE_SET: RuleSet[Policies] = RuleSet(
    "vee_1",
    VEE_1,
    (
        Rule("zero", ("METER_ZERO",), check_zero),
        Rule("day_totals", ("DAY_TOTAL_UNUSUAL",), check_day_totals),
        Rule("repeated", ("DAY_REPEATED",), check_repeated),
        Rule("shifted", ("PROFILE_SHIFTED",), check_shifted),
        Rule("level", ("LEVEL_CHANGED",), check_level),
        Rule("bills", ("BILL_DIFFERS", "RATIO_SLIP"), check_bills),
        Rule("register_sum", ("REGISTER_SUM_DIFFERS",), check_register_sum),
    ),
    (
        GroupRule("swapped", ("METERS_SWAPPED",), check_swapped),
        GroupRule("sub_meters", ("SUB_METERS_EXCEED",), check_sub_meters),
    ),
)
