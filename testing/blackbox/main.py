# SPDX-License-Identifier: LGPL-2.1-or-later
"""main.py OBOLCTL SOCKET [CLAIM...] - runs the claims of both roles."""

import sys

import fragment_rules  # noqa: F401
import initiator_rules  # noqa: F401  its claims register themselves
import responder_rules  # noqa: F401
import tester

sys.exit(tester.run(tester.Wire(), tester.Daemon(sys.argv[1], sys.argv[2]), sys.argv[3:]))
