"""Verify evidence packages, line proofs, opened groups and meter files offline: the second implementation of the written specification.

Nothing here imports the product. Reading order: `json_strict`, `shapes`, `inventory_shapes`, `library_shapes`, `evidence_shapes`,
`financed_shapes`, `document_rules`, `documents`; `keccak`, `secp256k1`, `ed25519`, `rlp`, `mpt`, `eip712`; `rfc9162`, `checkpoint`,
`sum_tree`, `commitment`; `meter`, `library`, `library_reader`, `local_time`, `exact`, `organisation`; `quantities`, `market_based`,
`uncertainty`, `operational_1`, `roll_up`, `divergence`; `finding`, `sub_meters`, `unit_findings`, `declared_totals`, `findings`;
`exposure`, `financed_methods`, `financed_blocks`, `financed_groups`, `reduction`; `package`, `policy`, `chain_evidence`, `qbft`,
`bft_legacy`; `checks`, `required`, `check_policy`, `policy_update`, `check_inputs`, `check_lines`, `check_findings`, `check_commitment`,
`check_anchor`, `check_signed`; `check_financed`, `financed_commitment`, `check_openings`, `check_sample`, `financed_book`;
`verify_package`, `verify_line`, `verify_opening`, `log_proofs`, `verify_envelope`; `sample_shapes`, `verify_sample`, `sample_sources`,
`sample_command`; `bundle_shapes`, `bundle`, `bundle_items`, `check_bundle`, `claim_evidence`, `check_claim`, `recomputation`,
`recompute_bundle`, `verify_bundle`; `sampling`, `keyfile`, `verdict`; `anchor_wordings`, `recompute_wordings`, `bundle_wordings`,
`financed_wordings`, `envelope_wordings`, `sample_wordings`, `wordings`, `chinese`, `messages`,
`meter_wordings`, `report`; `given`, `commands`, `tools`, `command_line`, `__main__`.
"""

NAME = "lingtan-verify"
VERSION = "0.1.0"
