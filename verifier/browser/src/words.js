// What people read: under each code what it means (English, Chinese) and what to do next (English, Chinese).
// Codes in capitals are an answer's own; the others are the beginning of a check's id, and stand in where a code has no words.

export const WORDS = new Map([
  ["CERTIFICATE_STATE", [
    "the certificate is genuine, but was suspended or revoked",
    "证书真实，但已被暂停或撤销",
    "Do not rely on it; ask the centre for the reason on record.",
    "请勿依赖该证书；可向运营中心查询记录在案的原因。",
  ]],
  ["CERTIFICATE_WINDOW", [
    "the certificate is genuine, but not within its period of validity",
    "证书真实，但不在其有效期内",
    "Ask for the certificate of the period that you need.",
    "请索取您所需期间的证书。",
  ]],
  ["CLAIM_STATE", [
    "the claim is genuine, and does not stand as attested",
    "该声明真实，但当前并非已核证状态",
    "Ask the centre what became of it: rejected, disputed, or not verified yet.",
    "请向运营中心询问其处理结果：被否定、有争议或尚未核查。",
  ]],
  ["CODE_HASH", [
    "the contract at that address runs other code than the policy pins",
    "该地址合约代码与策略所载不同",
    "Refuse the evidence until the centre explains it.",
    "在运营中心说明之前，请拒绝该证据。",
  ]],
  ["COSIGNATURE", [
    "a line in a witness's name was not signed by that witness",
    "以某见证方名义的副署并非其所签",
    "Report it to the witness and to the centre: somebody forged or damaged it.",
    "请告知该见证方与运营中心：副署被伪造或损坏。",
  ]],
  ["FINALITY_KIND", [
    "the bundle shows finality as another kind of chain does than the policy's",
    "证明文件给出的最终性证据与策略所述的链类型不符",
    "Ask the centre for a bundle of the chain that the policy names.",
    "请向运营中心索取与策略所述链一致的证明文件。",
  ]],
  ["HEADER_UNREAD", [
    "rests on a block header that could not be read",
    "该检查以区块头为依据，但区块头无法读取",
    "See the line about the header.",
    "请参看关于区块头的说明。",
  ]],
  ["ITEM", [
    "a record says something else than its leaf in the tree",
    "某条记录与其在承诺树中的叶子不一致",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["LIBRARY_UNLISTED", [
    "the policy does not list this factor library",
    "策略未列出该因子库",
    "Ask the centre whether the release is published.",
    "请询问运营中心该版本是否已发布。",
  ]],
  ["MESSAGE_FIELD", [
    "the signed message says something else than the evidence",
    "所签消息与证据不一致",
    "Treat the message as one about something else; ask the sender for the right one.",
    "请视该消息为关于其他对象；向发送方索取正确的消息。",
  ]],
  ["METERS_UNNAMED", [
    "the figures are bound, the names are not: {unnamed} of {items} leaves bind a key and figures of a meter that has no name here",
    "已绑定的是数值而非名称：{items} 项叶子中有 {unnamed} 项绑定表计的密钥与数值，其表计在此未命名",
    "For the names ask for the slots together with the signed statement.",
    "如需名称，请索取各时段数据及已签署的报表。",
  ]],
  ["NOT_FINAL", [
    "the witnesses cosigned, but the block is not shown to be in what they cosigned",
    "见证方已副署，但未能证明该区块包含其中",
    "See the line about finality.",
    "请参看关于最终确认的说明。",
  ]],
  ["NOT_SIGNED", [
    "rests on a signed message that did not hold",
    "该检查以签署的消息为依据，但该消息未通过检查",
    "See the line about the message.",
    "请参看关于该消息的说明。",
  ]],
  ["NO_ANCHOR", [
    "no anchor is enclosed",
    "未附上链证据",
    "Ask for the package again after the block is final.",
    "请在区块确认后重新索取证据包。",
  ]],
  ["NO_ATTESTATION", [
    "no attestation is enclosed",
    "未附签署声明",
    "Ask the bank whether the period has been attested.",
    "请询问银行该期间是否已签署。",
  ]],
  ["NO_CHECKPOINT", [
    "no checkpoint or seal shows that the block is final",
    "没有检查点或封印证明区块已最终确认",
    "Ask for the anchor with a checkpoint, or query a node you trust.",
    "请索取带检查点的证据，或查询您信任的节点。",
  ]],
  ["NO_CONSISTENCY", [
    "the pinned checkpoint ({old}) and this one ({new}) differ in size and no consistency proof is enclosed",
    "固定的检查点（{old}）与此检查点（{new}）大小不同，且未附一致性证明",
    "Ask the operator for the proof between the two sizes and give that file as well.",
    "请向运营方索取两者之间的一致性证明，并一并选择该文件。",
  ]],
  ["NO_POLICY", [
    "no policy was given, so nothing says whom to trust",
    "未提供信任策略，无从判断信任谁",
    "Give the policy file that you were handed by a channel you trust.",
    "请一并选择您经可信渠道取得的策略文件。",
  ]],
  ["NO_POLICY_CHECKPOINT", [
    "the policy names no checkpoint key",
    "策略中没有检查点公钥",
    "Use a policy that names one.",
    "请使用载明检查点公钥的策略。",
  ]],
  ["NO_POLICY_CONTRACT", [
    "the evidence agrees with itself, but no policy pins the contract",
    "证据自洽，但没有策略固定合约地址",
    "Run again with a policy that names PeriodLedger and its slot.",
    "请使用载明 PeriodLedger 及其存储槽的策略。",
  ]],
  ["NO_POLICY_KEY", [
    "the policy's signature is whole, but whose key it is was not given",
    "策略签名完整，但未给出应由谁签名",
    "Enter the fingerprint that you were handed, above.",
    "请在上方填入您另行取得的指纹。",
  ]],
  ["NO_POLICY_REGISTRY", [
    "the policy does not pin the ClaimRegistry and its slots",
    "策略未固定 ClaimRegistry 合约及其存储槽",
    "Run again with a policy that names it.",
    "请使用载明该合约的策略。",
  ]],
  ["NO_POLICY_VALIDATORS", [
    "the policy pins no validators for this block",
    "策略未载明该区块高度的验证者集合",
    "Ask the centre for a policy whose validator sets reach this block.",
    "请索取验证者集合涵盖该区块的策略。",
  ]],
  ["NO_STATUS", [
    "the bundle carries no proof of the claim's status",
    "证明文件未附该声明的状态证明",
    "Ask the centre for a bundle with the status.",
    "请向运营中心索取含状态证明的证明文件。",
  ]],
  ["POLICY_EXPIRED", [
    "the policy is no longer valid",
    "策略已过期",
    "Fetch the current policy.",
    "请获取现行策略。",
  ]],
  ["POLICY_KEY", [
    "another key signed this policy",
    "该策略由另一把密钥签名",
    "Compare the fingerprint with the centre by another channel.",
    "请通过其他渠道与运营中心核对指纹。",
  ]],
  ["POLICY_NOT_YET", [
    "the policy is dated in the future",
    "策略签发时间晚于当前时间",
    "Check this machine's clock.",
    "请检查本机时钟。",
  ]],
  ["POLICY_SIGNATURE", [
    "fewer signers signed this policy than it needs, or it was changed after they did",
    "签署此策略的签署人数不足，或策略在签名后被改动",
    "Do not use this policy; fetch it again.",
    "请勿使用此策略，重新获取。",
  ]],
  ["PROOF_NODE", [
    "proof node {element} does not hash to its place: a byte of the proof was changed",
    "第 {element} 个证明节点的散列与其位置不符：证明被改动",
    "Ask for the original proof; a node of the chain can give it again.",
    "请索取原始证明；链上节点可重新给出。",
  ]],
  ["PROOF_SHORT", [
    "the proof ends before its path does",
    "证明在路径结束前中断",
    "Ask for the whole proof.",
    "请索取完整证明。",
  ]],
  ["PROOF_UNUSED", [
    "the proof holds nodes that its path does not use",
    "证明含有路径未用到的节点",
    "Ask for the original proof.",
    "请索取原始证明。",
  ]],
  ["QBFT_UNPINNED", [
    "the block was sealed by other validators than the policy pins",
    "封印区块的验证人与策略所载不同",
    "Ask for a policy with the validator set of that height.",
    "请索取载明该高度验证人的策略。",
  ]],
  ["SCHEMA_UNLISTED", [
    "the policy lists another schema for this dataset",
    "策略为该数据集列出的是另一模式",
    "Ask the centre for a policy that fits this release.",
    "请向运营中心索取与该版本相应的策略。",
  ]],
  ["SIGNER_NOT_VALID", [
    "the signer's key was not in force when the block was made",
    "出块时该签署密钥不在有效期内",
    "Ask the centre for the key's history.",
    "请向运营中心查询该密钥的沿革。",
  ]],
  ["SIGNER_UNKNOWN", [
    "the signature is right, but the policy names no such approver",
    "签名正确，但策略中没有该审批人",
    "Ask the centre whether the key is registered.",
    "请询问运营中心该密钥是否已登记。",
  ]],
  ["STATUS_AHEAD", [
    "the status is dated {at}, which lies ahead of this clock ({now})",
    "状态时间为 {at}，晚于本机时钟（{now}）",
    "Check this machine's clock; then ask the centre.",
    "请检查本机时钟；仍不符时询问运营中心。",
  ]],
  ["STATUS_OLD", [
    "the status is as of {at}, more than {max_age} seconds ago; later revocations are not in it",
    "状态截至 {at}，距今超过 {max_age} 秒；此后的撤销不在其中",
    "Ask the centre for a fresh bundle.",
    "请向运营中心索取最新的证明文件。",
  ]],
  ["SUBJECT", [
    "the bundle says that it is about something else than its contexts bind",
    "证明文件所称的对象与其承诺上下文所绑定的不一致",
    "Treat the bundle as altered until the sender explains it.",
    "在发送方说明之前，请视该证明文件为已被改动。",
  ]],
  ["WITNESS_QUORUM", [
    "fewer witnesses than the policy's quorum of {quorum} have signed this checkpoint",
    "对该检查点副署的见证方少于策略要求的 {quorum} 家",
    "Ask the centre for a bundle with a later, cosigned checkpoint.",
    "请向运营中心索取含有较新、已副署检查点的证明文件。",
  ]],
  ["WITNESS_UNKNOWN", [
    "somebody signed the checkpoint whom the policy does not name",
    "检查点上有策略未列出的签署方",
    "Ask the centre for the policy that names this witness, by a channel that you trust.",
    "请通过可信渠道向运营中心索取列有该见证方的策略。",
  ]],
  ["inputs.hashes", [
    "the statement was made from other inputs",
    "报表依据的是其他输入",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["commitment", [
    "the commitment does not hold these records with these totals",
    "承诺与这些记录及合计不符",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["attestation", [
    "what was signed is not what is enclosed",
    "所签内容与所附内容不同",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["anchor.header", [
    "the block header is not that of the block named",
    "区块头不属于所称区块",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["anchor.receipt", [
    "the event in the block is not this attestation",
    "区块中的事件不是该签署声明",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["anchor.state", [
    "the contract's storage does not hold this record",
    "合约存储中没有该记录",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["anchor.final", [
    "the block is not shown to be in the signed log",
    "未能证明区块在已签名的日志中",
    "Ask the bank for the bundle again and compare.",
    "请向银行重新索取证明文件并比对。",
  ]],
  ["claim.", [
    "the claim's message or its record on the chain is not what the evidence says",
    "声明的消息或其链上记录与证据不符",
    "Ask the centre for the bundle again and compare.",
    "请向运营中心重新索取证明文件并比对。",
  ]],
  ["verdict.", [
    "the verdict or its record on the chain is not what the evidence says",
    "核查结论或其链上记录与证据不符",
    "Ask the centre for the bundle again and compare.",
    "请向运营中心重新索取证明文件并比对。",
  ]],
  ["certificate.", [
    "the certificate or its record on the chain is not what the evidence says",
    "证书或其链上记录与证据不符",
    "Ask the centre for the bundle again and compare.",
    "请向运营中心重新索取证明文件并比对。",
  ]],
  ["status.", [
    "what the contract stored of the claim or certificate is not what the messages say",
    "合约所存的声明或证书状态与消息不符",
    "Ask the centre for the bundle again and compare.",
    "请向运营中心重新索取证明文件并比对。",
  ]],
  ["other", [
    "what is enclosed does not fit together",
    "所附内容互不相符",
    "Ask the sender for the original evidence and compare.",
    "请向发送方索取原始证据并比对。",
  ]],
  ["MALFORMED", [
    "cannot be read: {place} {detail}",
    "无法读取：{place} {detail}",
    "Ask the sender for an undamaged file.",
    "请向发送方索取未损坏的文件。",
  ]],
]);

const OUTCOMES = new Map([
  ["PASS", ["Passed", "通过", "✓"]],
  ["FAIL", ["Mismatch", "不符", "✗"]],
  ["MALFORMED", ["Unreadable", "无法读取", "✗"]],
  ["UNTRUSTED", ["Not trusted", "不受信任", "!"]],
  ["NOT IN FORCE", ["Not in force", "未生效", "!"]],
  ["NOT CHECKED", ["Not checked", "未检查", "–"]],
]);

const VERDICTS = new Map([
  ["VALID", ["Valid", "有效", "every check ran and held", "所有检查均已执行且相符"]],
  ["INVALID", ["Invalid", "不符", "a check ran and proved a mismatch", "至少一项检查证实不符"]],
  ["MALFORMED", ["Unreadable", "无法读取", "something cannot be read as what it claims to be", "有内容无法按其声称的格式读取"]],
  ["INCOMPLETE", ["Incomplete", "不完整", "nothing is proven wrong, but some checks could not run", "未发现不符，但有检查无法执行"]],
  ["NOT-IN-FORCE", ["Not in force", "未生效", "genuine, but not in force at this time", "内容真实，但当前不在有效期内"]],
  ["UNTRUSTED", ["Untrusted", "不受信任", "genuine as far as it goes, but not known to the policy", "内容自洽，但不在信任策略之内"]],
]);

const LEVELS = new Map([
  ["-", ["no commitment was confirmed", "未确认任何承诺"]],
  ["L1", ["the records are in R with these totals", "记录与合计已确认在承诺根 R 中"]],
  ["L2", ["R is anchored by the contract", "承诺根 R 已由合约锚定"]],
  ["L3", ["the block is final", "所在区块已最终确认"]],
  ["L4", ["independent witnesses cosigned it", "已有独立见证方副署"]],
  ["L5", ["verified and certified, and in force at the block shown", "已核查并认证，且在所示区块时有效"]],
]);

// What each check asks, by the beginning of its id.
const QUESTIONS = [
  ["policy.signature", "Is the policy signed by those whom you trust?", "策略是否由您信任的人签署？"],
  ["policy.validity", "Is the policy in force now?", "策略当前是否有效？"],
  ["bundle.subject", "Is the bundle about what it says?", "证明文件的对象是否如其所述？"],
  ["commitment.", "Do the leaves and totals give R?", "叶子与合计是否得出承诺根 R？"],
  ["items.", "Do the records say what the leaves say?", "记录与叶子的数值是否一致？"],
  ["schema.", "Is this the dataset's schema of the policy?", "数据集模式是否为策略所列？"],
  ["attestation.", "Did somebody sign exactly this commitment?", "签署的是否正是该承诺？"],
  ["signer.", "May the signer approve for this institution?", "签署人是否有权代表该机构审批？"],
  ["library.trusted", "Is the factor library one that the policy lists?", "因子库是否为策略所列？"],
  ["anchor.header.", "Does the block header read?", "区块头是否可读？"],
  ["anchor.receipt.", "Did the contract record it in this block?", "合约是否在该区块记录了它？"],
  ["anchor.state.", "Does the contract's storage hold it?", "合约存储中是否保存了它？"],
  ["anchor.final.", "Is the block final?", "区块是否已最终确认？"],
  ["anchor.witnessed.", "Did a quorum of witnesses cosign?", "是否有足够的见证方副署？"],
  ["claim.message", "Does the signed claim name this evidence?", "所签声明是否指向本证据？"],
  ["claim.recorded", "Is the claim recorded, in a final block?", "声明是否已记录于最终区块？"],
  ["verdict.signed.", "Did an independent verifier sign this verdict?", "独立核查方是否签署了该结论？"],
  ["verdict.recorded.", "Is the verdict recorded, in a final block?", "结论是否已记录于最终区块？"],
  ["certificate.signed", "Did an independent certifier sign?", "独立认证方是否签署了证书？"],
  ["certificate.recorded", "Is the certificate recorded, in a final block?", "证书是否已记录于最终区块？"],
  ["status.state", "Does the contract say that claim and certificate stand?", "合约所示的声明与证书是否有效？"],
  ["status.final", "Is the block of this status final?", "状态所在区块是否已最终确认？"],
  ["status.witnessed", "Did a quorum of witnesses cosign the status?", "状态是否有足够的见证方副署？"],
  ["status.age", "Is the status recent enough?", "状态是否足够新？"],
  ["inputs.hashes", "Are the enclosed documents those that were signed?", "所附文件是否正是所签文件？"],
];

const LABELS = new Map([
  ["title", ["Proof check", "证明核验"]],
  ["offline", ["Nothing leaves this page: it has no way to reach a network.", "本页无法访问网络，文件不会离开您的电脑。"]],
  ["choose", ["Choose the files, or drop them anywhere on this page.", "请选择文件，或将文件拖到本页任意位置。"]],
  ["bundle", ["Proof bundle", "证明文件"]],
  ["bundleHint", ["*.lingtan.json, from the bank or the centre", "*.lingtan.json，由银行或运营中心提供"]],
  ["policy", ["Policy", "信任策略"]],
  ["policyHint", ["*.policy.json, handed to you by a channel that you trust", "*.policy.json，经您信任的渠道取得"]],
  ["policyKey", ["Fingerprint of the policy's signer", "策略签署人的指纹"]],
  ["policyKeyHint", ["64 hex digits, handed over separately; several with commas", "64 位十六进制，另行取得；多个以逗号分隔"]],
  ["policyKeyWrong", ["not a key or fingerprint of 64 hex digits", "不是 64 位十六进制的公钥或指纹"]],
  ["more", ["More: consistency proofs, another clock", "更多：一致性证明、其他时钟"]],
  ["consistency", ["Consistency proofs", "一致性证明"]],
  ["consistencyHint", ["only where a check asks for them", "仅当检查提示需要时"]],
  ["clock", ["Check as of (UTC)", "核验时点（UTC）"]],
  ["clockHint", ["empty: now. YYYY-MM-DDTHH:MM:SSZ", "留空即当前时间。YYYY-MM-DDTHH:MM:SSZ"]],
  ["clockWrong", ["not an instant YYYY-MM-DDTHH:MM:SSZ", "不是 YYYY-MM-DDTHH:MM:SSZ 格式的时点"]],
  ["none", ["no file chosen", "未选择文件"]],
  ["unknownFile", ["is neither a bundle, nor a policy, nor consistency proofs", "既不是证明文件，也不是策略或一致性证明"]],
  ["print", ["Print", "打印"]],
  ["checking", ["Checking …", "正在核验……"]],
  ["level", ["Level", "级别"]],
  ["institution", ["Institution", "机构"]],
  ["period", ["Period", "期间"]],
  ["revision", ["Revision", "版本"]],
  ["kind", ["Kind", "类型"]],
  ["kind.statement", ["statement", "报表"]],
  ["kind.leaf", ["record", "单条记录"]],
  ["kind.claim", ["claim", "声明"]],
  ["asOf", ["Checked as of", "核验时点"]],
  ["exit", ["exit code", "退出码"]],
  ["checks", ["Checks", "检查"]],
  ["group.trust", ["Trust", "信任"]],
  ["group.claim", ["Claim and certificate", "声明与证书"]],
  ["of", ["of", "/"]],
  ["passed", ["passed", "通过"]],
  ["means", ["Means", "含义"]],
  ["next", ["Next", "下一步"]],
  ["expected", ["Expected", "应为"]],
  ["found", ["Found", "实为"]],
  ["detail", ["Detail", "细节"]],
  ["totals", ["Committed totals", "承诺合计"]],
  ["leaves", ["leaves", "个叶子"]],
  ["records", ["Records shown", "所示记录"]],
  ["recomputation", ["Recomputation", "重算"]],
  ["notRecomputed", ["NOT RECOMPUTED", "未重算"]],
  ["notHere", ["not recomputed in this page; lingtan-verify bundle does it", "本页不重算；请使用 lingtan-verify bundle"]],
  ["identity", ["Identifiers and fingerprints", "标识与指纹"]],
  ["bundleId", ["Bundle id (SHA-256)", "证明文件标识（SHA-256）"]],
  ["policyId", ["Policy, version", "策略，版本"]],
  ["signers", ["Policy signed by (fingerprint)", "策略签署人（指纹）"]],
  ["root", ["R of", "承诺根 R："]],
  ["signer", ["Signed by", "签署人"]],
  ["block", ["Anchored in block", "锚定区块"]],
  ["checkpoint", ["Checkpoint", "检查点"]],
  ["arithmetic", ["Arithmetic", "运算"]],
  ["agrees", ["the browser's WebCrypto gives the same hashes and signatures", "浏览器 WebCrypto 给出相同的散列与签名结果"]],
  ["partly", ["the browser's WebCrypto gives the same hashes; it has no Ed25519 of its own", "浏览器 WebCrypto 给出相同的散列；其自身不支持 Ed25519"]],
  ["unasked", ["this browser offers no WebCrypto to a page like this; the page's own arithmetic alone was used", "此浏览器未向本页提供 WebCrypto；仅使用本页自身运算"]],
  ["disagrees", ["The browser's WebCrypto and this page give different answers. Trust neither; report it.", "浏览器 WebCrypto 与本页结果不同。请勿采信任何一方，并上报。"]],
  ["fault", ["A fault of this page; please report it.", "本页出现故障，请上报。"]],
  ["unreadable", ["This file cannot be read", "无法读取该文件"]],
]);

// The four measures of each dataset: name in English and Chinese, unit.
const SCOPES = [["Scope 1", "范围一", "g CO2e"], ["Scope 2, location-based", "范围二（基于位置）", "g CO2e"], ["Scope 2, market-based", "范围二（基于市场）", "g CO2e"], ["Scope 3", "范围三", "g CO2e"]];
const FINANCED = [["Exposure", "敞口", "CNY 0.01"], ["Scope 1+2 attributed", "归因的范围一与二", "g CO2e"], ["Scope 3 attributed", "归因的范围三", "g CO2e"], ["Exposure × score", "敞口 × 质量评分", "CNY 0.01"]];
const MEASURES = new Map([
  ["OPERATIONAL", SCOPES],
  ["METERS", [["Electricity", "电量", "mWh"], ["Measured slots", "实测时段", ""], ["Estimated and manual slots", "估计与人工时段", ""], ["Missing slots", "缺失时段", ""]]],
  ["FINANCED_PCAF", FINANCED],
  ["FINANCED_PBOC", FINANCED],
  ["REDUCTIONS", [["Avoided", "减排量", "g CO2e"], ["Saved", "节约电量", "Wh"], ["Own PV used", "光伏自用", "Wh"], ["PV exported", "光伏上网", "Wh"]]],
]);

export const LANGUAGES = ["en", "zh"];

function at(language) {
  return LANGUAGES.indexOf(language);
}

export function label(name, language) {
  return LABELS.get(name)[at(language)];
}

// Return {word, sign} of an outcome of a check.
export function outcomeWords(outcome, language) {
  const words = OUTCOMES.get(outcome);
  return { word: words[at(language)], sign: words[2] };
}

// Return {word, sentence} of the whole.
export function verdictWords(verdict, language) {
  const words = VERDICTS.get(verdict);
  return { word: words[at(language)], sentence: words[2 + at(language)] };
}

export function levelWords(level, language) {
  return LEVELS.get(level)[at(language)];
}

export function questionOf(id, language) {
  const found = QUESTIONS.find(([name]) => id.startsWith(name));
  return found ? found[1 + at(language)] : id;
}

// Return where a check stands among the others.
export function placeOf(id) {
  return QUESTIONS.findIndex(([name]) => id.startsWith(name));
}

export function measuresOf(dataset, language) {
  const found = MEASURES.get(dataset) ?? [1, 2, 3, 4].map((number) => [String(number), String(number), ""]);
  return found.map((words) => ({ name: words[at(language)], unit: words[2] }));
}

// Return {means, next} of an answer other than PASS; what a sentence names in braces comes from the answer's facts.
export function explain({ id, outcome, code, facts }, language) {
  const key = outcome === "MALFORMED" ? "MALFORMED" : code;
  const words = WORDS.get(key) ?? [...WORDS].find(([name]) => id.startsWith(name))?.[1] ?? WORDS.get("other");
  const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? `<${name}>`);
  const element = facts.element === undefined ? "" : ` (${facts.element})`;
  return { means: fill(words[at(language)]) + element, next: fill(words[2 + at(language)]) };
}
