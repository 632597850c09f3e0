#!/usr/bin/env bash
# A CA, a server's and a client's certificate for the daemon behind TLS; the client's are named as
# DOCKER_CERT_PATH wants them: ca.pem, cert.pem, key.pem.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

certs="$LAB/tls/certs"
if openssl x509 -checkend 86400 -noout -in "$certs/server-cert.pem" >/dev/null 2>&1; then exit 0; fi

rm -rf "$certs"
mkdir -p "$certs"
cd "$certs"

# sign NAME SUBJECT EXTENSIONS: NAME-key.pem and NAME-cert.pem.
sign() {
  openssl req -newkey rsa:2048 -nodes -keyout "$1-key.pem" -subj "/CN=$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365 \
    -extfile <(printf '%s\n' "$3") -out "$1-cert.pem"
  rm "$1.csr"
}
{
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -subj "/CN=sim-lab CA" -days 365 \
    -out ca.pem
  sign client "sim-lab client" "extendedKeyUsage=clientAuth"
  # The server's last: it is what the check above takes for the whole set.
  sign server localhost $'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'
} 2>"$LAB/log/openssl.log"
mv client-cert.pem cert.pem
mv client-key.pem key.pem
say "made certificates in $certs"
