#!/bin/sh
# Lays out the file system of the image: the binary, the libraries that it names and nothing else but what a process needs to be
# one. usage: root.sh BINARY DIR
set -eu
binary="$1" root="$2"

mkdir -p "$root/etc/ssl/certs" "$root/data" "$root/tmp"
chmod 1777 "$root/tmp"
install -m 0755 "$binary" "$root/plumbline"

# Loader and libraries, each where the binary looks for it. A library that is missing here would be found out at the first start.
ldd "$binary" | grep -v linux-vdso | grep -o '/[^ )]*' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
if ldd "$binary" | grep 'not found'; then exit 1; fi

# Whom TLS trusts.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

# Names of hosts come from the file that the container engine writes, then from DNS.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'plumbline:x:65532:65532:plumbline:/data:/plumbline' >"$root/etc/passwd"
echo 'plumbline:x:65532:' >"$root/etc/group"
