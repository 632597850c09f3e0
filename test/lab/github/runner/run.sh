#!/bin/bash
# In the place of actions/runner's script of this name, which starts the listener.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
exec node bin/listener.mjs run "$@"
