#!/bin/sh
# Builds the image dyntui:VERSION (OCI) from the package in dist/, with BUILDER or whichever builder works here. BASE is
# what it is built on: without it, the system that the package was built for.
set -eu
cd "$(dirname "$0")/../.."

package=$(ls dist/dyntui_*_"$(dpkg --print-architecture)".deb)
version=$(dpkg-deb --field "$package" Version)
. /etc/os-release
case $ID in
    debian) base=docker.io/library/debian:$VERSION_CODENAME-slim ;;
    *) base=docker.io/library/$ID:$VERSION_ID ;;
esac

for builder in ${BUILDER:-podman buildah docker}; do
    if "$builder" info > /dev/null 2>&1; then
        # docker makes images in a format of its own unless it is asked to.
        [ "$builder" = docker ] || format="--format oci"
        # shellcheck disable=SC2086
        "$builder" build ${format:-} --build-arg "BASE=${BASE:-$base}" --build-arg "PACKAGE=$package" \
            --tag "dyntui:$version" --file packaging/image/Containerfile .
        echo "dyntui:$version"
        exit
    fi
done
echo "Nothing here builds images: podman and buildah are not there, and no docker whose daemon answers."
echo "No image was made; the package is $package."
echo "Install one (apt-get install buildah), and run make image again."
exit 1
