"""Hold the sentences of the report on what a chain recorded, in the form of wordings.py."""

ANCHOR = """
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
HEADER_UNREAD
  the header could not be read, so nothing rests on it
  区块头无法读取，后续检查无从进行
  See the line about the header.
  请参看关于区块头的说明。
QBFT_UNPINNED
  the block was sealed by other validators than the policy pins
  封印区块的验证人与策略所载不同
  Ask for a policy with the validator set of that height.
  请索取载明该高度验证人的策略。
CODE_HASH
  the contract at that address runs other code than the policy pins
  该地址合约代码与策略所载不同
  Refuse the evidence until the centre explains it.
  在运营中心说明之前，请拒绝该证据。
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
"""
