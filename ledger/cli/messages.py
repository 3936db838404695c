"""What the commands say, in English and Chinese. Names of things (ids, hashes, codes) are never translated."""

from __future__ import annotations

from typing import Literal

from ledger.cli.labels import LABELS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

MESSAGES: tuple[tuple[str, str, str], ...] = (
    ("error", "error", "错误"),
    ("hint", "hint", "提示"),
    (
        "signed_already",
        "statement {id} is signed already and {state}: nothing is signed again",
        "报表 {id} 已签署（{state}），不再重复签署",
    ),
    ("command_missing", "a command is missing", "缺少命令"),
    ("help_hint", "run `{command} --help` to see what it takes", "运行 `{command} --help` 查看用法"),
    ("internal", "the command failed inside: {name}", "命令内部故障：{name}"),
    ("internal_hint", "report the lines above; nothing of your data was changed by this message", "请将以上内容反馈给维护者"),
    ("file_failed", "{file}: {reason}", "{file}：{reason}"),
    ("file_hint", "check the path and its permissions", "请检查路径与权限"),
    ("disk_hint", "make room, or name a file on another disk, and run it again", "请腾出空间或改用其他磁盘上的文件，然后重新运行"),
    ("stopped", "stopped; nothing more was done", "已中断，未执行后续操作"),
    ("findings_refused", "{count} findings of severity error stand against it", "存在 {count} 条错误级发现，未被接受"),
    ("findings_hint", "mend every place in the table and run the command again", "逐项修正表中所列位置后重新运行"),
    ("drill_done", "{tried} of {untried} kinds were tried, {missed} not found", "{untried} 类篡改中演练 {tried} 类，未发现 {missed} 类"),
    ("drift_cycle", "{summary}", "{summary}"),
    ("no_findings", "no findings", "没有发现问题"),
    ("confirm_id", "type {id} to go on", "请输入 {id} 以继续"),
    ("not_confirmed", "the id typed is not {id}: nothing was done", "输入的标识不是 {id}：未执行任何操作"),
    ("passphrase", "passphrase of {file}", "{file} 的口令"),
    ("repeat", "again", "再次输入"),
    ("passphrases_differ", "the two passphrases differ", "两次输入的口令不一致"),
    ("uploading", "uploading {file}", "正在上传 {file}"),
    ("reading", "reading {file}", "正在读取 {file}"),
    ("computing", "computing {file}", "正在计算 {file}"),
    ("writing", "writing {file}", "正在写入 {file}"),
    ("exposure_cny", "exposure, CNY", "敞口（元）"),
    ("waiting", "waiting for the chain", "等待上链"),
    ("secret_once", "the token is shown this once; only its hash is kept", "令牌仅显示这一次；服务器只保存其散列"),
    ("serving", "serving {url} (Ctrl-C ends)", "服务地址 {url}（Ctrl-C 结束）"),
    (
        "not_loopback",
        "{host} is reachable by others and speaks plain HTTP: put a proxy with TLS before it",
        "{host} 可被他人访问且为明文 HTTP：请在前面部署 TLS 代理",
    ),
    ("witnessing", "witnessing at {url} (Ctrl-C ends); vkey {vkey}", "见证服务地址 {url}（Ctrl-C 结束）；公钥行 {vkey}"),
    (
        "witness_key_kept",
        "the key stays in {file}, on the witness's own machine; the operator gets the vkey line",
        "密钥保存在 {file}，应留在见证方自己的机器上；只把公钥行交给运营方",
    ),
    ("relaying", "relaying (Ctrl-C ends)", "正在中继（Ctrl-C 结束）"),
    (
        "signing_explained",
        "you sign, with your bank's own key, one message for every dataset below:",
        "您将用本行自有密钥逐一签署以下数据集：",
    ),
    ("keys_apart", "keys are not in it: keep {folder} apart, under its own lock", "备份不含密钥：请另行妥善保管 {folder}"),
    (
        "keys_needed",
        "no keys were restored: put them into {folder} before `lingtan serve`",
        "未恢复密钥：运行 `lingtan serve` 之前请将其放入 {folder}",
    ),
    ("key_kept", "the key stays in {file}; whoever has it and the passphrase can sign", "密钥保存在 {file}；持有该文件和口令者即可签名"),
    (
        "commitment_kept",
        "keep {file} as you keep the books: without it nobody can open a commitment again",
        "请像保管账册一样保管 {file}：遗失后无法再打开承诺",
    ),
    (
        "sign_again",
        "{datasets}: not on the chain; `lingtan sign {id}` asks for what is missing alone, what is anchored stays",
        "{datasets} 未上链；运行 `lingtan sign {id}` 只会要求补签缺少的部分，已上链的保持不变",
    ),
    (
        "operator_looks",
        "{datasets}: put aside by the relay; the operator settles it (`lingtan outbox list`), nothing is to be signed before",
        "{datasets} 已被中继搁置，由运维人员处理（`lingtan outbox list`），在此之前无需重新签署",
    ),
    (
        "quarantined_explained",
        "QUARANTINED is never sent again by itself: see docs/guides/operator.md, section 4",
        "QUARANTINED 的交易不会自动重发：见 docs/guides/operator.md 第 4 节",
    ),
    ("no_gap", "there is no gap of nonces: nothing was sent", "nonce 没有缺口：未发送任何交易"),
    (
        "gap_closed",
        "the nonce is spent: retire what was quarantined with it; run this again until it says that there is no gap",
        "该 nonce 已用掉：现在可终结（retire）占用它的被搁置交易；请重复运行，直到提示没有缺口",
    ),
    (
        "commitments_so_far",
        "{count} of {required} commitments are on the chain; verdicts are submitted when all are",
        "已有 {count}/{required} 份承诺上链；全部上链后方可提交核验结论",
    ),
    (
        "code_once",
        "give it to whoever sets the device up; it is shown this once and good for one key",
        "请交给安装设备的人员；注册码仅显示这一次，只能注册一个密钥",
    ),
    (
        "device_key_kept",
        "the key stays in {file}, on the device; whoever copies it can sign for the device",
        "密钥保存在设备上的 {file}；任何复制它的人都能以该设备名义签名",
    ),
    (
        "log_unchanged",
        "nothing came into the envelope log since it was signed: nothing is signed",
        "上次签署后报文日志没有新条目，未再签署",
    ),
    ("log_signed", "the envelope log is signed too: {size} entries", "报文日志已一并签署：共 {size} 条"),
    ("anchoring_daily", "signing the envelope log every day at {time} (Ctrl-C ends)", "每天 {time} 签署报文日志（Ctrl-C 结束）"),
    ("anchoring_again", "not signed ({reason}): again in {seconds} s", "未能签署（{reason}）：{seconds} 秒后重试"),
)

