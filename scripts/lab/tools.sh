#!/usr/bin/env bash
# Programs that tests and checks start: act, actionlint, buildx and BuildKit from their Go modules,
# zizmor and moto from PyPI. Each is made once by version. tools.sh install|env; `env` prints where
# they are.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ACT=v0.2.89
ACTIONLINT=v1.7.12
BUILDX=v0.30.0
BUILDKIT=v0.26.0
ZIZMOR=1.32.0
MOTO=5.2.5
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

# module_tool PROGRAM MODULE VERSION PACKAGE: where replace directives forbid `go install`.
# The module cache is read-only, so from a copy. A subshell, for the trap.
module_tool() (
  folder="$TOOLS/$1-$3"
  [[ ! -x "$folder/$1" ]] || return 0
  say "building $1 $3, once"
  source="$(mktemp -d "$LAB/$1.XXXXXX")"
  trap 'rm -rf "$source"' EXIT
  module="$(cd / && go mod download -json "$2@$3" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')"
  cp -r "$module/." "$source"
  chmod -R u+w "$source"
  mkdir -p "$folder"
  (cd "$source" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X $2/version.Version=$3" \
    -o "$folder/$1.new" "./$4") 2>"$LAB/log/$1.log" || {
    tail -20 "$LAB/log/$1.log" >&2
    return 1
  }
  mv "$folder/$1.new" "$folder/$1"
)

# python_tool NAME VERSION REQUIREMENT
python_tool() {
  local folder="$TOOLS/$1-$2"
  [[ ! -f "$folder/complete" ]] || return 0
  say "installing $1 $2, once"
  rm -rf "$folder"
  {
    python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "$3==$2"
  } >"$LAB/log/$1.log" 2>&1 || {
    tail -20 "$LAB/log/$1.log" >&2
    return 1
  }
  touch "$folder/complete"
}

case "${1:-}" in
  install)
    go_tool act github.com/nektos/act "$ACT" || exit 1
    go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT" || exit 1
    module_tool docker-buildx github.com/docker/buildx "$BUILDX" cmd/buildx || exit 1
    module_tool buildkitd github.com/moby/buildkit "$BUILDKIT" cmd/buildkitd || exit 1
    python_tool zizmor "$ZIZMOR" zizmor || exit 1
    python_tool moto "$MOTO" 'moto[ec2,server]' || exit 1
    ;;
  env)
    cat <<ENV
SIM_LAB_ACT=$TOOLS/act-$ACT/act
SIM_LAB_ACTIONLINT=$TOOLS/actionlint-$ACTIONLINT/actionlint
SIM_LAB_BUILDX=$TOOLS/docker-buildx-$BUILDX/docker-buildx
SIM_LAB_BUILDKITD=$TOOLS/buildkitd-$BUILDKIT/buildkitd
SIM_LAB_ZIZMOR=$TOOLS/zizmor-$ZIZMOR/bin/zizmor
SIM_LAB_MOTO=$TOOLS/moto-$MOTO/bin/moto_server
ENV
    ;;
  *)
    echo "usage: tools.sh install|env" >&2
    exit 2
    ;;
esac
