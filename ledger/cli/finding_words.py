"""What each code of a finding means, in Chinese, and the words for its severity (docs/findings.md, held to it by a test).

What was found stands in English with the facts; the code is the same in every language, and here is what it says. What to do about it:
finding_actions.
"""

from __future__ import annotations

from ledger.cli.messages import Language

SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}
_TABLE = """
ADJUSTMENTS_LISTED 节能量依据所列调整项，未使用模型
ADJUSTMENT_PERIOD 调整项不在报告期内
ALLOCATION_CHANGES 记录期间分摊规则发生变化
ALLOCATION_MISSING 房东计量数据缺少分摊规则
ALLOCATION_ORDER 分摊日期未递增
ALLOCATION_SHARE 分摊份额大于整体
ANALYSIS_REFUSED 无法按所列策略分析
ANCHOR_DIFFERS 签署的根与链上不符
ANCHOR_UNKNOWN 链上无此存证
ATTRIBUTION_ABOVE_ONE 同一主体归因合计超过 100%
ATTRIBUTION_CLIPPED 余额大于分母，归因因子取 1
ANSWER_CHANGED 对发现的答复与审计日志不符
AUDIT_CHAIN_BROKEN 审计链断裂
AUDIT_ENTRY_CHANGED 审计条目被改动
AUDIT_ENTRY_MISSING 审计条目缺失
AUDIT_HEAD_MISSING 审计日志被截断
BALANCE_MISSING 缺少方法所需余额
BASELINE_ROW_DROPPED 基准期某月或某日数据不全，未用于模型
BASES_MIXED 同一清单行的计量基准不一致
BATCH_DAY_TWICE 批文中同一表计同一日重复
BATCH_FORM 批文字段不符合格式
BATCH_LENGTH 批文长度不符
BILL_DIFFERS 计量与账单不符
BLEND_SHARES 制冷剂组分比例之和不为 1
BODY_TOO_LARGE 报文超过大小上限
BOOK_EMPTY 账簿为空
BOOK_KIND 文件类型不支持
BOOK_TOO_LARGE 账簿行数过多
BOOK_TOO_MANY_ERRORS 错误过多，读取中止
CELL_DIGITS 数字超过 15 位，可能失真
CELL_ERROR 单元格为错误值
CELL_FORMULA 单元格为公式
CELL_INVALID 单元格内容不符合要求
CELL_MERGED 数据行含合并单元格
CELL_MISSING 该行缺少必填项
CHAIN_BROKEN 报文与前一报文不衔接
CHECKPOINT_FORK 见证方已会签另一段历史
CHECKPOINT_ROLLBACK 本链短于见证方已会签的长度
CLOCK_OFF 设备时钟偏差，读数记为可疑
CLOSING_WITHOUT_DATE 关闭日期与关闭原因须同时填写
CODE_DIFFERS 名称与隐藏代码不一致
COLLECTOR_ERROR 采集器数据无效
COLUMN_FLOAT 列为浮点数，按最短十进制读取
COLUMN_MISSING 缺少列
COLUMN_TWICE 列标题重复
COLUMN_TYPE 列类型不符
COLUMN_UNKNOWN 自设列，不读取
COMMITMENTS_MISSING 承诺材料缺失且无机构指令
COMMITMENT_BROKEN 承诺无法重算
COMMITMENT_DIFFERS 分组叶与报表承诺不符
CONDITIONS_OUT_OF_RANGE 报告期条件超出模型范围
CSV_COLUMNS 列数错误
CSV_EMPTY 文件为空
CSV_ENCODING 编码无法识别
CSV_GB18030 按 GB18030 读取
CSV_HEADER 表头错误
CSV_LINE_TOO_LONG 行过长，读取中止
CSV_NUL 含空字节，文件已损坏
CSV_QUOTED 字段带引号
CSV_TOO_LARGE CSV 过大
CSV_TOO_MANY_ERRORS 错误行过多，读取中止
CSV_UNREADABLE 表格不是有效的 CSV
CURRENCY_WITHOUT_RATE 外币缺少汇率
DATE_IN_FUTURE 记录日期在未来
DAY_REPEATED 日数据与此前某日完全相同
DAY_TOTAL_UNUSUAL 日用量异常
DECLARED_CONFLICT 同一指标公布了两个不同数值
DECLARED_FACTOR_MISMATCH 公布结果与所列因子不符
DECLARED_PERIOD_UNKNOWN 公布数所属期间未提供，未作比较
DECLARED_POWER_OF_TEN 疑似小数点或单位错位
DECLARED_SUM_MISMATCH 公布合计与公布分项之和不符
DECLARED_WITHIN_ROUNDING 差异在数量修约误差之内
DENOMINATOR_FALLBACK 以总资产替代权益与负债
DENOMINATOR_MISSING 分母缺失、为零或为负
DERIVATION_CHANGED 推导记录与报文不符
DERIVATION_FAILED 该条目无法推导，未计入表日
DIGIT_TRANSPOSITION 疑似数字颠倒或误写
DIMENSION_WRONG 计量单位与指标量纲不符
DOCUMENT_ID_TAKEN 随附文件编号已被占用
DOCUMENT_UNKNOWN 所引文件不在指标库版本中
DUPLICATE_SAME 同一刻钟重复且相同
EDIT_EMPTY 修改未改变任何数据
EDIT_OUTDATED 修改所依据的原值已变化
EDIT_REFUSED 该规则不适用于此时段
EMISSIONS_AMBIGUOUS 排放数据相互矛盾
EMISSIONS_MISSING 缺少该选项所需的排放数据
EMISSIONS_NEGATIVE 排放为负
ENVELOPE_NOT_CANONICAL 信封不是规范形式
ENVELOPE_UNREADABLE 信封不是可读的 JSON
EQUITY_NEGATIVE 权益为负，按零计
EQUIVOCATION 与已存读数矛盾，不予覆盖
EQUIVOCATION_ALARM 设备以同一序号签署了不同报文
ESTIMATE_REPLACED 实测值替换估算值
EVIDENCE_MISSING 实测参数缺少记录
EXPORT_ABOVE_GENERATION 上网电量大于发电量
EXPORT_EXCEEDS_GENERATION 上网电量大于发电量
EXPOSURE_TWICE 敞口编号重复
FACTOR_BASE_WRONG 因子与计量基准不符
FACTOR_CHOICE_TWICE 同一指标和用途重复选用因子
FACTOR_DATA_YEAR 因子数据年份与报告年份相差过大
FACTOR_DATES 因子有效期终止早于开始
FACTOR_DIFFERS 因子数值或单位与现行指标库不符
FACTOR_DOCUMENT_UNKNOWN 指标库未收录所引文件
FACTOR_FORM 因子形式不完整
FACTOR_GASES 燃料因子的气体口径不一致
FACTOR_IDENTIFIED 可识别出得到公布数的因子
FACTOR_ID_TAKEN 自有因子编号已被占用
FACTOR_NEGATIVE 因子为负
FACTOR_NOT_ADMITTED 因子类型不适用于该指标
FACTOR_NOT_FOUND 未找到适用因子
FACTOR_NOT_IDENTIFIABLE 无法识别公布数据所用因子
FACTOR_NOT_IN_DOCUMENT 引用文件中无所列因子值
FACTOR_OF_ANOTHER 所选因子为其他机构的本地因子
FACTOR_OF_OTHER_KIND 公布数由其他用途的因子得出
FACTOR_OF_OTHER_REGION 所选电力因子不属于机构所在地区
FACTOR_OVERLAP 同类因子有效期重叠
FACTOR_UNCONFIRMED 因子未经官方文本核实
FACTOR_UNIT 因子单位错误
FACTOR_UNKNOWN 所选因子不在指标库版本中
FIELD_INVALID 字段值格式错误
FIELD_MISSING 缺少字段
FIELD_UNKNOWN 未知字段
FIGURE_TOO_LARGE 数值超出范围
FIGURE_UNUSED 该选项不使用此数据
FILE_DIFFERS 文件与所列 SHA-256 不符
FILE_UNREADABLE 所引用文件无法读取
FILE_UNUSED 所附文件未被项目引用
FINDINGS_CHANGED 报表的发现与编制时不符
FITTING_CHANGED 表计装置登记与报文日志不符
FORM_END_MISSING 抄表文件缺少结束记录
FORM_RECORD_INVALID 抄表文件记录格式错误
GAS_WITHOUT_GWP GWP集缺少该气体
GUARANTEE_NOT_CALLED 未代偿的担保按零计
GWP_UNKNOWN 指标库版本不含该GWP集
HEADER_MISSING 缺少列标题行
IMPLIED_FACTOR_RANGE 隐含因子超出物理范围
INDICATOR_UNKNOWN 指标不存在
INPUT_CHANGED 报表的输入被改动
INPUT_CHANGED_BESIDE_CAUSE 重述改变了其原因之外的输入
INPUT_MISSING 报表的输入缺失
INSTITUTION_DIFFERS 文件属于其他机构
INSTITUTION_OTHER 活动数据属于其他机构
INSTRUMENT_AGAIN 绿证已在以前期间使用
INSTRUMENT_FORM 绿证或合同要素不符
INSTRUMENT_NOT_IN_FORCE 绿证在核算期内无效
INSTRUMENT_SURPLUS 绿证或合同电量大于用电量
INTENSITY_IMPLAUSIBLE 单位面积或人均强度不合理
INTERVALS_SPREAD 长间隔读数已均摊并标记为估算
ITEM_TWICE 列表项重复
ITEM_UNSORTED 列表未按顺序排列
KEY_REVOKED 密钥已撤销且超出截止序号
LEAF_INVALID 分组叶格式错误
LEAVES_REFUSED 分组叶未按序或重复
LEAVES_TOO_MANY 分组数超过20,000
LEVEL_CHANGED 用量水平按倍率突变
LIBRARY_CHANGED 指标库与报表所列不符
LIBRARY_UNKNOWN 指标库版本不可用
LIMIT_LOOSENED 接受限值放宽
LINE_CHANGED 清单行与输入不符
LINE_TOO_LARGE 清单行数值过大
LOCAL_FACTOR_DOCUMENT 自有因子所引文件与随附文件不符
LOCAL_FACTOR_ID 自有因子编号前缀错误
LOCAL_FACTOR_OWNER 自有因子的所有者不是提交机构
LOCAL_FACTOR_REFUSED 自有因子与指标库冲突
LOG_ENTRY_MISSING 报文日志缺少条目
LOG_ROOT_DIFFERS 报文日志与银行签署的检查点不符
MARKET_KINDS_MISPLACED 基于市场的因子类型用于非外购电力指标
MEASURE_UNKNOWN 计量单位不存在或不适用
MERGED_INTO_MISSING 未说明并入的机构
MERGED_INTO_NOT_OPEN 并入的机构次日未开业
MERGED_INTO_UNKNOWN 并入的机构不存在
MERGED_INTO_WITHOUT_MERGER 未合并的机构填写了并入机构
METERS_SWAPPED 两块表计疑似接反
METER_AND_INVOICE 同一清单行既有表计又有账单
METER_BELOW_REGISTER 末次抄表读数小于首次读数
METER_COVERAGE 计量覆盖不足
METER_DAY_CHANGED 表日与遥测报文不符
METER_FLAT 读数长时间不变
METER_GAP 核算期内有缺口
METER_NOT_IN_FILE 文件中没有该表计
METER_NOT_MAPPED 映射未列出该表计，已略过
METER_NOT_YET_THERE 表计登记于核算期结束之后，未列入
METER_OF_OTHER_DEVICE 表计不属于该设备
METER_PERIOD 计量记录与核算期不一致
METER_QUANTITY 计量单位与表计不符
METER_RECORD_CHANGED 表计记录与报表不符
METER_SPIKE 读数突增
METER_TWICE 表计重复
METER_UNKNOWN 表计未登记
METER_WITHOUT_READINGS 表计在核算期内无任何读数
METER_ZERO 表计连续 24 小时以上为零
METHOD_UNKNOWN 指标库版本不含该核算方法
MODEL_NOT_ACCEPTED 模型未达接受限值，不计节能量
MODEL_TERM 模型变量未知、重复或未使用
MODEL_UNDETERMINED 基准期数据不足以确定模型
MONTH_MISSING 月末余额不完整
MONTH_UNKNOWN 月份超出核算期
NAME_AMBIGUOUS 名称对应多个机构
NEGATIVE_STEP 表码倒走
NOTHING_COMPUTED 仅有公布数，未进行核算
NOTHING_TO_REPORT 无可报告的数据
OPTION_A_NOTHING_MEASURED 选项 A 没有任何实测参数
OPTION_C_SMALL_SAVINGS 节能量过小，整体计量难以辨识
OPTION_FORM 项目内容与所选 IPMVP 选项不符
OPTION_NOT_OF_CLASS 该资产类别无此选项
OPTION_NOT_OF_METHOD 该方法无此选项
PARAMETER_UNITS 参数单位相乘不是电能
PARENT_NOT_OPEN 上级机构在下级机构存续期内未开业
PARENT_UNKNOWN 上级机构不存在
PARQUET_UNREADABLE Parquet 文件无法读取
PATH_WITHOUT_YEARS 设有目标，但没有完整日历年度的核算期
PERCENT_SUSPECTED 疑似将百分数填为小数
PERIODS_DIFFER 基准期与报告期月数不同且无模型
PERIODS_OVERLAP 核算期重叠
PERIOD_ATTESTED 核算期已签署，迟到读数需更正版本
PERIOD_DIFFERS 文件属于其他核算期
PERIOD_NOT_STATED 策略所指核算期尚无有效报表，该部分略去
PERIOD_NOT_WHOLE_MONTHS 按月数据的期间不是整月
PERIOD_ORDER 期间首尾颠倒或过长
PERIOD_OTHER 活动数据属于其他核算期
PERIOD_UNKNOWN 策略所指核算期不存在
PLACEMENT_FIRST 首次归属日期与开业日期不符
PLACEMENT_MISSING 未说明上级机构
PLACEMENT_ORDER 归属日期未递增或晚于关闭日期
PORTFOLIO_REFUSED 组合数据无法计算
PRIOR_PERIOD_RESTATED 以前期间公布数被重述
PROFILE_ORDER 目标年份顺序错误
PROFILE_SHIFTED 负荷曲线整体偏移数小时
QUALITY_UNKNOWN 质量标志未知
QUANTITY_DIFFERS 计量量与表计不符
QUANTITY_INVALID 数值格式错误
QUANTITY_NEGATIVE 数值为负
RATIO_SLIP 疑似互感器倍率错误
READINGS_COUNT 读数条数不符
READINGS_MISSING 缺少刻钟读数
READINGS_OVERLAP 读数时段重叠
READING_IN_FUTURE 读数时间在未来
READING_OUT_OF_ORDER 读数未按时间顺序排列
READING_REPEATED 同一刻钟重复且不同
READING_UNFITTED 未装表期间有读数
RECORDS_OVERLAP 账单或抄表期间重叠
RECORD_DUPLICATE 疑似重复记录
RECORD_ENDS_BEFORE_START 记录结束日期早于开始日期
RECORD_OUTSIDE_PERIOD 记录日期超出核算期
RECORD_OUTSIDE_UNIT_DATES 记录日期不在机构存续期内
RECORD_TWICE 记录编号重复
REDUCTIONS_EMPTY 所提交项目均无可计减排条目
REDUCTION_DIFFERS 银行自算条目与服务器计算结果不符
REDUCTION_FORM 条目含有该类项目不应有的数值
REDUCTION_METER_TWICE 两个项目依据同一表计
REDUCTION_SUM_DIFFERS 减排量不等于能量乘以因子
REGISTER_APART 表码读数间隔超过三年
REGISTER_DAY_CHANGED 底码日数据与来源不符
REGISTER_DIFFERS 数量与抄表读数不符
REGISTER_ROLLOVER 表码翻转
REGISTER_SPAN 表码读数间隔超过两小时
REGISTER_SUM_DIFFERS 刻钟电量之和与表码不符
REGISTER_UNFITTED 读数早于表计安装或晚于拆除时间
RELEASE_DIFFERS 工作簿对应的指标库版本不同
REPORTING_OUTSIDE_PERIOD 项目报告期超出所属核算期
ROOT_DIFFERS 计算所得根与签署不符
ROOT_KIND 根机构不应有上级
ROOT_NOT_ONE 根机构不唯一
ROWS_LEFT_OUT 映射条件未选的行
ROW_COUNT 法人机构行应恰为一行
ROW_HIDDEN 隐藏行仍被读取
ROW_UNIT_UNKNOWN 行内单位或时段长度无法识别
ROW_PASSED_OVER 略过的行（重复表头或映射所列）
SAVINGS_NEGATIVE 用能高于调整后基准，不生成条目
SAVINGS_NOTHING 没有可计算的月份
SAVINGS_UNCERTAIN 节能量处于不确定范围内
SAVINGS_UNCLAIMED 报告期某些日数据不全，不计节能量
SCOPE2_UNKNOWN 主权范围二未知
SELECTION_COVERED 选取规则被前一规则完全覆盖
SELECTION_OWNED 选取规则选用了机构自有因子
SEQ_GAP 序号有缺口
SEQ_RESTARTED 设备序号重新计数
SHARES_ABOVE_TOTAL 持股数大于总股数
SHEET_MISSING 缺少工作表
SIGNATURE_UNKNOWN 密钥未登记
SIGNATURE_WRONG 签名与报文不符
SIGNED_MESSAGE_CHANGED 留存的签署报文与签名不符
SLOT_INCOMPLETE 刻钟内短间隔读数不全
SOURCE_FORM 数据序列既非数值也非文件，或无法按日划分
STATEMENT_DIFFERS 报表与输入不符
STATEMENT_ERASED 已编制的报表缺失
STATEMENT_SUM_DIFFERS 投融资或减排报表自相矛盾
STATEMENT_UNREADABLE 报表无法读取
STIPULATED_WITHOUT_REASON 约定参数未说明理由
STORED_HASH_BROKEN 存储内容与散列不符
SUB_METERS_EXCEED 分表之和大于总表
SUB_METER_WITHOUT_MAIN 分表无总表计量
SUM_OUT_OF_RANGE 合计超出承诺的数值范围
TABLE_TOO_MANY_ERRORS 错误过多，读取中止
TELEMETRY_BODY_CHANGED 遥测报文被改动
TEMPERATURE_IMPLAUSIBLE 温度数值不合理
TEMPERATURE_STEP 温度读数间隔超过一小时
TERM_NOT_SIGNIFICANT 模型变量不显著
TERM_SIGN 度日系数为负
TEXT_INVALID 文本格式错误
TIE_OUT_MISMATCH 与总账不符
TIE_OUT_MISSING 未申报全部贷款的总账数
TIMESTAMP_FUTURE 时间戳晚于当前时间
TIMESTAMP_INVALID 时间戳格式错误
TIMESTAMP_OFF_GRID 时间戳不在刻钟起点
TIME_AMBIGUOUS 本地时间出现两次，无法区分
TIME_NONEXISTENT 本地时间不存在（夏令时跳过）
TOTAL_MISMATCH 合计与公布数不符
UNIT_CLOSED_BEFORE_OPENED 关闭日期早于开业日期
UNIT_CYCLE 机构层级在某日成环
UNIT_LEFT_OUT 非电能量通道，已略过
UNIT_NAMED_TWICE 计量单位名称重复
UNIT_QUOTIENT 计量单位换算系数错误
UNIT_SUSPECTED 疑似单位错误（万元与元）
UNIT_UNKNOWN 机构不存在
UNIT_WITHOUT_DATA 机构无数据
VALUES_ROUNDED 按累计值取整
VALUE_ABSENT 单元格无读数
VALUE_COMMA_DECIMAL 小数点使用了逗号
VALUE_DIGITS 浮点列超过 15 位有效数字
VALUE_GROUPED 含千位分隔符
VALUE_MISSING 缺少必填值
VALUE_NEGATIVE 数值为负
VALUE_NOT_A_NUMBER 不是数字
VALUE_OF_MISSING 缺失时段带有数值
VALUE_PERCENT 含百分号
VALUE_TOO_FINE 精度过高
VALUE_TOO_LARGE 数值过大
VALUE_UNKNOWN 取值不在列表中
VEHICLE_VALUE_UNKNOWN 车辆价值未知，按 100% 归因
WORKBOOK_DAMAGED 工作簿已损坏
WORKBOOK_DIMENSIONS 行列或文本超出限度
WORKBOOK_ENCRYPTED 工作簿已加密或为旧 .xls 格式
WORKBOOK_ENTITIES XML 含文档类型或实体声明
WORKBOOK_ENTRY 工作簿内含异常条目
WORKBOOK_EXTERNAL 含外部链接、数据连接或嵌入对象
WORKBOOK_FOREIGN 不是本系统生成的工作簿
WORKBOOK_MACROS 含宏或控件
WORKBOOK_NOT_ZIP 不是 .xlsx 工作簿
WORKBOOK_TOO_LARGE 工作簿过大
YEAR_ON_YEAR_JUMP 较上期变动超过阈值
"""
MEANINGS = dict(line.split(" ", 1) for line in _TABLE.strip().splitlines())


def code_words(code: str, language: Language) -> str:
    """Return a code, in Chinese with its meaning behind it; a code without words of ours stands for itself."""
    return f"{code} {MEANINGS[code]}" if language == "zh" and code in MEANINGS else code


def severity_word(severity: str, language: Language) -> str:
    """Return a severity as people read it."""
    return SEVERITIES.get(severity, severity) if language == "zh" else severity
