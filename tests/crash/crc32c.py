"""CRC-32C (Castagnoli), the checksum of all files of the broker."""


def _table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


_TABLE = list(_table())


def crc32c(contents):
    value = 0xFFFFFFFF
    for octet in contents:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 255]
    return value ^ 0xFFFFFFFF
