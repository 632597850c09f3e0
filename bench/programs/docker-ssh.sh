# One point by the docker CLI: run it, fetch its outputs and its log, remove it. $1 is its number.
set -e
name="bench-remote-$$-$1"
docker run --name "$name" --network none "$IMAGE" sh -c "mkdir -p /mnt/data; $SCRIPT" >"out/$1.log"
docker cp "$name:/mnt/data" "out/$1" >/dev/null
docker rm "$name" >/dev/null
