# SPDX-License-Identifier: Apache-2.0
"""Writes the archives of the tests, the hostile ones included: nothing hostile is kept as a file in the repository."""
import bz2
import gzip
import io
import lzma
import subprocess
import tarfile


def entry(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link="", **more):
    """One entry, exactly as told: tarfile checks nothing when it writes."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = mode
    info.size = len(data)
    info.linkname = link
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def file(name, data=b"x", mode=0o644, **more):
    return entry(name, tarfile.REGTYPE, data, mode, **more)


def directory(name, mode=0o755):
    return entry(name, tarfile.DIRTYPE, mode=mode)


def symlink(name, target):
    return entry(name, tarfile.SYMTYPE, mode=0o777, link=target)


def hardlink(name, target):
    return entry(name, tarfile.LNKTYPE, link=target)


def tar(*entries, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as t:
        for info, data in entries:
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pax_header(**records):
    """A pax extended header by hand, for what tarfile would refuse or repair. Values are bytes."""
    body = b""
    for key, value in records.items():
        rest = b" " + key.replace("__", ".").encode() + b"=" + value + b"\n"
        size = len(rest) + 1
        while len(str(size)) + len(rest) != size:
            size = len(str(size)) + len(rest)
        body += str(size).encode() + rest
    info = tarfile.TarInfo("PaxHeader")
    info.type = b"x"
    info.size = len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


COMPRESSORS = {"": lambda d: d, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}


def ar(*members):
    """ar(5), as deb(5) wants it."""
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


def deb(*entries, compress=".xz", extra=()):
    return ar(("debian-binary", b"2.0\n"), ("control.tar.gz", gzip.compress(tar(file("./control", b"Package: x\n")))),
              ("data.tar" + compress, COMPRESSORS[compress](tar(*entries, form=tarfile.GNU_FORMAT))), *extra)
