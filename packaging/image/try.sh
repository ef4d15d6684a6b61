#!/bin/sh
# Builds the image on a bare root without asking a registry, and in it connects the service to simulated systems. Needs
# root, buildah and mmdebstrap; the bare root is kept below build/ for the next time.
set -eu
cd "$(dirname "$0")/../.."
for tool in buildah mmdebstrap; do
    command -v "$tool" > /dev/null || { echo "$tool is missing: apt-get install buildah mmdebstrap"; exit 1; }
done
bare=$PWD/build/bare-root.tar
[ -e "$bare" ] || mmdebstrap --quiet --variant=minbase --include=python3,ca-certificates "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$bare"

own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
# What is built here is gone afterwards.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/images"\nrunroot = "%s/run"\n' "$own" "$own" > "$own/storage.conf"
export CONTAINERS_STORAGE_CONF="$own/storage.conf" BUILDAH_ISOLATION=chroot BUILDER=buildah

bare_one=$(buildah from scratch)
buildah add --quiet "$bare_one" "$bare" / > /dev/null
buildah commit --quiet "$bare_one" localhost/bare > /dev/null
image=$(BASE=localhost/bare packaging/image/build.sh | tail -1)

mkdir "$own/secrets"
printf 'of this trial alone' > "$own/secrets/dyntui.passphrase"
cp packaging/image/in_container.sh "$own/secrets/"
chmod 755 "$own" "$own/secrets" && chmod 644 "$own/secrets"/*
there=$(buildah from "localhost/$image")
buildah run --volume "$own/secrets:/run/secrets:ro" "$there" -- sh /run/secrets/in_container.sh
