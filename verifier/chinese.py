"""Say in Chinese what the report else says in English: why something was refused, by its code; and the words around data.

Code words (SHA-256, METERS, check ids, field names) and data stay as they are.
"""

from __future__ import annotations

import re

# Why, by code; a code that has none of its own is said by the longest beginning that has. Beside it stands the code itself.
_REASONS = """
AES 内部计算不一致，请上报
ACCOUNT 状态中的账户不符
ALG 哈希算法不受支持
ALLOCATION 分摊规则缺失或变动
ASSET 资产名称不符
BASE64 不是规范的 base64
BOOK_SIZE 投融资台账过大
BUNDLE 证明文件过大或内部引用不存在
CHECKPOINT 检查点格式、来源或签名不符
CLAIM 声明属于其他机构或编号不符
CODE_HASH 合约代码不符
CONTEXT 承诺上下文不符
COSIGNATURE 见证方副署不符
COUNT_RANGE 叶子数超出范围
DATASET 数据集未知
DATE 日期不在日历上
DIGEST 摘要不符
DOCUMENT 文件内容不符合其格式
DOCUMENT_FIELD 字段的值不符合格式
DOCUMENT_MISSING_FIELD 缺少字段
DOCUMENT_ORDER 列表顺序不符
DOCUMENT_RULE 违反文件规则
DOCUMENT_SIZE 文件过大
DOCUMENT_UNKNOWN_FIELD 含有未知字段
ENVELOPE 日志条目不符
ED25519 内部计算不一致，请上报
EVENT_FORM 区块事件格式不符
EXCEPTIONS 保留意见与例外事项不对应，格式为 --exception 位置=说明
FACTOR 因子缺失或不适用
FILE 无法打开文件
FILE_SIZE 文件过大
FINALITY 最终确认证据不符
FINANCED 投融资台账内容不符
GAS_WITHOUT_GWP 气体没有全球变暖潜势值
GWP_UNKNOWN 全球变暖潜势值集未知
HASH_LENGTH 哈希长度不是 32 字节
HEADER 区块头格式不符
HEX 应为 32 字节的十六进制
IBFT 旧版共识区块头不符
INDEX_RANGE 序号超出范围
INDICATOR_UNKNOWN 指标未知
INSTANT 时间格式不符
INTERNAL 工具内部故障，请上报
ITEM 条目内容不符
JSON 不是严格的 JSON
JSON_BYTE_ORDER_MARK 文本以字节顺序标记开头
JSON_DUPLICATE_KEY 对象中键重复
JSON_FRACTION 含有小数或指数形式的数
JSON_INTEGER_RANGE 整数超出 2^53-1 或写作 -0
JSON_NESTING 嵌套过深
JSON_NOT_CANONICAL 不是规范形式（RFC 8785）
JSON_NOT_UTF8 不是 UTF-8 文本
JSON_SIZE 列表与对象过多
JSON_SURROGATE 含有孤立的代理字符
JSON_SYNTAX JSON 语法错误
KEYFILE 密钥文件无法使用
LEAF 叶子不符
LIBRARY 因子库内容不符
LINE 文本行过长或结尾不符
LOG 区块事件不符
MEASURES 度量数目不符
MESSAGE 签署消息字段不符
METER 表计记录格式不符
METHOD_UNKNOWN 方法未知
NONCE 随机数不符：--nonce-commitment 须与 --nonce 同用
NOTE 签名文本格式不符
NOT_RECOMPUTED 无法重算
NOW --now 应为 YYYY-MM-DDTHH:MM:SSZ 或 Unix 秒
NO_ANCHOR 未附上链证据
NO_BOOK 证据包中没有投融资台账
NO_CLAIM_REGISTRY 策略未载明 ClaimRegistry 合约
NO_COMMITMENTS 证据包中没有承诺
NO_POLICY 需要 --policy：由策略载明合约
OPENING 打开的组过大或不符
OPINION 意见与核验结果不符，请用 --opinion 说明
ORGANISATION 机构单位不成一棵树
OWN_CLAIM 机构不得核查自己的声明
PACKAGE 证据包结构不符
PART_UNKNOWN 证据包含有未知部分
PASSPHRASE 口令不符
PATH_LENGTH 证明路径长度不符
POLICY 策略内容不符
POLICY_KEY --policy-key 应为公钥或其 SHA-256 指纹（64 位十六进制，多个用逗号分隔），并与 --policy 同用
PROOF 证明不符
QBFT 共识区块头不符
QUANTITY 数量不符
RECEIPT 交易收据不符
REDUCTION 减排量条目不符
RLP RLP 编码不符
ROOT 根哈希不符
SALTS 盐值数目不符
SAMPLE 样本不符
SAMPLE_LEAVES 证明文件中叶子不全，请从证据包抽样
SAMPLE_SIZE --size 超出范围
SEAL 封印不符
SEALS 封印过多
SECP256K1 内部计算不一致，请上报
SECRET_RANGE 私钥超出范围
SEED 请用 --seed、--nonce 或 --record 之一指明抽样
SIGNATURE 签名格式或范围不符
SIGNER 签名者不符
SIZE_RANGE 大小超出范围
SLOT_RANGE 存储槽超出范围
STORAGE 合约存储内容不符
SUBMIT_REFUSED 服务拒绝了所提交的结论
SUBMIT_UNREACHABLE 无法连接服务；结论已保存，可稍后再提交
SUBMIT_URL 提交地址不是 http 地址
SUM_RANGE 合计超出范围
TIMEZONE 时区未知
TOKEN --submit 需要 --token 或 LINGTAN_TOKEN
TOTALS 合计不符
TREE_ROOT 树根不符
TRIE 状态树节点不符
TYPED 签署数据的类型不符
UNIT 单位未知或量纲不符
VALUE_RANGE 数值超出范围
VKEY 公钥行不符
"""
REASONS = dict(line.split(" ", 1) for line in _REASONS.split("\n") if line)

