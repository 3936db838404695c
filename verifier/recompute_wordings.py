"""Hold the sentences of the report on what was computed again, in the form of wordings.py."""

RECOMPUTE = """
LINE_METER_ABSENT
  the line agrees with the meter total that the statement claims; the record itself is not here
  该行与报表所称表计合计一致；但记录本身未提供
  Ask for the meter record.
  请索取表计记录。
LINE_DATA
  cause data: the line does not follow from its sources ({field}); {others} further lines differ
  原因为数据：该行与其来源不符（{field}）；另有 {others} 行不同
  Compare activity.json and the meter records of this unit.
  请核对该单位的活动数据与表计记录。
LINE_FACTOR
  cause factor {factor}: another factor, or another value of it ({field}); {others} further lines differ
  原因为因子 {factor}：所用因子或其数值不同（{field}）；另有 {others} 行不同
  Compare the line's factor with library.json.
  请将该行因子与因子库核对。
LINE_ALLOCATION
  cause allocation: the unit's share of a landlord's quantity differs ({field}); {others} further lines differ
  原因为分摊：该单位在房东计量数据中的份额不符（{field}）；另有 {others} 行不同
  Compare the unit's allocations in organisation.json with the landlord's records.
  请将 organisation.json 中该单位的分摊规则与房东记录核对。
LINE_INSTRUMENT
  cause instrument: certificates or contracts cover another part of the line ({field}); {others} further lines differ
  原因为绿证或合同：其覆盖该行的部分不符（{field}）；另有 {others} 行不同
  Compare the instruments of activity.json with method-operational-1.md, step 6.
  请将 activity.json 中的绿证与合同对照方法 operational_1 第 6 步。
LINE_METHOD
  cause method: computed by another rule ({field}); {others} further lines differ
  原因为方法：计算规则不同（{field}）；另有 {others} 行不同
  Compare with method-operational-1.md, steps 4 to 6.
  请对照方法 operational_1 第 4 至 6 步。
LINE_ROUNDING
  cause rounding: off by at most one gram ({field}); {others} further lines differ
  原因为舍入：相差不超过 1 克（{field}）；另有 {others} 行不同
  Compare with method-operational-1.md, rounding.
  请对照方法 operational_1 的舍入规则。
ROLLUP
  cause roll-up: the lines add up to another figure
  原因为汇总：各行相加得到另一数值
  Compare the unit's lines and its children.
  请核对该单位的各行及其下级。
ROLLUP_UNIT
  a unit is missing from the roll-up, or is not in the organisation
  汇总缺少某单位，或该单位不在机构中
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
FINDING
  the bank's own check {finding} forbids signing: {action}
  银行自身的检查 {finding} 不允许签署：{action}
  The bank corrects its data and prepares a new revision.
  由银行更正数据并编制新版本。
READINGS_UNSEEN
  the meter's unit was open in part of the period alone, and the record that shows its days is not here
  该表计所属机构仅在核算期部分时间存续，而显示其读数日期的记录未提供
  Ask for the meter record.
  请索取表计记录。
FINDING_LEFT_OUT
  recomputing finds {finding}, which forbids signing and which findings.json leaves out; {others} further errors
  重算发现 {finding}，该错误不允许签署，而 findings.json 未列出；另有 {others} 项错误
  Do not rely on the statement; the bank corrects its data and prepares a new revision.
  请勿依赖该报表；由银行更正数据并编制新版本。
FINDING_LISTED
  recomputing finds {finding}, which forbids signing, as findings.json says; {others} further errors
  重算发现 {finding}，该错误不允许签署，与 findings.json 所列一致；另有 {others} 项错误
  The bank corrects its data and prepares a new revision.
  由银行更正数据并编制新版本。
lines.recompute
  the lines cannot be recomputed: {detail}
  各行无法重算：{detail}
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
rollup.recompute
  the units do not form one tree: {detail}
  机构单位不成一棵树：{detail}
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
findings.recompute
  the findings cannot be recomputed: {detail}
  发现项无法重算：{detail}
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
"""
