"""State that another system kept, brought over into a store: what ``import_nodered`` and ``import_purista`` do."""
