#!/usr/bin/env bash
# Azure's blob emulator, installed from npm; tests start it themselves, through the stand-in for
# GitHub (test/lab/github). azurite.sh install|env
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VERSION=3.36.0
FOLDER="$LAB/azurite-$VERSION"
PROGRAM="$FOLDER/node_modules/azurite/dist/src/blob/main.js"

case "${1:-}" in
  install)
    [[ ! -f "$FOLDER/complete" ]] || exit 0
    say "installing azurite $VERSION, once"
    rm -rf "$FOLDER"
    mkdir -p "$FOLDER"
    echo '{"private": true}' >"$FOLDER/package.json"
    (cd "$FOLDER" && npm install --omit=dev --ignore-scripts --no-audit --no-fund \
      "azurite@$VERSION") >"$LAB/log/azurite-install.log" 2>&1 || {
      tail -20 "$LAB/log/azurite-install.log" >&2
      exit 1
    }
    touch "$FOLDER/complete"
    ;;
  env) echo "SIM_LAB_AZURITE=$PROGRAM" ;;
  *)
    echo "usage: azurite.sh install|env" >&2
    exit 2
    ;;
esac
