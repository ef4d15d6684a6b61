#!/bin/sh
# Installs the package in a bare root without network, and goes from there to a green `dyntui doctor`, headless and by hand. Needs root, and mmdebstrap for the root, which is kept below build/ for the next time.
set -eu
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ]; then
    echo "Only root can make a root to install it in: run it with sudo."; exit 1
fi
for tool in mmdebstrap unshare chroot ip; do
    command -v "$tool" > /dev/null || { echo "$tool is missing: apt-get install mmdebstrap util-linux coreutils iproute2"; exit 1; }
done
package=$(ls dist/dyntui_*_"$(dpkg --print-architecture)".deb)
bare=$PWD/build/bare-root.tar
[ -e "$bare" ] || mmdebstrap --quiet --variant=minbase --include=python3,ca-certificates "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$bare"

root=$(mktemp -d)
trap 'rmdir "$root"' EXIT
# In memory, with no network but a loopback of its own and no processes but its own: what is in there goes with it.
unshare --net --mount --pid --fork --propagation private sh -eu -c '
    root=$1 bare=$2 package=$3 program=$4
    ip link set lo up
    mount -t tmpfs -o mode=755 tmpfs "$root"
    tar -C "$root" -xf "$bare"
    echo "127.0.0.1 localhost" > "$root/etc/hosts"
    cp "$package" "$root/root/dyntui.deb"
    cp "$program" "$root/root/in_root.py"
    mount -t proc proc "$root/proc"
    mount -t devtmpfs devtmpfs "$root/dev" 2> /dev/null || mount --bind /dev "$root/dev"
    mkdir -p "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/run"
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=xterm-256color \
        chroot "$root" /usr/bin/python3 /root/in_root.py
' try "$root" "$bare" "$package" tests/package/in_root.py
