"""Yixintong SMS (vendor document 003): send, receipts by poll, replies by poll with a confirm."""
