"""What to do about each code of a finding, in Chinese (docs/findings.md, held to it by a test).

The server and the offline checks say it in English with the facts; those stand in the columns got and expected as well, so that one
sentence for each code is enough. Where a code has several causes, the sentence names what to do about each.
"""

from __future__ import annotations

_TABLE = """
ADJUSTMENTS_LISTED 无须处理；请审核人逐项查看调整依据
ADJUSTMENT_PERIOD 将调整项改到报告期内的月份
ALLOCATION_CHANGES 在分摊规则变化日将记录拆成两条
ALLOCATION_MISSING 为该机构补填自首日起有效的分摊规则
ALLOCATION_ORDER 按日期先后排列分摊规则
ALLOCATION_SHARE 更正份额或整体数值
ANALYSIS_REFUSED 按“应为”一栏修改分析策略
ANCHOR_DIFFERS 立即停止使用；从备份恢复，并查明何人改动了数据
ANCHOR_UNKNOWN 确认所连的链就是当初存证的链；恢复链文件
ANSWER_CHANGED 从备份恢复答复，并查明何人改动
ATTRIBUTION_ABOVE_ONE 先核对本行的分母，再与中心联系
ATTRIBUTION_CLIPPED 核对余额与分母；归因因子已取 1
AUDIT_CHAIN_BROKEN 立即停止；从备份恢复审计日志，并查明何人改动
AUDIT_ENTRY_CHANGED 立即停止；从备份恢复该条目，并查明何人改动
AUDIT_ENTRY_MISSING 立即停止；从备份恢复缺失条目，并查明何人删除
AUDIT_HEAD_MISSING 立即停止；从备份恢复审计日志末尾，并查明何人截断
BALANCE_MISSING 补填该列，或排除该行
BASELINE_ROW_DROPPED 补齐读数后重新计算；否则该行不进入模型
BASES_MIXED 每条清单行只用一种量纲；改用同一种计量单位
BATCH_DAY_TWICE 一个批文中每块表每日只发一次
BATCH_FORM 按规范填写批文头与各块，每批 1 至 2000 个表日
BATCH_LENGTH 完整发送整个批文，其后不得有其他内容
BILL_DIFFERS 核对账单、倍率和日数据；修正其一，或说明理由
BLEND_SHARES 更正组分比例，使其合计为 1
BODY_TOO_LARGE 减少一次发送的内容，分批发送
BOOK_EMPTY 提交至少含一行数据的账簿
BOOK_KIND 改用 CSV、Parquet 或 .xlsx 文件
BOOK_TOO_LARGE 按机构或资产类别拆分账簿
BOOK_TOO_MANY_ERRORS 先修正已列出的错误，再重新检查
CELL_DIGITS 将单元格设为文本格式后重新输入完整数字
CELL_ERROR 更正公式，或以数值重新填写
CELL_FORMULA 复制后以“值”粘贴：公式不能签署
CELL_INVALID 按“应为”一栏重新填写该单元格（数字不带千位分隔符，日期不带时间，选项从列表选）
CELL_MERGED 取消合并单元格，每格填一个值
CELL_MISSING 补填该单元格
CHAIN_BROKEN 查明设备为何换了历史；此前发送的保持不变，缺失的报文请按原字节补发
CHECKPOINT_FORK 停止服务并保留全部文件；恢复见证方会签的那份链文件，通知各方
CHECKPOINT_ROLLBACK 停止服务；恢复最新的链文件及其检查点
CLOCK_OFF 校准设备时钟；此前其读数记为可疑
CLOSING_WITHOUT_DATE 关闭日期与关闭原因同时填写，或同时留空
CODE_DIFFERS 从列表重新选择名称，不要改动隐藏代码
COLLECTOR_ERROR 检查表计及其线路：采集器没有该表的有效数值
COLUMN_FLOAT 如需精确，请改用小数（decimal）、整数或文本列导出
COLUMN_MISSING 补上该列标题及其数据
COLUMN_TWICE 删除重复的列
COLUMN_TYPE 按“应为”一栏更改该列的类型后重新导出
COLUMN_UNKNOWN 无须处理；如本应读取，请按模板改正列标题
COMMITMENTS_MISSING 恢复承诺材料；如系依机构指令删除，请出示该指令
COMMITMENT_BROKEN 立即停止；从备份恢复，并查明何人改动了数据
COMMITMENT_DIFFERS 用产生该报表的保管库重新提交
CONDITIONS_OUT_OF_RANGE 核对报告期条件；延长基准期使模型覆盖该范围，或说明理由
CSV_COLUMNS 使该行列数与表头一致；检查多余或缺少的逗号
CSV_EMPTY 文件应有表头行和至少一行数据
CSV_ENCODING 重新导出或下载文件，并存为 UTF-8（或 GB18030）
CSV_GB18030 无须处理；建议存为 UTF-8
CSV_HEADER 按模板改正表头行
CSV_LINE_TOO_LONG 检查该行是否漏了换行或引号未闭合，重新导出
CSV_NUL 文件已损坏，或不是 CSV：请重新导出
CSV_QUOTED 去掉字段的引号
CSV_TOO_LARGE 按月份或表计拆分文件
CSV_TOO_MANY_ERRORS 先修正已列出的行，再重新检查
CSV_UNREADABLE 查找未闭合的引号，或确认文件类型；从此处起停止读取
CURRENCY_WITHOUT_RATE 在文件头补填该币种的汇率
DATE_IN_FUTURE 填写实际使用的日期，待期间结束后再报
DAY_REPEATED 核对是否重复导入或以复制代替抄读；如属实请说明理由
DAY_TOTAL_UNUSUAL 核对当日的运行情况；如属实请说明理由
DECLARED_CONFLICT 核对原报告，只保留正确的数值
DECLARED_FACTOR_MISMATCH 核对所列因子和公布结果，更正其一
DECLARED_PERIOD_UNKNOWN 提供该期间的数据，以便比较
DECLARED_POWER_OF_TEN 核对小数点和单位（克、千克、吨）
DECLARED_SUM_MISMATCH 重新相加各分项，更正合计或分项
DECLARED_WITHIN_ROUNDING 无须处理；可使用未修约的数量
DENOMINATOR_FALLBACK 无须处理；如有权益与负债数据请补填
DENOMINATOR_MISSING 补填或更正该数值，或排除该行
DERIVATION_CHANGED 从备份恢复该行，并查明何人改动
DERIVATION_FAILED 报告运维人员；查看服务器日志中该条目
DIGIT_TRANSPOSITION 对照原始凭证核对数字顺序
DIMENSION_WRONG 换用量纲相符的计量单位，并换算数量
DOCUMENT_ID_TAKEN 为随附文件另取编号
DOCUMENT_UNKNOWN 引用指标库版本中已有的文件，或将该文件加入版本
DUPLICATE_SAME 无须处理；重复读数只计一次
EDIT_EMPTY 去掉该修改：它没有改变任何内容
EDIT_OUTDATED 重新查看现有时段，再做修改
EDIT_REFUSED 按“应为”一栏换用规则或时段
EMISSIONS_AMBIGUOUS 申报值与计算值只保留一种；s12_t 等于 s1_t 加 s2_t
EMISSIONS_MISSING 补填该列，或选用其他选项
EMISSIONS_NEGATIVE 申报不含土地利用的排放量；移除量填入 removals_t
ENVELOPE_NOT_CANONICAL 由网关按 RFC 8785 规范形式生成并签名
ENVELOPE_UNREADABLE 发送 UTF-8 编码的 lingtan.readings/1 信封
EQUITY_NEGATIVE 无须处理；权益按零计
EQUIVOCATION 查明哪个读数正确；已存读数只能以修改记录更正，不会被覆盖
EQUIVOCATION_ALARM 用 lingtan device alarms 查看，查明哪个报文正确；若两台设备共用密钥，撤销该密钥
ESTIMATE_REPLACED 无须处理；实测值已替换估算值
EVIDENCE_MISSING 注明测量记录及其出处
EXPORT_ABOVE_GENERATION 核对发电表与上网表，检查是否接反或单位有误
EXPORT_EXCEEDS_GENERATION 核对发电表与上网表，检查是否接反或单位有误
EXPOSURE_TWICE 每笔敞口只保留一行
FACTOR_BASE_WRONG 选用与计量基准一致的因子
FACTOR_CHOICE_TWICE 每个指标和用途只保留一条因子选择
FACTOR_DATA_YEAR 选用数据年份更接近的因子，或说明理由
FACTOR_DATES 更正有效期的起止日期
FACTOR_DIFFERS 采用现行指标库中的因子数值和单位
FACTOR_DOCUMENT_UNKNOWN 引用指标库中的文件，或请中心收录该文件
FACTOR_FORM 补齐该形式所需的要素，使种类与形式一致
FACTOR_GASES 使燃料因子的气体口径一致
FACTOR_IDENTIFIED 无须处理；请确认这就是所用因子
FACTOR_ID_TAKEN 为自有因子另取编号
FACTOR_NEGATIVE 因子应为 0 或正数
FACTOR_NOT_ADMITTED 为该用途选择适用种类的因子
FACTOR_NOT_FOUND 请指标库管理员补充因子，或提交自有因子
FACTOR_NOT_IDENTIFIABLE 请注明所用因子及其出处，并核对数量
FACTOR_NOT_IN_DOCUMENT 对照所引文件核对因子值
FACTOR_OF_ANOTHER 改用指标库因子或本机构的自有因子
FACTOR_OF_OTHER_KIND 改用为该用途制定的因子，或说明理由
FACTOR_OF_OTHER_REGION 选用本地区的电力因子，或说明理由
FACTOR_OVERLAP 更正有效期，使同类因子不重叠
FACTOR_UNCONFIRMED 使用前对照官方文本核实该因子
FACTOR_UNIT 按“应为”一栏书写因子单位
FACTOR_UNKNOWN 选用该版本指标库中的因子
FIELD_INVALID 按“应为”一栏更正该字段
FIELD_MISSING 补上该字段；规范允许时可填 null
FIELD_UNKNOWN 删除该字段，或更正其名称
FIGURE_TOO_LARGE 核对该行的单位
FIGURE_UNUSED 删除该数据，或改用需要它的选项
FILE_DIFFERS 使用原文件，或更正所列的 SHA-256
FILE_UNREADABLE 给出可以读取的文件
FILE_UNUSED 去掉项目未引用的文件
FINDINGS_CHANGED 从备份恢复，并查明何人改动
FITTING_CHANGED 从备份恢复装置登记，并查明何人改动
FORM_END_MISSING 确认文件已完整接收；必要时请对方重新导出
FORM_RECORD_INVALID 请提供方按格式重新导出；更正该记录
GAS_WITHOUT_GWP 选用包含该气体的 GWP 集
GUARANTEE_NOT_CALLED 无须处理；已代偿的请填写余额
GWP_UNKNOWN 选用该版本指标库中的 GWP 集
HEADER_MISSING 补上列标题行
IMPLIED_FACTOR_RANGE 核对数量、单位和结果：其比值在物理上不可能
INDICATOR_UNKNOWN 选用指标库版本中的指标
INPUT_CHANGED 立即停止；从备份恢复输入，并查明何人改动
INPUT_CHANGED_BESIDE_CAUSE 确认改动属实；改用涵盖它的重述原因，或分两次重述
INPUT_MISSING 从备份恢复缺失的输入
INSTITUTION_DIFFERS 提交本机构的文件
INSTITUTION_OTHER 提交本机构的活动数据
INSTRUMENT_AGAIN 每份绿证只能使用一次；换用其他绿证
INSTRUMENT_FORM 按“应为”一栏更正绿证或合同要素
INSTRUMENT_NOT_IN_FORCE 换用在核算期内有效的绿证
INSTRUMENT_SURPLUS 绿证或合同电量不得大于用电量；多余部分不计
INTENSITY_IMPLAUSIBLE 核对数量、单位、面积与人数
INTERVALS_SPREAD 无须处理；如有刻钟读数请导入
ITEM_TWICE 每项只保留一条，或各用自己的编号
ITEM_UNSORTED 按规定顺序排列
KEY_REVOKED 由设备用新密钥以新序号重新签名（lingtan edge resign）
LEAF_INVALID 按规范书写分组叶：两个散列和四个十进制数
LEAVES_REFUSED 按保管库中的顺序提交分组叶，每个只一次
LEAVES_TOO_MANY 减少分组数后提交
LEVEL_CHANGED 核对互感器倍率与小数点；登记新装置或修正数据
LIBRARY_CHANGED 从备份恢复指标库文件，并查明何人改动
LIBRARY_UNKNOWN 指明现有的指标库版本
LIMIT_LOOSENED 恢复通常的接受限值，或说明放宽理由
LINE_CHANGED 立即停止；从备份恢复，并查明何人改动
LINE_TOO_LARGE 核对数量和单位
LOCAL_FACTOR_DOCUMENT 使因子引用的文件与随附文件一致
LOCAL_FACTOR_ID 自有因子编号应以本机构标识开头
LOCAL_FACTOR_OWNER 因子所有者填写提交机构
LOCAL_FACTOR_REFUSED 按“应为”一栏更正自有因子
LOG_ENTRY_MISSING 立即停止；从备份恢复缺失的条目
LOG_ROOT_DIFFERS 立即停止；从备份恢复报文日志，并查明何人改动
MARKET_KINDS_MISPLACED 基于市场的因子种类只用于外购电力指标
MEASURE_UNKNOWN 使用指标库中的计量单位
MERGED_INTO_MISSING 填写并入的机构
MERGED_INTO_NOT_OPEN 填写继续存续的机构，或更正日期
MERGED_INTO_UNKNOWN 填写本文件中另一机构的标识
MERGED_INTO_WITHOUT_MERGER 将“并入机构”留空，或将关闭原因改为合并
METERS_SWAPPED 现场核对两块表的接线与归属
METER_AND_INVOICE 同一供应只保留表计或账单之一；如为不同供应请说明理由
METER_BELOW_REGISTER 核对两次抄表数；换表或翻转请分成两条记录
METER_COVERAGE 补发缺失读数，或用规则估算（lingtan meter estimate）
METER_DAY_CHANGED 立即停止；从备份恢复该日数据，并查明何人改动
METER_FLAT 检查表计是否卡住或通信中断；如属实请说明理由
METER_GAP 补发缺失读数；此前按缺失计，不按零计（lingtan meter gaps 查看可用的补数规则）
METER_NOT_IN_FILE 填写文件中有的表计
METER_NOT_MAPPED 无须处理；如需读取，请在映射中列出该表计
METER_NOT_YET_THERE 登记装表时间（lingtan meter fit）；核算期内已装的，请导入读数
METER_OF_OTHER_DEVICE 将该表计归属此设备（lingtan meter assign），或由其自己的设备发送
METER_PERIOD 为本核算期重新生成计量记录
METER_QUANTITY 使用与该表计一致的量和单位
METER_RECORD_CHANGED 立即停止；从备份恢复，并查明何人改动
METER_SPIKE 核对该读数；错误的以修改记录更正（lingtan meter edit）
METER_TWICE 每块表计只列一次
METER_UNKNOWN 先登记表计（lingtan meter add），或更正其编号
METER_WITHOUT_READINGS 导入该表的读数；已拆除的，请登记拆除（lingtan meter fit）；或更正表计所属机构与起止日期
METER_ZERO 检查是否停电或表计故障；属实请说明理由
METHOD_UNKNOWN 选用现有的核算方法
MODEL_NOT_ACCEPTED 延长基准期、增加变量或改用其他选项后重新计算
MODEL_TERM 每个变量只列一次并使用小写名称；未使用的删除
MODEL_UNDETERMINED 增加基准期数据，或减少模型变量
MONTH_MISSING 补填全部月末余额
MONTH_UNKNOWN 只填核算期内的月份
NAME_AMBIGUOUS 填写机构代码，而不只是名称
NEGATIVE_STEP 登记换表或清零（lingtan meter fit，附两个读数），或更正读数；此段不计电量
NOTHING_COMPUTED 提供活动数据，才能进行核算
NOTHING_TO_REPORT 提交活动数据或读数
OPTION_A_NOTHING_MEASURED 至少实测一个参数，或改用其他选项
OPTION_C_SMALL_SAVINGS 改用选项 A 或 B，或延长报告期
OPTION_FORM 删除该选项不应有的内容，补上应有的内容
OPTION_NOT_OF_CLASS 选用该资产类别在方法表中列出的选项
OPTION_NOT_OF_METHOD 选用该方法的选项，或排除该行
PARAMETER_UNITS 更正参数单位，使其乘积为电能
PARENT_NOT_OPEN 调整上级机构，或更正日期
PARENT_UNKNOWN 填写本文件中存在的上级机构
PARQUET_UNREADABLE 重新导出 Parquet 文件
PATH_WITHOUT_YEARS 提交完整日历年度的核算期
PERCENT_SUSPECTED 核对该数是百分数还是小数
PERIODS_DIFFER 使两个期间的月数相同，或使用模型
PERIODS_OVERLAP 更正核算期日期，使其不重叠
PERIOD_ATTESTED 已签署的数字不变；如需更正，请以原因 data 重述
PERIOD_DIFFERS 提交所指核算期的文件
PERIOD_NOT_STATED 先签署该核算期的报表，或改用其他期间
PERIOD_NOT_WHOLE_MONTHS 使期间从月初到月末
PERIOD_ORDER 更正起止日期，且最后一日须已结束
PERIOD_OTHER 提交本核算期的活动数据
PERIOD_UNKNOWN 填写输入中存在的核算期
PLACEMENT_FIRST 使首次归属日期等于开业日期
PLACEMENT_MISSING 至少填写一条上级机构归属
PLACEMENT_ORDER 按日期先后排列归属，或更正日期
PORTFOLIO_REFUSED 按“应为”一栏更正组合数据
PRIOR_PERIOD_RESTATED 说明以前期间数字变动的原因
PROFILE_ORDER 按年份先后排列目标
PROFILE_SHIFTED 核对设备时钟和文件的时区
QUALITY_UNKNOWN 使用规范所列的质量标志
QUANTITY_DIFFERS 使上报的量与表计登记的量一致
QUANTITY_INVALID 写成十进制数字，如 12.5
QUANTITY_NEGATIVE 数量不得为负；冲减请更正原记录
RATIO_SLIP 核对互感器倍率：修正装置登记、日数据或账单，或说明理由；此前不能签署
READINGS_COUNT 每个信封发送 1 至 1000 条读数
READINGS_MISSING 补发缺失的刻钟读数；此前按缺失计
READINGS_OVERLAP 删除重叠的读数，或改用一种时段长度导出
READING_IN_FUTURE 核对设备时钟和时区
READING_OUT_OF_ORDER 无须处理；读数已收取
READING_REPEATED 查明哪个数值正确，只保留一行
READING_UNFITTED 更正装拆记录（lingtan meter fit），或查明读数属于哪块表；此前仍计入
RECORDS_OVERLAP 核对账单期间；重叠的账单只计一次
RECORD_DUPLICATE 确认是否同一笔；重复的删除一条，否则说明理由
RECORD_ENDS_BEFORE_START 更正起止日期
RECORD_OUTSIDE_PERIOD 按天数拆分数量，其余部分计入所属期间
RECORD_OUTSIDE_UNIT_DATES 更正记录日期，或机构的起止日期
RECORD_TWICE 每条记录各用自己的编号，或只保留一条
REDUCTIONS_EMPTY 核对项目：没有可计的减排量
REDUCTION_DIFFERS 以服务器计算结果为准，核对输入后重新提交
REDUCTION_FORM 删除该类项目不应有的数值
REDUCTION_METER_TWICE 每块表计只用于一个项目
REDUCTION_SUM_DIFFERS 重新计算：减排量应等于能量乘以因子
REGISTER_APART 补上其间的表码读数，或登记新装置
REGISTER_DAY_CHANGED 从备份恢复，并查明何人改动
REGISTER_DIFFERS 核对抄表读数、倍率与数量，更正其一
REGISTER_ROLLOVER 无须处理；请确认表码确已翻转
REGISTER_SPAN 补发其间的表码读数；长间隔不计入刻钟
REGISTER_SUM_DIFFERS 核对倍率，以及漏收或重复的刻钟读数
REGISTER_UNFITTED 更正装表或拆表时间，或登记当时的装置（lingtan meter fit）
RELEASE_DIFFERS 下载现行版本的工作簿，重新填写
REPORTING_OUTSIDE_PERIOD 更正项目报告期，使其落在核算期内
ROOT_DIFFERS 立即停止；从备份恢复，并查明何人改动了数据
ROOT_KIND 去掉根机构的上级归属
ROOT_NOT_ONE 恰有一个机构为法人机构（根）
ROWS_LEFT_OUT 无须处理；如需读取，请修改映射的条件
ROW_COUNT 恰填一行法人机构
ROW_HIDDEN 取消隐藏并核对该行：隐藏行同样被读取
ROW_PASSED_OVER 无须处理；如需读取，请修改映射
ROW_UNIT_UNKNOWN 更正行内的单位或时段长度，或在映射中说明
SAVINGS_NEGATIVE 核对基准与报告期数据；不生成条目
SAVINGS_NOTHING 补齐至少一个月的数据
SAVINGS_UNCERTAIN 延长报告期或改进模型，以缩小不确定性
SAVINGS_UNCLAIMED 补齐缺失的日数据后重新计算
SCOPE2_UNKNOWN 无须处理；如有主权范围二数据请补填
SELECTION_COVERED 删除该规则，或调整先后顺序
SELECTION_OWNED 选取规则只选用无所有者的因子
SEQ_GAP 设备仍在补发时无须处理；始终未到的按缺失计
SEQ_RESTARTED 查明设备为何重新计数；若非更换存储，请检查是否有人复制密钥
SHARES_ABOVE_TOTAL 更正持股数或总股数
SHEET_MISSING 恢复该工作表，或重新下载工作簿
SIGNATURE_UNKNOWN 先用注册码注册设备密钥，再重发（lingtan device enrol）
SIGNATURE_WRONG 检查签名程序与密钥；报文须按签名时的原字节发送
SIGNED_MESSAGE_CHANGED 立即停止；从备份恢复，并查明何人改动
SLOT_INCOMPLETE 补上该刻钟内缺少的短间隔读数
SOURCE_FORM 给出数值，或给出带 sha256 与表计的 csv，二者取一
STATEMENT_DIFFERS 立即停止；从备份恢复，并查明何人改动
STATEMENT_ERASED 立即停止；从备份恢复报表，并查明何人删除
STATEMENT_SUM_DIFFERS 由账簿或项目重新计算报表
STATEMENT_UNREADABLE 从备份恢复报表
STIPULATED_WITHOUT_REASON 说明约定该参数的理由和出处
STORED_HASH_BROKEN 立即停止；从备份恢复该行，并查明何人改动文件
SUB_METERS_EXCEED 核对总表与分表的倍率、接线和归属
SUB_METER_WITHOUT_MAIN 登记或更正其总表（lingtan meter behind），使其电量只计一次
SUM_OUT_OF_RANGE 核对数值和单位
TABLE_TOO_MANY_ERRORS 先修正已列出的错误，再重新检查
TELEMETRY_BODY_CHANGED 立即停止；从备份恢复报文，并查明何人改动
TEMPERATURE_IMPLAUSIBLE 核对该温度和单位（℃）
TEMPERATURE_STEP 使用间隔一刻钟至一小时的温度数据
TERM_NOT_SIGNIFICANT 去掉该变量，或增加基准期数据
TERM_SIGN 核对度日数据和基准温度
TEXT_INVALID 按“应为”一栏重写：不换行，不超长
TIE_OUT_MISMATCH 核对账簿与总账，更正其一，或说明差异
TIE_OUT_MISSING 申报全部贷款的总账数
TIMESTAMP_FUTURE 核对时钟和时区，更正时间戳
TIMESTAMP_INVALID 写成 2026-01-31T08:00:00Z 或带 +08:00
TIMESTAMP_OFF_GRID 时间戳应为刻钟起点（00、15、30、45 分）
TIME_AMBIGUOUS 请导出带时区偏移的时间，或在映射中说明取第几次
TIME_NONEXISTENT 核对映射中的时区；更正该时间
TOTAL_MISMATCH 核对公布数和清单，更正其一，或说明差异
UNIT_CLOSED_BEFORE_OPENED 更正开业与关闭日期
UNIT_CYCLE 更正归属，消除循环
UNIT_LEFT_OUT 无须处理；该通道不是电能
UNIT_NAMED_TWICE 每个写法只归一个计量单位
UNIT_QUOTIENT 更正换算系数
UNIT_SUSPECTED 核对单位是万元还是元
UNIT_UNKNOWN 选用机构树中的机构
UNIT_WITHOUT_DATA 提交该机构的数据；确无排放请说明理由
VALUES_ROUNDED 无须处理；按累计值取整，合计不变
VALUE_ABSENT 无须处理；该单元格没有读数
VALUE_COMMA_DECIMAL 小数点用“.”
VALUE_DIGITS 改用小数（decimal）或文本列导出，以免失真
VALUE_GROUPED 去掉千位分隔符，如 1234567.89
VALUE_MISSING 补填该数值
VALUE_NEGATIVE 核对数值：不得为负；上网电量用单独的表计，移除量填入单独的列
VALUE_NOT_A_NUMBER 写成数字，如 12.5；或在映射中将该文本列为缺失
VALUE_OF_MISSING 缺失时段填 0
VALUE_PERCENT 去掉百分号，按“应为”一栏填写
VALUE_TOO_FINE 在源头修约到规定的精度
VALUE_TOO_LARGE 核对单位与倍率
VALUE_UNKNOWN 从所列取值中选择，写法一致
VEHICLE_VALUE_UNKNOWN 无须处理；如知车辆价值请补填
WORKBOOK_DAMAGED 用电子表格软件重新另存为 .xlsx
WORKBOOK_DIMENSIONS 删除多余的行列，缩短文本，或分成几个工作簿
WORKBOOK_ENCRYPTED 去掉密码后另存为 .xlsx
WORKBOOK_ENTITIES 用电子表格软件重新另存为 .xlsx
WORKBOOK_ENTRY 将表格复制到新工作簿后另存
WORKBOOK_EXTERNAL 删除外部链接、数据连接和嵌入对象
WORKBOOK_FOREIGN 使用系统下载的工作簿模板
WORKBOOK_MACROS 另存为不含宏的 .xlsx
WORKBOOK_NOT_ZIP 将表格另存为 .xlsx
WORKBOOK_TOO_LARGE 分成几个工作簿，或改用 CSV、Parquet
YEAR_ON_YEAR_JUMP 核对两期数据；变动属实请说明理由
"""
ACTIONS = dict(line.split(" ", 1) for line in _TABLE.strip().splitlines())
