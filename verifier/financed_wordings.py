"""Hold the sentences of the report that are about books, in the form of `wordings`."""

from __future__ import annotations

FINANCED = """
FINANCED_FORM
  the package holds parts of a disclosed and of an undisclosed book
  该证据包同时含有已披露与未披露贷款簿的部分
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
FINANCED_RECORD
  an exposure's record does not follow from its own figures by the method
  某笔敞口记录不符合方法对其自身数据的计算
  Compare the record with the method page; ask the bank how the figure came about.
  请对照方法说明核对该记录，并询问银行该数值的来源。
FINANCED_BLOCK
  the statement's block does not add up
  报表中的汇总块相加不符
  Compare the statement with its records; ask the bank for the original.
  请将报表与其记录核对，并向银行索取原件。
FINANCED_GROUP
  the groups are not those that the exposures give
  分组与敞口记录得出的分组不符
  Compare with commitments.md, groups of exposures.
  请对照 commitments.md 中敞口分组的规则。
FINANCED_ORDER
  exposures are not in strictly ascending order of their pseudonyms, or one occurs twice
  敞口未按假名严格升序排列，或有重复
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
FINANCED_OPENING
  the opened group does not hold
  打开的分组不成立
  Do not rely on this opening; ask the bank for the original.
  请勿依赖该打开的分组；向银行索取原件。
FINANCED_MORE
  more of the same kind
  另有同类不符
  See the first ones above.
  请参看上面列出的前几项。
FINANCED_GROUP_REFUSED
  rests on the group, which was refused or could not be read
  该检查以分组为依据，但分组被拒绝或无法读取
  See the line about the commitment or the group.
  请参看关于承诺或分组的说明。
FINANCED_UNDISCLOSED
  the book is not disclosed, so its blocks cannot be added up again
  该贷款簿未披露，其汇总无法重算
  Draw a sample of groups and have them opened, or inspect the book on site.
  请抽取分组样本并要求打开，或到现场查验贷款簿。
FINANCED_UNOPENED
  {count} of {groups} groups were not opened, or their opening did not hold
  {groups} 组中有 {count} 组未打开，或打开后不成立
  Draw a sample with lingtan-verify sample and ask the bank to open those groups.
  请用 lingtan-verify sample 抽样，并请银行打开相应分组。
FINANCED_ERASED
  {count} exposures of the group were erased: their leaf hashes stand, their records cannot be recomputed
  该组中有 {count} 笔敞口已被删除：叶哈希仍在，但记录无法重算
  Ask the bank for the erasure's reason and date.
  请向银行询问删除的原因与日期。
FINANCED_NO_SEED
  no seed was given, so no sample was drawn; the openings enclosed were chosen by the bank
  未给出种子，故未抽样；所附打开的分组由银行自选
  Run again with --nonce (committed to before the anchor) or --seed.
  请加 --nonce（锚定前已承诺）或 --seed 重新运行。
FINANCED_SAMPLE
  a drawn group was not opened, or its opening did not hold: it counts as failed
  抽中的分组未打开或不成立：按失败计
  Ask the bank to open it; otherwise inspect the book on site.
  请要求银行打开该分组；否则到现场查验。
SAMPLE_NONCE
  the nonce is not the one that was committed to before the anchor
  该随机数与锚定前承诺的不同
  Use the nonce of the published commitment.
  请使用与已公布承诺相符的随机数。
SAMPLE_SEED
  the seed does not follow from R, nonce and anchor block
  种子与承诺根 R、随机数及锚定区块不符
  Draw again with the nonce alone.
  请仅用随机数重新抽样。
FINANCED_INPUTS
  a record shows emissions and denominators, not where they come from: inputs, conversions and fallbacks are in the raw book alone
  记录只给出排放量与分母，不显示其来源：选项、数据来源、换算与替代值仅在原始贷款簿中
  Inspect the raw book of sampled exposures at the bank.
  请在银行查验抽样敞口的原始贷款簿。
FINANCED_KEPT_APART
  a record shows what was attributed, not the borrower's own removals, avoided emissions and credits
  记录只给出分摊结果，不显示借款人的移除量、避免排放与碳信用总量
  Inspect the raw book of sampled exposures at the bank.
  请在银行查验抽样敞口的原始贷款簿。
FINANCED_WACI
  WACI rests on revenues, which no record shows
  加权平均碳强度依据营业收入，记录中没有该项
  Inspect the raw book at the bank.
  请在银行查验原始贷款簿。
FINANCED_REDUCTIONS
  reductions of green projects rest on columns that no record shows
  绿色项目减排量所依据的栏目不在记录中
  Inspect the raw book at the bank.
  请在银行查验原始贷款簿。
FINANCED_EXCLUDED
  {rows} rows were left out with a reason; none of them is committed
  有 {rows} 行注明原因后被排除；这些行未被承诺
  Inspect the excluded rows at the bank: a sample of what is committed never finds them.
  请在银行查验被排除的行：对已承诺内容的抽样无法发现它们。
FINANCED_LEDGER
  the statement says that the book meets the general ledger; the ledger itself is not here
  报表称贷款簿与总账一致；总账本身未提供
  Compare the declared figures with the general ledger.
  请将申报数值与总账核对。
financed
  what is enclosed of the book does not fit together
  所附贷款簿内容互不相符
  Ask the bank for the original package and compare.
  请向银行索取原始证据包并比对。
"""
