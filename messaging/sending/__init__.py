"""From a dispatch to the vendor's answer: claim, hand over, record, settle."""
