"""Hold the sentences of the report on entries of an envelope log, in the form of wordings.py."""

ENVELOPE = """
envelope.leaf
  these bytes are not the entry that the proof is about
  这些字节不是该证明所指的日志条目
  Ask for the entry again, byte for byte; a changed byte changes the hash.
  请重新索取该条目的原始字节；任何字节改动都会改变散列。
envelope.path
  the path does not lead from the entry to the root of this size
  路径未能从该条目到达此大小的日志根
  Treat the entry as not being in the log until the bank gives a proof that holds.
  在银行给出成立的证明之前，请视该条目不在日志中。
envelope.consistency
  the earlier log is not the beginning of this one: entries were changed or taken out
  较早的日志不是本日志的前缀：条目被改动或删除
  Keep both roots and report it to the auditor: this cannot happen by mistake.
  请保存两个根并报告审计方：这不会是误操作造成的。
envelope.anchor
  what was signed is another log, or it was not signed by the key that the contract recorded
  所签署的是另一份日志，或并非合约所记录的密钥签署
  Ask the bank for the proof again and compare.
  请向银行重新索取证明并比对。
envelope.block
  the block does not hold the event that anchored this root
  该区块中没有锚定此日志根的事件
  Ask the bank for the proof again, or look the transaction up on a node.
  请向银行重新索取证明，或在节点上查询该交易。
NO_LOG_ANCHOR
  this size of the log is not anchored, or its evidence is not enclosed
  此大小的日志尚未锚定，或未附其证据
  Ask the bank for the proof in a log that its logkeeper signed: `lingtan meter proof`.
  请向银行索取已由日志签署人签署的日志中的证明（lingtan meter proof）。
KEEPER_UNKNOWN
  the root was signed by a key that the policy does not name as a logkeeper or approver of this institution
  签署日志根的密钥未被策略列为该机构的日志签署人或批准人
  Ask the centre for the policy that names this key, by a channel that you trust.
  请通过可信渠道向运营中心索取列有该密钥的策略。
"""
