"""Shared plumbing without models: masking, the encrypted field, cheap paging, safe exports. Imports nothing of ours."""
