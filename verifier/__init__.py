"""Verify evidence packages, line proofs and meter files offline: the second implementation of the written specification.

Nothing here imports the product. Reading order: `json_strict`, `shapes`, `documents`; `keccak`, `secp256k1`, `ed25519`, `rlp`, `mpt`,
`eip712`; `rfc9162`, `checkpoint`, `sum_tree`, `commitment`; `meter`, `library`, `operational_1`, `divergence`, `findings`; `package`,
`policy`, `chain_evidence`, `qbft`; `checks`, `required`, `check_policy`, `check_inputs`, `check_lines`, `check_findings`,
`check_commitment`, `check_anchor`; `verify_package`, `verify_line`, `log_proofs`; `sampling`, `keyfile`, `verdict`; `wordings`,
`messages`, `report`, `__main__`.
"""

NAME = "lingtan-verify"
VERSION = "0.1.0"
