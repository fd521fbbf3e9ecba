"""Signals, sent after a write is final. The sender is the store's class.

All carry ``store`` (the store), ``alias`` and ``scope``. A receiver that fails is logged and breaks nothing.
"""

from django.dispatch import Signal

entry_changed = Signal()
"""One entry was written: ``key``, ``version``."""
entry_removed = Signal()
"""One entry was removed: ``key``."""
scope_deleted = Signal()
"""A scope was deleted or cleaned away: ``entries``, their number."""
