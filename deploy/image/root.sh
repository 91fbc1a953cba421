#!/bin/sh
# Creates the file system of the image: the binary, its libraries, and the files that every process needs.
# usage: root.sh BINARY DIR
set -eu
binary="$1" root="$2"

mkdir -p "$root/etc/ssl/certs" "$root/data" "$root/tmp"
chmod 1777 "$root/tmp"
install -m 0755 "$binary" "$root/plumbline"

# Loader and libraries, each in the folder where the binary looks for it. A missing library fails the first start.
ldd "$binary" | grep -v linux-vdso | grep -o '/[^ )]*' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
if ldd "$binary" | grep 'not found'; then exit 1; fi

# The certificate authorities that TLS trusts.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

# Host names are looked up in the file that the container engine writes, then in DNS.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'plumbline:x:65532:65532:plumbline:/data:/plumbline' >"$root/etc/passwd"
echo 'plumbline:x:65532:' >"$root/etc/group"
