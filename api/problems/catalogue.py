"""Every kind of problem that the API answers with: status, title, cause and remedy, in English and Chinese.

The one source of the `type` pages, of the titles in answers and of the list in docs/api.md. A kind's code never changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.language import Language


@dataclass(frozen=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    def get(self, language: Language) -> str:
        """Return the sentence in this language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem. `retryable`: the same request, sent again unchanged, may succeed."""

    code: str
    status: int
    title: Text
    cause: Text
    remedy: Text
    retryable: bool = False


KINDS: tuple[ProblemKind, ...] = (
    ProblemKind(
        "input.malformed",
        400,
        Text("The body cannot be read", "请求体无法解析"),
        Text(
            "The body is not the strict JSON that the ledger hashes: UTF-8 without BOM, no duplicate keys, no NaN, no fractions.",
            "请求体不是账本所要求的严格 JSON：须为不带 BOM 的 UTF-8，无重复键、无 NaN、无小数。",
        ),
        Text("Correct the document at the place named and send it again.", "按所指位置修改文档后重新提交。"),
    ),
    ProblemKind(
        "input.invalid",
        422,
        Text("The request does not pass validation", "请求未通过校验"),
        Text(
            "The request can be read, but fields are missing, unknown, of the wrong form, or contradict each other.",
            "请求可以解析，但字段缺失、多余、格式不符或互相矛盾。",
        ),
        Text("Correct every place listed in errors and send the request again.", "逐项修改 errors 中列出的位置后重新提交。"),
    ),
    ProblemKind(
        "enrolment.refused",
        403,
        Text("The enrolment is refused", "设备注册未被接受"),
        Text(
            "The code is unknown, used or expired, the proof is not made with it and this key, or the key was enrolled before; "
            "which of these is not said.",
            "注册码不存在、已使用或已过期，或者证明与注册码、公钥不符，或者该公钥曾经注册过；具体原因不予说明。",
        ),
        Text("Ask the bank for a new code, make a new key, and enrol again.", "请向银行索取新的注册码，生成新的密钥后重新注册。"),
    ),
    ProblemKind(
        "signature.refused",
        422,
        Text("The signature is refused", "签名未被接受"),
        Text(
            "The signature does not recover a key that is in force for this institution and role, or it signs another message.",
            "签名恢复出的密钥对该机构和角色无效，或所签内容不是本消息。",
        ),
        Text(
            "Fetch the signing request again, sign exactly its message with a key that is in force, and send both.",
            "重新获取待签内容，用有效密钥对其原样签名后再提交。",
        ),
    ),
    ProblemKind(
        "idempotency.key_missing",
        400,
        Text("Idempotency-Key is missing", "缺少 Idempotency-Key"),
        Text(
            "Every POST that creates something carries an Idempotency-Key header.",
            "每个创建资源的 POST 请求都须带 Idempotency-Key 请求头。",
        ),
        Text(
            "Send a new random key of 8 to 128 visible characters, and the same key again when you repeat the request.",
            "使用 8 至 128 个可见字符的随机键；重试同一请求时使用同一个键。",
        ),
    ),
    ProblemKind(
        "idempotency.key_reused",
        422,
        Text("Idempotency-Key was used for another request", "Idempotency-Key 已用于其他请求"),
        Text("This key was sent before with another method, path or body.", "该键此前已用于不同的方法、路径或请求体。"),
        Text(
            "Send a new key with a new request; keep a key only for repeating the same bytes.",
            "新请求请使用新键；只有重发相同内容时才沿用原键。",
        ),
    ),
    ProblemKind(
        "idempotency.in_progress",
        409,
        Text("The first request with this key is still running", "使用该键的首个请求仍在处理"),
        Text("Another request with the same Idempotency-Key has not finished yet.", "相同 Idempotency-Key 的另一个请求尚未完成。"),
        Text("Wait for Retry-After and send the same request again.", "按 Retry-After 等待后重发同一请求。"),
        retryable=True,
    ),
    ProblemKind(
        "cursor.invalid",
        400,
        Text("The cursor is not one of ours", "游标无效"),
        Text("The cursor was changed, or belongs to another list.", "游标被改动，或属于其他列表。"),
        Text(
            "Take the cursor from next_cursor of the page before, or start without one.",
            "请使用上一页返回的 next_cursor，或不带游标重新开始。",
        ),
    ),
    ProblemKind(
        "digest.missing",
        400,
        Text("Content-Digest is missing", "缺少 Content-Digest"),
        Text("This upload must carry the SHA-256 of its body (RFC 9530).", "此上传须附带请求体的 SHA-256（RFC 9530）。"),
        Text("Add the header Content-Digest: sha-256=:<base64>:.", "请添加请求头 Content-Digest: sha-256=:<base64>:。"),
    ),
    ProblemKind(
        "digest.mismatch",
        400,
        Text("The body does not have the digest that was sent", "请求体与所附摘要不符"),
        Text(
            "The bytes that arrived have another SHA-256 than Content-Digest says, or the header cannot be read.",
            "收到的内容与 Content-Digest 不一致，或该请求头无法解析。",
        ),
        Text(
            "Compute the digest over the bytes as they are sent, after any compression, and send both again.",
            "请对实际发送的字节计算摘要后重新上传。",
        ),
        retryable=True,
    ),
    ProblemKind(
        "credentials.missing",
        401,
        Text("An access token is needed", "需要访问令牌"),
        Text("The request carries no Authorization: Bearer header.", "请求未带 Authorization: Bearer 请求头。"),
        Text(
            "Ask the operator for a token and send it as Authorization: Bearer <token>.",
            "请向运营方申请令牌，并以 Authorization: Bearer <token> 发送。",
        ),
    ),
    ProblemKind(
        "credentials.refused",
        401,
        Text("The access token is refused", "访问令牌无效"),
        Text("The token is unknown, expired or revoked.", "令牌不存在、已过期或已吊销。"),
        Text("Ask the operator for a new token.", "请向运营方申请新的令牌。"),
    ),
    ProblemKind(
        "forbidden",
        403,
        Text("Your role may not do this", "您的角色无权执行此操作"),
        Text(
            "The token is known, but its roles do not include one that this operation needs, or the two-person rule forbids it.",
            "令牌有效，但其角色不含本操作所需角色，或违反双人复核规则。",
        ),
        Text(
            "Use the token of a person with the right role; nobody approves their own work.",
            "请使用具有相应角色的人员的令牌；任何人不得复核自己的工作。",
        ),
    ),
    ProblemKind(
        "not_found",
        404,
        Text("No such thing", "资源不存在"),
        Text(
            "It does not exist, or it belongs to an institution that this token does not see.", "该资源不存在，或属于此令牌无权查看的机构。"
        ),
        Text("Check the id and the institution of your token (GET /v1/me).", "请核对标识以及令牌所属机构（GET /v1/me）。"),
    ),
    ProblemKind(
        "method_not_allowed",
        405,
        Text("This method is not allowed here", "不支持该方法"),
        Text("The path exists, but not with this method.", "路径存在，但不支持该 HTTP 方法。"),
        Text("Use a method named in the Allow header.", "请使用 Allow 响应头中列出的方法。"),
    ),
    ProblemKind(
        "conflict",
        409,
        Text("It contradicts what is recorded", "与已有记录冲突"),
        Text(
            "The thing exists already with other content, or its state does not allow this step. Nothing recorded is ever overwritten.",
            "该资源已以不同内容存在，或其状态不允许此操作。已记录的内容不会被覆盖。",
        ),
        Text("Read the present state, and make a new version or revision.", "请先读取当前状态，再提交新版本或更正版本。"),
    ),
    ProblemKind(
        "body.too_large",
        413,
        Text("The body is too large", "请求体过大"),
        Text("The body is larger than this operation takes.", "请求体超过本操作允许的大小。"),
        Text("Split the upload; the limits stand in the API guide.", "请拆分后上传；大小限制见接口说明。"),
    ),
    ProblemKind(
        "media_type.unsupported",
        415,
        Text("This content type is not taken here", "不支持该内容类型"),
        Text(
            "Content-Type is missing, is not one that this operation takes, or the body is compressed.",
            "缺少 Content-Type、类型不受支持，或请求体经过压缩。",
        ),
        Text(
            "Send the content type named in the OpenAPI document, uncompressed, in UTF-8.",
            "请按 OpenAPI 文档所列类型，以未压缩的 UTF-8 发送。",
        ),
    ),
    ProblemKind(
        "telemetry.refused",
        422,
        Text("The readings are refused", "读数未被接受"),
        Text(
            "The body can be authentic, but its form or its readings cannot be taken: findings names every place.",
            "报文形式或读数不符合要求：findings 列出全部位置。",
        ),
        Text(
            "Correct what the findings name at the device and send a new body; nothing of this one is kept.",
            "按发现项在设备端更正后发送新报文；本报文未保留。",
        ),
    ),
    ProblemKind(
        "telemetry.equivocation",
        409,
        Text("Another body of this device, boot and seq was taken", "该设备、启动号和序号已有另一报文"),
        Text(
            "The device signed two different bodies under one number. The first one stands; the second is kept as an alarm.",
            "设备以同一序号签署了两个不同报文。先到者有效，后者作为告警留存。",
        ),
        Text(
            "Find out at the device which one is right; send what is missing under the next number.",
            "在设备端查明原因；缺失内容用下一序号发送。",
        ),
    ),
    ProblemKind(
        "device_key.refused",
        401,
        Text("The device's signature is refused", "设备签名未被接受"),
        Text(
            "The key is not enrolled for this institution, or the signature is not the key's over these bytes.",
            "密钥未在本机构登记，或签名与报文不符。",
        ),
        Text("Enrol the device's key, and send exactly the bytes that were signed.", "先登记设备密钥，并原样发送已签名的字节。"),
    ),
    ProblemKind(
        "device_key.revoked",
        403,
        Text("The device's key is revoked", "设备密钥已撤销"),
        Text(
            "The key may sign up to the cut-over that its revocation names; this body comes after it.",
            "该密钥只可签署至撤销时指定的序号，本报文在其后。",
        ),
        Text("Enrol another key and sign with it.", "登记新密钥后重新签名发送。"),
    ),
    ProblemKind(
        "rate.exceeded",
        429,
        Text("Too many requests", "请求过于频繁"),
        Text("The token has used its requests of this window.", "该令牌已用完本时间窗口内的请求次数。"),
        Text("Wait for Retry-After seconds.", "请等待 Retry-After 指明的秒数后再试。"),
        retryable=True,
    ),
    ProblemKind(
        "request.refused",
        400,
        Text("The request is refused", "请求被拒绝"),
        Text("The request does not keep to HTTP as this server speaks it.", "请求不符合本服务器所支持的 HTTP 规则。"),
        Text("Compare the request with the OpenAPI document.", "请对照 OpenAPI 文档检查请求。"),
    ),
    ProblemKind(
        "integrity.broken",
        500,
        Text("Stored data contradicts its commitment", "存储数据与其承诺值不符"),
        Text(
            "The server found a record that does not have the hash it was recorded with, and stopped.",
            "服务器发现某条记录与登记时的哈希不符，已停止处理。",
        ),
        Text("Tell the operator the trace_id; do not repeat the request.", "请将 trace_id 告知运营方，不要重复请求。"),
    ),
    ProblemKind(
        "server.failed",
        500,
        Text("The server failed", "服务器内部错误"),
        Text("Something went wrong on our side. Nothing of this request was recorded.", "服务器发生故障，本次请求未产生任何记录。"),
        Text(
            "Repeat the request with the same Idempotency-Key; if it fails again, tell the operator the trace_id.",
            "请使用同一 Idempotency-Key 重试；若仍失败，请将 trace_id 告知运营方。",
        ),
        retryable=True,
    ),
    ProblemKind(
        "chain.unavailable",
        503,
        Text("The chain does not answer", "区块链节点无响应"),
        Text("The ledger's node cannot be reached, or its answer did not come in time.", "账本节点无法连接，或未在时限内响应。"),
        Text(
            "Wait for Retry-After and repeat the request; what was accepted before stays queued.",
            "按 Retry-After 等待后重试；此前已受理的内容仍在排队。",
        ),
        retryable=True,
    ),
    ProblemKind(
        "server.busy",
        503,
        Text("The ledger is busy", "账本繁忙"),
        Text("Another writer holds the database longer than a request waits.", "另一写入操作占用数据库的时间超过了请求的等待时限。"),
        Text("Wait for Retry-After and send the same request again.", "按 Retry-After 等待后重发同一请求。"),
        retryable=True,
    ),
    ProblemKind(
        "server.not_ready",
        503,
        Text("The server is not ready", "服务器尚未就绪"),
        Text(
            "The database is not at the version of this program, or the chain does not answer.",
            "数据库版本与程序不符，或区块链节点无响应。",
        ),
        Text(
            "The operator runs lingtan doctor, then lingtan migrate where it says so.",
            "请运营方运行 lingtan doctor，并按提示运行 lingtan migrate。",
        ),
        retryable=True,
    ),
)

_BY_CODE = {kind.code: kind for kind in KINDS}


def get_kind(code: str) -> ProblemKind:
    """Return the kind with this code.

    Raises:
        KeyError: there is none: a mistake in our own tables.
    """
    return _BY_CODE[code]


def find_kind(code: str) -> ProblemKind | None:
    """Return the kind with this code, or None."""
    return _BY_CODE.get(code)
