"""Ways in which files go bad, one function each; what was done is returned as a sentence."""

import shutil

# The lock says who runs, not what is stored.
_NOT_DATA = ("LOCK", "lock")


def _files(folder):
    return sorted(p for p in folder.rglob("*")
                  if p.is_file() and p.name not in _NOT_DATA and p.stat().st_size)


def flip_bits(source, folder, _stale, _clean):
    path = source.choice(_files(folder))
    contents = bytearray(path.read_bytes())
    # Half the time where something stands: most of a young segment is zeros.
    used = [at for at in range(0, len(contents), 256) if any(contents[at:at + 256])]
    places = []
    for _ in range(source.choice((1, 1, 1, 2, 8))):
        if used and source.random() < 0.7:
            at = min(len(contents) - 1, source.choice(used) + source.randrange(256))
        else:
            at = source.randrange(len(contents))
        contents[at] ^= 1 << source.randrange(8)
        places.append(at)
    path.write_bytes(contents)
    return f"bits flipped in {path.relative_to(folder)} at {places}"


def cut_short(source, folder, _stale, _clean):
    path = source.choice(_files(folder))
    size = path.stat().st_size
    left = source.choice((0, size // 2, size - 1, source.randrange(size)))
    with open(path, "r+b") as file:
        file.truncate(left)
    return f"{path.relative_to(folder)} cut from {size} to {left}"


def zero_a_sector(source, folder, _stale, _clean):
    path = source.choice(_files(folder))
    at = source.randrange(path.stat().st_size) & ~4095
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\0" * min(4096, path.stat().st_size - at))
    return f"{path.relative_to(folder)}: 4096 zeros at {at}"


def bring_back_an_old_copy(source, folder, stale, clean):
    """Where the newest segment of a killed broker is old, nothing can know that there was more."""
    files = [p for p in _files(folder) if (stale / p.relative_to(folder)).exists()]
    if not clean:
        segments = [p for p in files if p.suffix == ".seg"]
        newest = max(segments, key=lambda p: p.stat().st_mtime_ns, default=None)
        files = [p for p in files if p != newest]
    if not files:
        return flip_bits(source, folder, stale, clean)
    path = source.choice(files)
    shutil.copyfile(stale / path.relative_to(folder), path)
    return f"{path.relative_to(folder)} is an older copy of itself"


def swap_two_files(source, folder, stale, clean):
    one = source.choice(_files(folder))
    others = [p for p in _files(folder) if p.parent == one.parent and p != one]
    if not others:
        return flip_bits(source, folder, stale, clean)
    other = source.choice(others)
    contents = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(contents)
    return f"{one.relative_to(folder)} and {other.relative_to(folder)} swapped"


def copy_over_another(source, folder, stale, clean):
    one = source.choice(_files(folder))
    others = [p for p in _files(folder) if p.parent == one.parent and p != one]
    if not others:
        return cut_short(source, folder, stale, clean)
    other = source.choice(others)
    shutil.copyfile(one, other)
    return f"{other.relative_to(folder)} is a copy of {one.relative_to(folder)}"


def remove(source, folder, _stale, _clean):
    path = source.choice(_files(folder))
    path.unlink()
    return f"{path.relative_to(folder)} removed"


_WAYS = [flip_bits] * 5 + [cut_short, zero_a_sector, bring_back_an_old_copy, swap_two_files,
                           copy_over_another, remove]


def _contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def choose_damage(source, folder, stale, clean):
    """Does something that changes something."""
    before = _contents(folder)
    while True:
        what = source.choice(_WAYS)(source, folder, stale, clean)
        if _contents(folder) != before:
            return what
