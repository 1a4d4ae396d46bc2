"""Making frames, right or wrong on purpose, and the mask over them: RFC 6455 §5.2, §5.3."""

from __future__ import annotations

from functools import lru_cache


def unmask(payload: bytes, key: bytes) -> bytes:
    """XOR byte i of ``payload`` with byte i mod 4 of ``key`` (RFC 6455 §5.3); its own inverse."""
    size = len(payload)
    if size < LONG:
        words = size + 3 >> 2
        veil = _number(key) * _ones(words) >> 8 * (4 * words - size)
        return (_number(payload) ^ veil).to_bytes(size)
    plain = bytearray(size)
    for offset in range(4):
        plain[offset::4] = payload[offset::4].translate(_xor_table(key[offset]))
    return bytes(plain)


_number = int.from_bytes
LONG = 2048
"""From this many bytes on, four table look-ups beat one wide XOR."""


@lru_cache(maxsize=LONG // 4)
def _ones(words: int) -> int:
    """A key times this is the key again and again, ``words`` times."""
    return sum(1 << 32 * word for word in range(words))


@lru_cache(maxsize=256)
def _xor_table(byte: int) -> bytes:
    return bytes(value ^ byte for value in range(256))


def length_size(length: int) -> int:
    """Bytes of extended payload length the shortest form needs: 0, 2 or 8 (RFC 6455 §5.2)."""
    if length <= 125:
        return 0
    return 2 if length <= 0xFFFF else 8


def build(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = None,
    length_form: int | None = None,
    declared_length: int | None = None,
) -> bytes:
    """One frame as bytes; it may break any rule, since labs send wrong frames too.

    Args:
        opcode: 0 to 15, reserved ones too.
        payload: plain; masked here when ``mask`` is given.
        fin: the FIN bit.
        rsv: 0 to 7; RSV1 is 4.
        mask: the four bytes of the masking key, or None for no mask.
        length_form: bits of the length to write: 7, 16 or 64; the shortest when None.
        declared_length: the length to claim instead of the true one.

    Raises:
        ValueError: a value that the header cannot hold.
    """
    if not 0 <= opcode <= 15 or not 0 <= rsv <= 7:
        raise ValueError("opcode is 0 to 15, rsv 0 to 7")
    if mask is not None and len(mask) != 4:
        raise ValueError("a masking key has four bytes")
    length = len(payload) if declared_length is None else declared_length
    first = bytes([fin << 7 | rsv << 4 | opcode])
    head = first + _length_bytes(length, length_form, masked=mask is not None)
    return head + payload if mask is None else head + mask + unmask(payload, mask)


_FORMS = {7: 0, 16: 2, 64: 8}


def _length_bytes(length: int, form: int | None, *, masked: bool) -> bytes:
    if form is not None and form not in _FORMS:
        raise ValueError("a length has 7, 16 or 64 bits")
    size = length_size(length) if form is None else _FORMS[form]
    if not 0 <= length < (126, 1 << 16, 0, 0, 1 << 64)[size >> 1]:
        raise ValueError(f"{length} does not fit the length form")
    code = {0: length, 2: 126, 8: 127}[size]
    return bytes([masked << 7 | code]) + (length.to_bytes(size, "big") if size else b"")