# Whole words of a subject, of what was expected or found: first those with data in them, then single ones.
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"byte (\d+)", r"第 \1 字节"),
    (r"line (\d+) column (\d+)", r"第 \1 行第 \2 列"),
    (r"(policy|bundle|proof|package) (/\S*)", r"\1 \2"),
    (r"(policy|bundle) byte (\d+)", r"\1 第 \2 字节"),
    (r"(policy|bundle) line (\d+) column (\d+)", r"\1 第 \2 行第 \3 列"),
    (r"checkpoint line (\d+)", r"检查点第 \1 行"),
    (r"checkpoint signature (\d+)", r"检查点第 \1 个签名"),
    (r"header extraData", "区块头 extraData"),
    (r"header", "区块头"),
    (r"receipt", "收据"),
    (r"policy version (\S+), sha256 (\S+)", r"策略第 \1 版，sha256 \2"),
    (r"policy version (\S+)", r"策略第 \1 版"),
    (r"(\S+), (\d+) of (\d+) leaves", r"\1，\3 片叶子中的 \2 片"),
    (r"leaf (\d+) of (\d+), (.+)", r"第 \1 片叶子（共 \2 片），\3"),
    (r"(\S+), (\d+) leaves", r"\1，\2 片叶子"),
    (r"(\d+) records, (\d+) declared totals", r"\1 条记录，\2 项申报合计"),
    (r"(\d+) records", r"\1 条记录"),
    (r"(\d+) parts", r"\1 个部分"),
    (r"(\d+) meters", r"\1 个表计"),
    (r"(\d+) units", r"\1 个单位"),
    (r"(\d+) lines", r"\1 行"),
    (r"(\d+) findings, no error", r"\1 项发现，无错误"),
    (r"(\d+) of (\d+) witnesses", r"\2 家见证方中的 \1 家"),
    (r"(\d+) of (\d+) signatures hold", r"\2 个签名中有 \1 个成立"),
    (r"(\d+) of (\d+) signers(?: over this policy)?", r"\2 名签署人中的 \1 名"),
    (r"(\d+) hold", r"\1 个成立"),
    (r"(\d+) bytes", r"\1 字节"),
    (r"(\d+) items", r"\1 项"),
    (r"(\d+) times", r"\1 次"),
    (r"(\d+) more", r"另有 \1 项"),
    (r"(\d+) of (\d+) are listed", r"列出 \2 项中的 \1 项"),
    (r"(\S+), (\d+) exposures", r"\1，\2 笔敞口"),
    (r"(\d+) draws by (\S+), (\d+) of (\d+) (?:leaves|groups)(?:, seed (\S+))?", r"按 \2 抽取 \1 次，\4 项中的 \3 项"),
    (r"(\d+) draws", r"抽取 \1 次"),
    (r"undisclosed book, (\d+) opened groups", r"未公开的台账，已打开 \1 组"),
    (r"block (\d+) in a log of (\d+)", r"区块 \1，日志共 \2 块"),
    (r"block (\d+) sealed by a quorum", r"区块 \1，已由法定多数封印"),
    (r"block (\d+)", r"区块 \1"),
    (r"(\S+) event in block (\d+)", r"\1，区块 \2 中的事件"),
    (r"(\S+) in the state of block (\d+)", r"\1，区块 \2 的状态"),
    (r"(\S+) signed by (0x[0-9a-f]+)", r"\1，由 \2 签署"),
    (r"verdict (\d+) on (\S+) by (0x[0-9a-f]+)", r"对 \2 的第 \1 份核查结论，由 \3 签署"),
    (r"verdict (\d+) on (\S+), block (\d+)", r"对 \2 的第 \1 份核查结论，区块 \3"),
    (r"verdict (\d+) on (\S+)", r"对 \2 的第 \1 份核查结论"),
    (r"certificate of (\S+) by (0x[0-9a-f]+)", r"\1 的证书，由 \2 签署"),
    (r"certificate of (\S+), block (\d+)", r"\1 的证书，区块 \2"),
    (r"certificate of (\S+)", r"\1 的证书"),
    (r"claim (\S+), certified at block (\d+)", r"声明 \1，区块 \2 时已认证"),
    (r"claim (\S+), attested at block (\d+)", r"声明 \1，区块 \2 时已核证"),
    (r"claim (\S+) at (\d+)", r"声明 \1，时间 \2"),
    (r"claim (\S+)", r"声明 \1"),
    (r"(\S+) by (0x[0-9a-f]+)", r"\1，由 \2 签署"),
    (r"(\S+), block (\d+)", r"\1，区块 \2"),
    (r"(\S+) ([^\s/]+/\S+) revision (\d+)", r"\1 \2 第 \3 版"),
    (r"(\S+) ([^\s/]+/\S+), bundle ([0-9a-f]{64})", r"\1 \2，证明文件 \3"),
    (r"headers ascending by number", "区块头按高度递增"),
    (r"headers referred to", "被引用的区块头"),
    (r"kind (\w+): claim", r"类别 \1：声明"),
    (r"kind (\w+): one dataset with items", r"类别 \1：一个数据集及其条目"),
    (r"kind (\w+): whole inputs", r"类别 \1：完整的输入"),
    (r"kind (\w+): a statement alone", r"类别 \1：仅有报表"),
    (r"kind (\w+): items", r"类别 \1：条目"),
    (r"statement of (\w+)", r"\1 所签的报表"),
    (r"library of (\w+)", r"\1 所签的因子库"),
    (r"period (start|end)", r"核算期 \1"),
    (r"(\w+) code hash", r"\1 合约代码哈希"),
    (r"(\S+) storage (\S+)", r"\1 合约存储：\2"),
    (r"entry (\d+) of (\d+) in the envelope log of (\S+), root (\S+)", r"\3 信封日志第 \1 条（共 \2 条），根 \4"),
    (r"root of (\d+) entries signed by (\S+)", r"\1 条的根，由 \2 签署"),
    (r"root of (\d+) entries, block (\d+)", r"\1 条的根，区块 \2"),
    (r"root of (\d+) entries(?: (\S+))?", r"\1 条的根 \2"),
    (r"removals, avoided emissions, credits", "移除、避免的排放与碳信用"),
    (r"(\d+) (exposures|groups) of (\d+) (?:exposures|groups)", r"\1 / \3（\2）"),
    (r"sample (\S+) in block (\d+), R in block (\d+)", r"样本 \1 在区块 \2，R 在区块 \3"),
    (r"sample (\S+) of (\S+) on (\S+) (\S+)", r"\2 对 \3 \4 的样本 \1"),
    (r"sample (\S+): (\d+) leaves opened", r"样本 \1：已打开 \2 片叶子"),
    (r"sample (\S+): (\d+) of (\d+) leaves, first (\d+)", r"样本 \1：\3 片叶子中的 \2 片，首个为第 \4 片"),
    (r"sample (\S+)", r"样本 \1"),
    (r"an approver or logkeeper of (\S+) in the policy", r"策略中 \1 的审批人或日志签署人"),
    (r"(\d+) draws of (\d+) groups failed", r"\2 组抽取 \1 次，未通过"),
    (r"(\d+) draws by measure (\d), (\d+) of (\d+) (?:leaves|groups)(?:, seed (\S+))?", r"按度量 \2 抽取 \1 次，\4 项中的 \3 项"),
    (r"policy version (\S+) (\S+)", r"策略第 \1 版 \2"),
    (r"no line", "没有该行"),
    (r"more than (\S+)", r"大于 \1"),
    (r"an indicator of the release", "该版本中的指标"),
    (r"a parent since the opening", "自设立起的上级单位"),
    (r"a block before (\d+)", r"区块 \1 之前的区块"),
    (r"no selection for (\S+) \((\w+)\) in (\S+) (\d+)", r"\3 \4 年没有 \1（\2）的因子选择"),
    (r"no placement", "没有归属"),
    (r"digest of the record", "记录摘要"),
    (r"(\w+) in the statement", r"报表中的 \1"),
    (r"meter key", "表计密钥"),
    (r"sum of the slots", "各时段之和"),
    (r"slots (\w+)", r"时段 \1"),
    (r"smallest value, if below zero", "低于零的最小值"),
    (r"missing slots that hold a value", "有数值的缺失时段"),
    (r"no source, so no line", "没有来源，因此没有该行"),
    (r"revision 1 with cause first, later ones with what they supersede", "第 1 版原因为 first，其后各版须载明所替代的版本"),
    (r"(\S+) schema", r"\1 模式"),
    (r"meter (\S+)", r"表计 \1"),
    (r"line (\S+) (\S+)", r"行 \1 \2"),
    (r"unit (\S+) (own|total) (\S+)", r"单位 \1（\2）\3"),
    (r"unit (\S+) (\S+) (\S+)", r"单位 \1 \2 \3"),
    (r"totals (\S+)", r"合计 \1"),
    (r"leaf (\d+)(.*)", r"第 \1 片叶子\2"),
    (r"leaves", "叶子"),
    (r"subject", "对象"),
    (r"policy", "策略"),
    (r"library", "因子库"),
    (r"library ([0-9a-f]+(?:, library [0-9a-f]+)*)", r"因子库 \1"),
    (r"checkpoint signatures", "检查点签名"),
    (r"witnesses", "见证方"),
    (r"the whole book is disclosed", "台账全部公开"),
    (r"disclosed book", "已公开的台账"),
    (r"general ledger", "总账"),
    (r"excluded rows", "被排除的行"),
    (r"emissions and denominators", "排放量与分母"),
    (r"none|nothing", "无"),
    (r"below (\S+)", r"小于 \1"),
    (r"1 or more", "1 或以上"),
    (r"0 or more", "0 或以上"),
    (r"one of them", "其中之一"),
    (r"one of (.+)", r"以下之一：\1"),
    (r"opened", "已打开"),
    (r"a part of this name", "该名称的部分"),
    (r"only parts that the manifest lists", "仅限清单列出的部分"),
    (r"a finding of findings\.json", "findings.json 中的一项发现"),
    (r"an approver of the institution in the policy", "策略中该机构的审批人"),
    (r"a (\w+) of its institution in the policy", r"策略中该机构的 \1"),
    (r"a key in force at the block's time", "出块时有效的密钥"),
    (r"a meter that the statement lists", "报表列出的表计"),
    (r"a line or meter of the statement", "报表中的行或表计"),
    (r"a line or a meter to commit to", "可供承诺的行或表计"),
    (r"a commitment", "一项承诺"),
    (r"no commitment, for there is nothing to commit to", "无承诺：没有可承诺的内容"),
    (r"a leaf that was drawn", "被抽中的叶子"),
    (r"a leaf", "一片叶子"),
    (r"an opening that holds", "成立的打开"),
    (r"an opening", "一次打开"),
    (r"no openings: the whole book is disclosed", "无需打开：台账全部公开"),
    (r"every drawn group opened", "每个抽中的组均已打开"),
    (r"each dataset once", "每个数据集一次"),
    (r"a dataset twice", "数据集重复"),
    (r"each asset once", "每项资产一次"),
    (r"an asset twice", "资产重复"),
    (r"one item", "一项"),
    (r"keys strictly ascending", "密钥严格递增"),
    (r"0 with revision 1, 1 to 5 later", "第 1 版为 0，其后为 1 至 5"),
    (r"the log and the policy's witnesses", "日志与策略所列见证方"),
    (r"in force", "有效"),
    (r"attested or certified", "已核证或已认证"),
    (r"attested", "已核证"),
    (r"certified", "已认证"),
    (r"submitted", "已提交"),
    (r"rejected", "已否定"),
    (r"disputed", "有争议"),
    (r"suspended", "已暂停"),
    (r"revoked", "已撤销"),
    (r"unknown", "未知"),
    (r"seals", "封印"),
    (r"checkpoint", "检查点"),
)
_LONGEST = 10_000
"""No phrase of ours is longer: it is data, which whoever made the file chose."""
_COMPILED = tuple((re.compile(pattern), said) for pattern, said in _PHRASES)


def reason(code: str) -> str:
    """Return why something of this code was refused, with the code itself."""
    names = [code] + [code[:at] for at in range(len(code), 0, -1) if code[at : at + 1] == "_"]
    said = next((REASONS[name] for name in names if name in REASONS), "")
    return f"{said}（{code}）" if said else code


def phrase(text: str) -> str:
    """Return a subject, or what was expected or found, in Chinese where it is one of our phrases; data as it is."""
    if len(text) > _LONGEST:
        return text
    for pattern, said in _COMPILED:
        found = pattern.fullmatch(text)
        if found is not None:
            return found.expand(said)
    return text
