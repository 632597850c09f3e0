#!/usr/bin/env bash
# Programs that tests and checks start: act, actionlint and buildx from their Go modules, zizmor from
# PyPI. Each is made once by version. tools.sh install|env; `env` prints where they are.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ACT=v0.2.89
ACTIONLINT=v1.7.12
BUILDX=v0.30.0
ZIZMOR=1.32.0
TOOLS="$LAB/tools"

# go_tool PROGRAM PACKAGE VERSION
go_tool() {
  local folder="$TOOLS/$1-$3"
  [[ ! -x "$folder/$1" ]] || return 0
  say "building $1 $3, once"
  GOBIN="$folder" go install "$2@$3" 2>"$LAB/log/$1.log" || {
    tail -20 "$LAB/log/$1.log" >&2
    return 1
  }
}

# Its replace directives forbid `go install`, and the module cache is read-only. A subshell, for the
# trap.
buildx() (
  folder="$TOOLS/buildx-$BUILDX"
  [[ ! -x "$folder/docker-buildx" ]] || return 0
  say "building buildx $BUILDX, once"
  source="$(mktemp -d "$LAB/buildx.XXXXXX")"
  trap 'rm -rf "$source"' EXIT
  version="github.com/docker/buildx/version"
  module="$(cd / && go mod download -json "github.com/docker/buildx@$BUILDX" |
    sed -n 's/.*"Dir": "\(.*\)".*/\1/p')"
  cp -r "$module/." "$source"
  chmod -R u+w "$source"
  mkdir -p "$folder"
  (cd "$source" && go build -trimpath -ldflags "-s -w -X $version.Version=$BUILDX" \
    -o "$folder/docker-buildx.new" ./cmd/buildx) 2>"$LAB/log/buildx.log" || {
    tail -20 "$LAB/log/buildx.log" >&2
    return 1
  }
  mv "$folder/docker-buildx.new" "$folder/docker-buildx"
)

zizmor() {
  local folder="$TOOLS/zizmor-$ZIZMOR"
  [[ ! -f "$folder/complete" ]] || return 0
  say "installing zizmor $ZIZMOR, once"
  rm -rf "$folder"
  {
    python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "zizmor==$ZIZMOR"
  } >"$LAB/log/zizmor.log" 2>&1 || {
    tail -20 "$LAB/log/zizmor.log" >&2
    return 1
  }
  touch "$folder/complete"
}

case "${1:-}" in
  install)
    go_tool act github.com/nektos/act "$ACT" || exit 1
    go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT" || exit 1
    buildx || exit 1
    zizmor || exit 1
    ;;
  env)
    cat <<ENV
SIM_LAB_ACT=$TOOLS/act-$ACT/act
SIM_LAB_ACTIONLINT=$TOOLS/actionlint-$ACTIONLINT/actionlint
SIM_LAB_BUILDX=$TOOLS/buildx-$BUILDX/docker-buildx
SIM_LAB_ZIZMOR=$TOOLS/zizmor-$ZIZMOR/bin/zizmor
ENV
    ;;
  *)
    echo "usage: tools.sh install|env" >&2
    exit 2
    ;;
esac