EXITS: tuple[tuple[int, str, str], ...] = (
    (0, "done", "完成"),
    (1, "refused by findings, or data that contradict their own commitment", "因发现的问题被拒绝，或数据与其承诺值不符"),
    (2, "the command was given wrongly, or its settings are", "命令或其设置有误"),
    (3, "a file cannot be read as the document it should be", "文件无法按应有的格式读取"),
    (10, "the server, the database or the chain does not answer", "服务器、数据库或链无响应"),
    (11, "the token is refused, or its roles do not allow this", "令牌无效，或其角色无权执行"),
    (12, "the rules of the server or of a contract refuse it", "被服务器或合约的规则拒绝"),
    (13, "it contradicts what is recorded, or the thing is in use", "与已有记录冲突，或正被占用"),
    (14, "too many requests: wait and go on", "请求过于频繁，请稍后再试"),
    (70, "a fault inside", "内部故障"),
    (130, "interrupted", "已中断"),
)

_TEXTS = {key: {"en": en, "zh": zh} for key, en, zh in (*MESSAGES, *LABELS)}


def say(key: str, language: Language, **facts: object) -> str:
    """Return the message `key` with its facts filled in.

    Raises:
        KeyError: no such message: a mistake of ours, found by the tests.
    """
    text = _TEXTS[key][language]
    return text.format(**facts) if facts else text


def label(name: str, language: Language) -> str:
    """Return the label of a field or column; a name without a label of ours stands for itself."""
    found = _TEXTS.get(name)
    return found[language] if found else name


def exit_words(code: int, language: Language) -> str:
    """Return what an exit code means, in words."""
    for number, en, zh in EXITS:
        if number == code:
            return zh if language == "zh" else en
    return str(code)
