#!/usr/bin/env python3
"""Reference values for src/card/fingerprint.rs: ids of revisions and runs with Python's UUIDv5."""
import uuid

NAMESPACE = uuid.UUID("48176363-625e-4860-8f4e-15de06b73ee0")
print("scorecard", uuid.uuid5(NAMESPACE, "gmc%7C7012345|A81001|2026-10|1"))
print("run", uuid.uuid5(NAMESPACE, "run|1793761200000"))
