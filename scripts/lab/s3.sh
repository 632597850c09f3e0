#!/usr/bin/env bash
# An S3 server on loopback: versitygw, built from its Go module, over a folder of the lab.
# s3.sh start|stop|env; `env` prints the variables by which tests find it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VERSION=v1.8.0
PROGRAM="$LAB/versitygw-$VERSION/versitygw"
S3=127.0.0.1:7070
ACCESS_KEY=sim-lab

# Without a signature it refuses, which is an answer.
answers() { [[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$S3/")" =~ ^(200|403)$ ]]; }

start() {
  mkdir -p "$LAB"/s3-{objects,metadata}
  # A secret of its own for each lab, so that none is written in the repository.
  [[ -s "$LAB/s3-secret" ]] || openssl rand -hex 20 >"$LAB/s3-secret"
  [[ -x "$PROGRAM" ]] || {
    say "building versitygw $VERSION, once"
    GOBIN="$(dirname "$PROGRAM")" go install "github.com/versity/versitygw/cmd/versitygw@$VERSION"
  }
  # Metadata in a folder beside it: not every file system has extended attributes.
  alive s3 || ROOT_ACCESS_KEY="$ACCESS_KEY" ROOT_SECRET_KEY="$(cat "$LAB/s3-secret")" \
    launch s3 versitygw "$PROGRAM" --quiet --port "$S3" \
    posix --sidecar "$LAB/s3-metadata" "$LAB/s3-objects"
  wait_until 20 answers || {
    tail -5 "$LAB/log/s3.log" >&2
    say "versitygw does not answer on $S3"
    exit 1
  }
  say "the S3 server answers on $S3"
}

print_env() {
  cat <<ENV
SIM_LAB_S3=http://$S3
SIM_LAB_S3_ACCESS_KEY=$ACCESS_KEY
SIM_LAB_S3_SECRET_KEY=$(cat "$LAB/s3-secret")
ENV
}

case "${1:-}" in
  start) start ;;
  stop) halt s3 ;;
  env) print_env ;;
  *)
    echo "usage: s3.sh start|stop|env" >&2
    exit 2
    ;;
esac
