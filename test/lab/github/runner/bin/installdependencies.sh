#!/bin/bash
# In the place of actions/runner's script of this name: the tests' runner needs nothing but node.
((EUID == 0)) || {
  echo "Must run as root" >&2
  exit 1
}
