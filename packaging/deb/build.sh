#!/bin/sh
# Builds dist/dyntui_VERSION_ARCHITECTURE.deb: dyntui with all that it needs of Python's packages in an environment of its
# own below /usr/lib/dyntui, which takes of the system its Python alone. It fits the distribution that it is built on.
set -eu
cd "$(dirname "$0")/../.."

python=/usr/bin/python3
here=$PWD/packaging/deb
work=$PWD/build/deb
stage=$work/stage
environment=$stage/usr/lib/dyntui

rm -rf "$work"
mkdir -p "$work" "$stage/DEBIAN" "$stage/usr/bin" dist
$python -m venv "$work/tools"
pip="$work/tools/bin/pip --quiet --disable-pip-version-check"

# What goes in is gathered first, and then installed from there alone. Of a package that has no wheel one is built in an
# environment of its own: nothing says that there is a setuptools here, or the `wheel` that old ones need.
$pip wheel --use-pep517 --wheel-dir "$work/wheels" '.[postgresql]'
$python -m venv --without-pip "$environment"
$pip --python "$environment/bin/python" install --no-compile --no-index --find-links "$work/wheels" 'dyntui[postgresql]'
version=$("$environment/bin/dyntui" --version | sed 's/.* //')

# Nothing in it knows where it was built.
rm -rf "$environment"/bin/[Aa]ctivate*
for program in "$environment"/bin/*; do
    if [ -L "$program" ]; then continue; fi
    sed -i "1s|^#!$environment/|#!/usr/lib/dyntui/|" "$program"
done
sed -i '/^command = /d' "$environment/pyvenv.cfg"
ln -s ../lib/dyntui/bin/dyntui "$stage/usr/bin/dyntui"
# Whoever runs it may not write there, and would compile all of it with every command.
"$work/tools/bin/python" -m compileall -q --invalidation-mode unchecked-hash -s "$stage" -p / "$environment/lib"

$pip install --target "$work/man" 'click-man==0.6.0'
PYTHONPATH="$work/man" PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$here/contents.py" "$stage"
gzip -9n "$stage"/usr/share/man/man1/*.1
install -D -m 644 LICENSE "$stage/usr/share/doc/dyntui/copyright"
gzip -9nc CHANGELOG.md > "$stage/usr/share/doc/dyntui/changelog.gz"

minor=$($python -c 'import sys; print("{}.{}".format(*sys.version_info))')
next=$($python -c 'import sys; print("{}.{}".format(sys.version_info[0], sys.version_info[1] + 1))')
architecture=$(dpkg --print-architecture)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@PYTHON@/$minor/" -e "s/@NEXT@/$next/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" "$here/control" > "$stage/DEBIAN/control"
for script in postinst prerm; do
    install -m 755 "$here/$script" "$stage/DEBIAN/$script"
done
if grep -rIl "$work" "$stage" | grep -q .; then
    echo "it names the folder in which it was built:"; grep -rIl "$work" "$stage"; exit 1
fi
find "$stage" -type d -exec chmod 755 {} +
package=dist/dyntui_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zzstd -z9 --build "$stage" "$package" > /dev/null
echo "$package"
