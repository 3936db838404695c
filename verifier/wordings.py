"""Hold the sentences of the report: under each code what it means (English, Chinese) and what to do next (English, Chinese).

Codes in capitals belong to one answer; the others are the beginning of a check's id and stand in where a code has no words of its own.
"""

from __future__ import annotations

from verifier.anchor_wordings import ANCHOR
from verifier.bundle_wordings import BUNDLE
from verifier.envelope_wordings import ENVELOPE
from verifier.financed_wordings import FINANCED
from verifier.recompute_wordings import RECOMPUTE
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
METER_FIELD
  the meter record disagrees with itself or with the statement: {field}
  表计记录自相矛盾或与报表不符：{field}
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
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


WORDINGS = {
    name: words for table in (_TABLE, ANCHOR, RECOMPUTE, BUNDLE, ENVELOPE, FINANCED, SAMPLE) for name, words in _parse(table).items()
}
