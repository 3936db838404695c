"""The only room that knows web3 and the EVM: engines, contracts, transactions, proofs."""
