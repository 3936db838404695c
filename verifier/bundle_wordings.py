"""Hold the sentences of the report on bundles, in the form of wordings.py."""

BUNDLE = """
SUBJECT
  the bundle says that it is about something else than its contexts bind
  证明文件所称的对象与其承诺上下文所绑定的不一致
  Treat the bundle as altered until the sender explains it.
  在发送方说明之前，请视该证明文件为已被改动。
ITEM
  a record says something else than its leaf in the tree
  某条记录与其在承诺树中的叶子不一致
  Ask the bank for the bundle again and compare.
  请向银行重新索取证明文件并比对。
METERS_UNNAMED
  the figures are bound, the names are not: {unnamed} of {items} leaves bind a key and figures of a meter that has no name here
  已绑定的是数值而非名称：{items} 项叶子中有 {unnamed} 项绑定表计的密钥与数值，其表计在此未命名
  For the names ask for the slots together with the signed statement.
  如需名称，请索取各时段数据及已签署的报表。
WITNESS_QUORUM
  fewer witnesses than the policy's quorum of {quorum} have signed this checkpoint
  对该检查点副署的见证方少于策略要求的 {quorum} 家
  Ask the centre for a bundle with a later, cosigned checkpoint.
  请向运营中心索取含有较新、已副署检查点的证明文件。
WITNESS_UNKNOWN
  somebody signed the checkpoint whom the policy does not name
  检查点上有策略未列出的签署方
  Ask the centre for the policy that names this witness, by a channel that you trust.
  请通过可信渠道向运营中心索取列有该见证方的策略。
COSIGNATURE
  a line in a witness's name was not signed by that witness
  以某见证方名义的副署并非其所签
  Report it to the witness and to the centre: somebody forged or damaged it.
  请告知该见证方与运营中心：副署被伪造或损坏。
NOT_FINAL
  the witnesses cosigned, but the block is not shown to be in what they cosigned
  见证方已副署，但未能证明该区块包含其中
  See the line about finality.
  请参看关于最终确认的说明。
HEADER_UNREAD
  rests on a block header that could not be read
  该检查以区块头为依据，但区块头无法读取
  See the line about the header.
  请参看关于区块头的说明。
NO_POLICY_REGISTRY
  the policy does not pin the ClaimRegistry and its slots
  策略未固定 ClaimRegistry 合约及其存储槽
  Run again with a policy that names it.
  请使用载明该合约的策略。
NOT_SIGNED
  rests on a signed message that did not hold
  该检查以签署的消息为依据，但该消息未通过检查
  See the line about the message.
  请参看关于该消息的说明。
MESSAGE_FIELD
  the signed message says something else than the evidence
  所签消息与证据不一致
  Treat the message as one about something else; ask the sender for the right one.
  请视该消息为关于其他对象；向发送方索取正确的消息。
NO_STATUS
  the bundle carries no proof of the claim's status
  证明文件未附该声明的状态证明
  Ask the centre for a bundle with the status.
  请向运营中心索取含状态证明的证明文件。
STATUS_OLD
  the status is as of {at}, more than {max_age} seconds ago; later revocations are not in it
  状态截至 {at}，距今超过 {max_age} 秒；此后的撤销不在其中
  Ask the centre for a fresh bundle.
  请向运营中心索取最新的证明文件。
STATUS_AHEAD
  the status is dated {at}, which lies ahead of this clock ({now})
  状态时间为 {at}，晚于本机时钟（{now}）
  Check this machine's clock, or pass --now; then ask the centre.
  请检查本机时钟或用 --now 指定时间；仍不符时询问运营中心。
NO_POLICY_VALIDATORS
  the policy pins no validators for this block
  策略未载明该区块高度的验证者集合
  Ask the centre for a policy whose validator sets reach this block.
  请索取验证者集合涵盖该区块的策略。
FINALITY_KIND
  the bundle shows finality as another kind of chain does than the policy's
  证明文件给出的最终性证据与策略所述的链类型不符
  Ask the centre for a bundle of the chain that the policy names.
  请向运营中心索取与策略所述链一致的证明文件。
CLAIM_STATE
  the claim is genuine, and does not stand as attested
  该声明真实，但当前并非已核证状态
  Ask the centre what became of it: rejected, disputed, or not verified yet.
  请向运营中心询问其处理结果：被否定、有争议或尚未核查。
CERTIFICATE_STATE
  the certificate is genuine, but was suspended or revoked
  证书真实，但已被暂停或撤销
  Do not rely on it; ask the centre for the reason on record.
  请勿依赖该证书；可向运营中心查询记录在案的原因。
CERTIFICATE_WINDOW
  the certificate is genuine, but not within its period of validity
  证书真实，但不在其有效期内
  Ask for the certificate of the period that you need.
  请索取您所需期间的证书。
bundle.
  the bundle's subject could not be read or does not fit
  证明文件的对象无法读取或不相符
  Ask the bank for an undamaged bundle.
  请向银行索取未损坏的证明文件。
items.
  a record of the bundle does not hold
  证明文件中的某条记录不成立
  Ask the bank for the bundle again and compare.
  请向银行重新索取证明文件并比对。
schema.
  the schema of the dataset does not hold
  数据集的模式不成立
  Ask the centre which schema the dataset has.
  请向运营中心询问该数据集的模式。
anchor.witnessed
  the witnesses' signatures do not hold
  见证方的副署不成立
  Ask the centre for the bundle again.
  请向运营中心重新索取证明文件。
claim.
  the evidence of the claim does not hold
  声明的证据不成立
  Treat the claim as unproven until the sender explains it.
  在发送方说明之前，请视该声明为未经证明。
verdict.
  the evidence of a verdict does not hold
  核查结论的证据不成立
  Ask the verifier itself whether it gave this verdict.
  请向核查方本身确认是否出具该结论。
certificate.
  the evidence of the certificate does not hold
  证书的证据不成立
  Ask the centre itself whether it issued this certificate.
  请向运营中心本身确认是否签发该证书。
status.
  the proof of the status does not hold
  状态证明不成立
  Ask the centre for a bundle with the status.
  请向运营中心索取含状态证明的证明文件。
ITEM_TWICE
  a dataset has two items where one is due
  某数据集应只有一项，却出现两项
  Ask the bank which one it stands for.
  请向银行询问以哪一项为准。
"""
