"""Every validator by name, and the one function that runs them: for the server, the inventory command and `lingtan check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ledger.accounting.methods.operational_1 import Computation, Inputs
from ledger.accounting.validators.activity_records import check_digits_against_last_period, check_doubles
from ledger.accounting.validators.certificates import check_certificates
from ledger.accounting.validators.changes import check_jumps
from ledger.accounting.validators.declared_factors import check_declared_factors
from ledger.accounting.validators.explained import check_explained, check_without_statement
from ledger.accounting.validators.figures import read_declared
from ledger.accounting.validators.intensity import check_intensities
from ledger.accounting.validators.missing_figures import check_units_have_figures
from ledger.accounting.validators.published import check_conflicts, check_restated
from ledger.accounting.validators.regions import check_regions
from ledger.accounting.validators.subject import Earlier, Subject
from ledger.accounting.validators.sums import check_sums
from ledger.errors import NotFound
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.findings import Finding, Severity
from ledger.records.names import Name
from ledger.records.organisation import Organisation

Stage = Literal["reading", "method", "inventory"]
Check = Callable[[Subject], tuple[Finding, ...]]


@dataclass(frozen=True)
class Validator:
    """One code: what it means, what it looks at, and when: on reading a document, by the method, or with the whole inventory."""

    code: str
    severity: Severity
    title: Name
    looks_at: str
    stage: Stage = "inventory"


def _row(code: str, severity: Severity, en: str, zh: str, looks_at: str, stage: Stage = "inventory") -> Validator:
    return Validator(code, severity, Name(en, zh), looks_at, stage)


VALIDATORS: tuple[Validator, ...] = (
    _row("METER_BELOW_REGISTER", "error", "A register runs backwards", "抄表读数倒走", "register readings of a record", "reading"),
    _row("REGISTER_DIFFERS", "error", "Readings give another quantity", "数量与抄表读数不符", "register readings and quantity", "reading"),
    _row("RECORD_ENDS_BEFORE_START", "error", "A record ends before it starts", "记录结束早于开始", "days of a record", "reading"),
    _row("QUANTITY_NEGATIVE", "error", "A negative quantity", "数值为负", "quantity of a record", "method"),
    _row("DATE_IN_FUTURE", "error", "A date in the future", "日期在未来", "days of a record, and today", "method"),
    _row("UNIT_WITHOUT_DATA", "error", "A missing branch", "机构缺失数据", "the tree of the period and the lines", "method"),
    _row(
        "TOTAL_MISMATCH",
        "error",
        "A published figure does not tie out",
        "合计与公布数不符",
        "published figures and the inventory",
        "method",
    ),
    _row("IMPLIED_FACTOR_RANGE", "error", "A physically impossible factor", "隐含因子超出物理范围", "a figure ÷ its quantity", "method"),
    _row(
        "FACTOR_NOT_IDENTIFIABLE", "warning", "No known factor leads to the figure", "无法识别所用因子", "a figure ÷ its quantity", "method"
    ),
    _row(
        "FACTOR_OF_OTHER_KIND",
        "warning",
        "A factor made for another use leads to it",
        "用了其他用途的因子",
        "a figure ÷ its quantity",
        "method",
    ),
    _row("DECLARED_SUM_MISMATCH", "error", "A printed total is not its printed parts", "公布合计与分项之和不符", "published figures alone"),
    _row("DECLARED_CONFLICT", "error", "One measure printed with two values", "同一指标公布数前后矛盾", "published figures alone"),
    _row("DECLARED_POWER_OF_TEN", "warning", "A moved decimal point", "小数点或单位错位", "published figures and the inventory"),
    _row("DIGIT_TRANSPOSITION", "warning", "A slip of digits", "数字颠倒或误写", "published figures, and quantities of two periods"),
    _row("PRIOR_PERIOD_RESTATED", "warning", "An earlier period is printed anew", "以前期间数据被重述", "figures for earlier periods"),
    _row(
        "DECLARED_PERIOD_UNKNOWN", "info", "Printed for a period that is not given", "公布数所属期间未提供", "figures for earlier periods"
    ),
    _row(
        "DECLARED_WITHIN_ROUNDING",
        "info",
        "Off by the rounding of quantities",
        "差异在数量修约范围内",
        "published figures and printed digits",
    ),
    _row("FACTOR_IDENTIFIED", "info", "The factor that leads to the figure", "可识别的因子", "figures where nothing could be computed"),
    _row(
        "FACTOR_NOT_IN_DOCUMENT",
        "warning",
        "The cited document has another value",
        "引用文件中无此因子值",
        "listed factors and the library",
    ),
    _row("FACTOR_DOCUMENT_UNKNOWN", "info", "A document the library does not hold", "指标库无所引文件", "listed factors and the library"),
    _row(
        "DECLARED_FACTOR_MISMATCH",
        "error",
        "The result is not of the listed factor",
        "结果与所列因子不符",
        "listed factors and published figures",
    ),
    _row("FACTOR_OF_OTHER_REGION", "warning", "A grid factor of another place", "因子所属地区不符", "factor choices and the region"),
    _row("INSTRUMENT_AGAIN", "warning", "A certificate used in two periods", "绿证跨期重复使用", "certificates of two periods"),
    _row("RECORD_DUPLICATE", "warning", "Two records look like one", "疑似重复记录", "records of one unit and indicator"),
    _row("RECORDS_OVERLAP", "warning", "Bills over the same days", "账单期间重叠", "records of one unit and indicator"),
    _row("YEAR_ON_YEAR_JUMP", "warning", "A jump against the period before", "较上期突变", "lines and totals of two periods"),
    _row("INTENSITY_IMPLAUSIBLE", "info", "Hardly possible per m² or head", "单位面积或人均不合理", "lines, areas, headcounts"),
)

CHECKS: tuple[Check, ...] = (
    check_sums,
    check_conflicts,
    check_explained,
    check_without_statement,
    check_restated,
    check_declared_factors,
    check_regions,
    check_certificates,
    check_doubles,
    check_digits_against_last_period,
    check_jumps,
    check_intensities,
)
"""What runs over the whole inventory, in the order of its findings."""


def validate_inventory(computation: Computation, inputs: Inputs, previous: Sequence[Earlier] = ()) -> tuple[Finding, ...]:
    """Return what the validators find beside `computation.findings`.

    Args:
        previous: earlier periods of the institution in order of time; the last one is the period right before.
    """
    try:
        gwp = inputs.release.gwp_set(inputs.gwp)
    except NotFound:
        return ()  # the method has said so already
    subject = Subject(inputs.activity, inputs.release, gwp, inputs.organisation, computation.statement, tuple(previous))
    known = {(finding.code, finding.place) for finding in computation.findings}
    return tuple(finding for finding in _run(subject) if (finding.code, finding.place) not in known)


def validate_activity(
    activity: Activity,
    release: Release,
    organisation: Organisation | None = None,
    *,
    gwp: str = "AR6",
    previous: Sequence[Earlier] = (),
) -> tuple[Finding, ...]:
    """Return what the validators find in activity data alone, without anything computed from them.

    Raises:
        NotFound: the release has no such GWP set.
    """
    figures = read_declared(activity.declared_totals, release, organisation)[1]
    subject = Subject(activity, release, release.gwp_set(gwp), organisation, None, tuple(previous))
    return (*figures, *(() if activity.records else check_units_have_figures(subject)), *_run(subject))


def _run(subject: Subject) -> Iterator[Finding]:
    seen: set[tuple[str, str, str | None]] = set()
    for check in CHECKS:
        for finding in check(subject):
            key = (finding.code, finding.place, finding.got)
            if key not in seen:
                seen.add(key)
                yield finding
