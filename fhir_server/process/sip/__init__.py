"""The samordnad individuell plan (SIP): its small plain-text document, the resources it becomes, and who approves them."""
