"""Hold the sentences of the report on samples, in the form of wordings.py."""

SAMPLE = """
SAMPLE_FIELD
  {element} of the sample is not that of the evidence it was drawn from
  样本的 {element} 与所抽取的证据不一致
  Ask the auditor for the sample of this very statement and dataset.
  请向审计方索取该报表与数据集的样本。
SAMPLE_LATE
  the nonce was committed to after the dataset was anchored: the auditor could choose what is drawn
  随机数的承诺晚于数据集上链：审计方可以挑选被抽中的项目
  Give this sample no weight; ask for one that was committed to before the anchor.
  请勿采信该样本；请索取在上链之前承诺的样本。
SAMPLE_DRAWS
  another leaf was drawn than the seed gives
  抽取的叶与种子所得不一致
  Draw again yourself: `lingtan-verify sample FILE --seed`.
  请自行重新抽取：lingtan-verify sample FILE --seed。
SAMPLE_FAILED
  a drawn leaf was not opened, or what was opened does not hold
  被抽中的叶未被打开，或打开后不成立
  Ask the bank for this leaf; the sample keeps its outcome for ever.
  请向银行索取该叶；样本永久保留其结果。
SAMPLE_UNREVEALED
  the nonce is not revealed yet, so nothing is drawn
  随机数尚未公开，因此尚未抽取
  Ask the auditor to reveal it: the dataset is anchored.
  请审计方公开随机数：数据集已上链。
SAMPLE_LEAVES
  drawing by a measure needs the values of every leaf, and not all of them are here
  按度量抽取需要每个叶的数值，而此处并不齐全
  Draw from the evidence package.
  请从证据包中抽取。
SAMPLE_OPEN
  some drawn leaves have no outcome yet
  部分被抽中的叶尚无结果
  Ask the auditor how they ended; a leaf that is not opened counts as failed.
  请询问审计方其结果；未打开的叶视为失败。
"""
