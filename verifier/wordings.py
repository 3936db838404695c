"""Hold the sentences of the report: under each code what it means (English, Chinese) and what to do next (English, Chinese).

Codes in capitals belong to one answer; the others are the beginning of a check's id and stand in where a code has no words of its own.
"""

from __future__ import annotations

from verifier.bundle_wordings import BUNDLE
from verifier.envelope_wordings import ENVELOPE
from verifier.financed_wordings import FINANCED
from verifier.sample_wordings import SAMPLE

_TABLE = """
NO_POLICY
  no policy was given, so nothing says whom to trust
  未提供信任策略，无从判断信任谁
  Run again with --policy FILE from a source you know.
  请用可靠来源的策略文件，加 --policy 重新运行。
NO_POLICY_KEY
  the policy's signature is whole, but whose key it is was not given
  策略签名完整，但未给出应由谁签名
  Run again with --policy-key and the fingerprint you were handed.
  请加 --policy-key 并填入您另行取得的指纹。
NO_POLICY_CONTRACT
  the evidence agrees with itself, but no policy pins the contract
  证据自洽，但没有策略固定合约地址
  Run again with a policy that names PeriodLedger and its slot.
  请使用载明 PeriodLedger 及其存储槽的策略。
NO_ATTESTATION
  no attestation is enclosed
  未附签署声明
  Ask the bank whether the period has been attested.
  请询问银行该期间是否已签署。
NO_COMMITMENT
  rests on the commitment, which is not here or could not be read
  该检查以承诺为依据，但承诺未提供或无法读取
  See the line about the commitment.
  请参看关于承诺的说明。
NOTHING_COMMITTED
  nothing is committed, so nothing is signed: the statement has neither lines nor meters
  未承诺任何内容，因此没有任何内容被签署：报表既无清单行也无表计
  Treat the package as a draft; ask the bank for the statement that its approver signed.
  请将该证据包视为草稿；向银行索取经审批人签署的报表。
UNANSWERED
  this check gave no answer, which is not a pass
  该检查未给出结果，不视为通过
  Report this as a fault of the tool.
  请作为工具故障上报。
NO_ANCHOR
  no anchor is enclosed
  未附上链证据
  Ask for the package again after the block is final.
  请在区块确认后重新索取证据包。
NO_CHECKPOINT
  no checkpoint or seal shows that the block is final
  没有检查点或封印证明区块已最终确认
  Ask for the anchor with a checkpoint, or query a node you trust.
  请索取带检查点的证据，或查询您信任的节点。
NO_POLICY_CHECKPOINT
  the policy names no checkpoint key
  策略中没有检查点公钥
  Use a policy that names one.
  请使用载明检查点公钥的策略。
NO_CONSISTENCY
  the pinned checkpoint ({old}) and this one ({new}) differ in size and no consistency proof is enclosed
  固定的检查点（{old}）与此检查点（{new}）大小不同，且未附一致性证明
  Ask the operator for the proof between the two sizes and give it with --consistency.
  请向运营方索取两者之间的一致性证明，并用 --consistency 给出。
PART_WITHHELD
  the bank withheld this part: {reason}
  银行保留了该部分：{reason}
  Ask for it, or inspect it on site.
  请索取该部分，或到现场查验。
PART_ABSENT
  needs {parts}, which could not be read or is not here
  需要 {parts}，但无法读取或未提供
  See the line about that part.
  请参看关于该部分的说明。
METER_WITHHELD
  the meter record is withheld: {reason}
  表计记录被保留：{reason}
  Ask for the record, or inspect it on site.
  请索取记录，或到现场查验。
LINE_METER_ABSENT
  the line agrees with the meter total that the statement claims; the record itself is not here
  该行与报表所称表计合计一致；但记录本身未提供
  Ask for the meter record.
  请索取表计记录。
COMMITMENT_WITHHELD
  leaves whose record is not here cannot be hashed: {parts}
  缺少记录的叶子无法计算哈希：{parts}
  Ask for these records.
  请索取这些记录。
ASSET_UNBOUND
  the leaf binds the meter's key, not its name
  叶子绑定的是表计密钥，而非其名称
  Give the evidence package with --package: its signed statement names the meter.
  请用 --package 给出证据包：其已签署的报表载明该表计。
HEADER_UNREAD
  the header could not be read, so nothing rests on it
  区块头无法读取，后续检查无从进行
  See the line about the header.
  请参看关于区块头的说明。
PART_UNLISTED
  the zip holds a file that the manifest does not list
  压缩包中有清单未列出的文件
  Treat the file as altered until the sender explains it.
  在发送方说明之前，请视该文件为已被改动。
PART_MISSING
  a part is neither here nor declared as withheld
  该部分既未提供，也未声明保留
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
PART_SIZE
  the part has another size than the manifest says
  该部分大小与清单不同
  Treat the file as altered until the sender explains it.
  在发送方说明之前，请视该文件为已被改动。
PART_HASH
  the part was changed after the manifest was made
  清单生成后该部分被改动
  Treat the file as altered until the sender explains it.
  在发送方说明之前，请视该文件为已被改动。
ANSWER_STRAY
  an answer names no finding of this package
  有一条说明不对应本证据包中的任何发现项
  Ask the bank for the findings that the answer was given to.
  请向银行索取该说明所对应的发现项。
POLICY_SIGNATURE
  fewer signers signed this policy than it needs, or it was changed after they did
  签署此策略的签署人数不足，或策略在签名后被改动
  Do not use this policy; fetch it again.
  请勿使用此策略，重新获取。
POLICY_FOLLOWS
  this policy does not follow the one that you trust
  该策略不能接替您所信任的策略
  Ask the centre which policies lie between the two, and check them one after the other.
  请向运营中心索取两者之间的各版策略，并逐一核对。
POLICY_KEY
  another key signed this policy
  该策略由另一把密钥签名
  Compare the fingerprint with the centre by another channel.
  请通过其他渠道与运营中心核对指纹。
POLICY_EXPIRED
  the policy is no longer valid
  策略已过期
  Fetch the current policy.
  请获取现行策略。
POLICY_NOT_YET
  the policy is dated in the future
  策略签发时间晚于当前时间
  Check this machine's clock.
  请检查本机时钟。
LIBRARY_UNLISTED
  the policy does not list this factor library
  策略未列出该因子库
  Ask the centre whether the release is published.
  请询问运营中心该版本是否已发布。
LIBRARY_HASH
  the enclosed library is not the one that the statement names
  所附因子库不是报表所载的版本
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
SCHEMA_UNLISTED
  the policy lists another schema for this dataset
  策略为该数据集列出的是另一模式
  Ask the centre for a policy that fits this release.
  请向运营中心索取与该版本相应的策略。
SIGNER_UNKNOWN
  the signature is right, but the policy names no such approver
  签名正确，但策略中没有该审批人
  Ask the centre whether the key is registered.
  请询问运营中心该密钥是否已登记。
SIGNER_NOT_VALID
  the signer's key was not in force when the block was made
  出块时该签署密钥不在有效期内
  Ask the centre for the key's history.
  请向运营中心查询该密钥的沿革。
QBFT_UNPINNED
  the block was sealed by other validators than the policy pins
  封印区块的验证人与策略所载不同
  Ask for a policy with the validator set of that height.
  请索取载明该高度验证人的策略。
POLICY_CHAIN
  the evidence is of another chain than the policy's
  证据所属链与策略不同
  Use the policy of that chain, or refuse the evidence.
  请使用该链的策略，或拒绝该证据。
POLICY_CONTRACT
  the evidence is of another contract than the policy's
  证据所属合约与策略不同
  Use the policy of that deployment, or refuse the evidence.
  请使用该部署的策略，或拒绝该证据。
CODE_HASH
  the contract at that address runs other code than the policy pins
  该地址合约代码与策略所载不同
  Refuse the evidence until the centre explains it.
  在运营中心说明之前，请拒绝该证据。
METER_FIELD
  the meter record disagrees with itself or with the statement: {field}
  表计记录自相矛盾或与报表不符：{field}
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
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
package.manifest
  the manifest does not describe this package
  清单与证据包不符
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
inputs.hashes
  the statement was made from other inputs
  报表依据的是其他输入
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
meters.records
  a meter record does not match
  表计记录不符
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
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
commitment
  the commitment does not hold these records with these totals
  承诺与这些记录及合计不符
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
attestation
  what was signed is not what is enclosed
  所签内容与所附内容不同
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
anchor.header
  the block header is not that of the block named
  区块头不属于所称区块
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
PROOF_NODE
  proof node {element} does not hash to its place: a byte of the proof was changed
  第 {element} 个证明节点的散列与其位置不符：证明被改动
  Ask for the original proof; a node of the chain can give it again.
  请索取原始证明；链上节点可重新给出。
PROOF_SHORT
  the proof ends before its path does
  证明在路径结束前中断
  Ask for the whole proof.
  请索取完整证明。
PROOF_UNUSED
  the proof holds nodes that its path does not use
  证明含有路径未用到的节点
  Ask for the original proof.
  请索取原始证明。
anchor.receipt
  the event in the block is not this attestation
  区块中的事件不是该签署声明
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
anchor.state
  the contract's storage does not hold this record
  合约存储中没有该记录
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
anchor.final
  the block is not shown to be in the signed log
  未能证明区块在已签名的日志中
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
other
  what is enclosed does not fit together
  所附内容互不相符
  Ask the sender for the original evidence and compare.
  请向发送方索取原始证据并比对。
MALFORMED
  cannot be read: {place} {detail}
  无法读取：{place} {detail}
  Ask the sender for an undamaged file.
  请向发送方索取未损坏的文件。
"""


def _parse(table: str) -> dict[str, tuple[str, str, str, str]]:
    lines = [line for line in table.split("\n") if line]
    return {
        lines[at]: (lines[at + 1].strip(), lines[at + 2].strip(), lines[at + 3].strip(), lines[at + 4].strip())
        for at in range(0, len(lines), 5)
    }


WORDINGS = {**_parse(_TABLE), **_parse(BUNDLE), **_parse(ENVELOPE), **_parse(FINANCED), **_parse(SAMPLE)}
