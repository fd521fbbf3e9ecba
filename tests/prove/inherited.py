"""Settings of a process that shall see the databases and caches of the one that starts it; see ``apart``."""

import json
import os

from tests.settings import *  # noqa: F403 (all that is not said here)

globals().update(json.loads(os.environ["STATESTORE_INHERITED"]))
