# What a type checker sees here; at run time each name is looked up when it is asked for.

from statestore.api.policy import OwnScopes as OwnScopes
from statestore.api.policy import Policy as Policy
from statestore.api.policy import ReadOnly as ReadOnly
from statestore.backends.base import StateStore as StateStore
from statestore.backends.cache import CacheStore as CacheStore
from statestore.backends.layered import LayeredStore as LayeredStore
from statestore.backends.memory import MemoryStore as MemoryStore
from statestore.backends.model import ModelStore as ModelStore
from statestore.context import ContextMixin as ContextMixin
from statestore.context import StateContext as StateContext
from statestore.context import get_context as get_context
from statestore.context import with_context as with_context
from statestore.entries import ABSENT as ABSENT
from statestore.entries import CleanReport as CleanReport
from statestore.entries import Entry as Entry
from statestore.entries import Health as Health
from statestore.entries import ScopeInfo as ScopeInfo
from statestore.exceptions import CorruptState as CorruptState
from statestore.exceptions import InvalidKey as InvalidKey
from statestore.exceptions import InvalidScope as InvalidScope
from statestore.exceptions import InvalidValue as InvalidValue
from statestore.exceptions import OperationDisabled as OperationDisabled
from statestore.exceptions import SchemaViolation as SchemaViolation
from statestore.exceptions import ScopeUnavailable as ScopeUnavailable
from statestore.exceptions import StateStoreError as StateStoreError
from statestore.exceptions import StoreClosed as StoreClosed
from statestore.exceptions import StoreError as StoreError
from statestore.exceptions import StoreTimeout as StoreTimeout
from statestore.exceptions import StoreUnavailable as StoreUnavailable
from statestore.exceptions import TooManyKeys as TooManyKeys
from statestore.exceptions import UnknownStore as UnknownStore
from statestore.exceptions import UsageError as UsageError
from statestore.exceptions import ValueTooLarge as ValueTooLarge
from statestore.exceptions import VersionConflict as VersionConflict
from statestore.handler import store as store
from statestore.handler import stores as stores
from statestore.middleware import StateMiddleware as StateMiddleware
from statestore.scope import Scope as Scope
from statestore.signals import entry_changed as entry_changed
from statestore.signals import entry_removed as entry_removed
from statestore.signals import scope_deleted as scope_deleted
from statestore.state import State as State
from statestore.typed import Key as Key

__version__: str
