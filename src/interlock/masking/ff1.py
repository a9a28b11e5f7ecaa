"""FF1: format-preserving encryption of NIST SP 800-38G (March 2016, with the domain size of revision 1's drafts).

Ten Feistel rounds over AES, as algorithms 6 to 8 of the document number their steps. Numerals are integers below the
radix. A domain of fewer than a million values is refused: it could be searched, and the cipher is weak there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from interlock.model.secret import Secret

DOMAIN_LEAST: Final = 1_000_000  # SP 800-38G revision 1, section 4: radix to the power of minlen
LONGEST: Final = 256  # numerals; ours, since the arithmetic is on whole numbers
TWEAK_MOST: Final = 256  # bytes; ours

_ROUNDS: Final = 10
_BLOCK: Final = 16


class FF1:
    """One key and radix."""

    __slots__ = ("_cipher", "radix")

    def __init__(self, key: Secret[bytes], radix: int) -> None:
        """`key`: 16, 24 or 32 bytes; `radix`: 2 to 65,536. Raises `ValueError`."""
        if not 2 <= radix <= 1 << 16:
            raise ValueError("a radix lies between 2 and 65,536")
        self.radix = radix
        self._cipher = algorithms.AES(key.reveal())

    def takes(self, length: int) -> bool:
        """Whether so many numerals are a domain that is large enough, and not too long."""
        return 2 <= length <= LONGEST and self.radix**length >= DOMAIN_LEAST

    def encrypt(self, numerals: Sequence[int], tweak: bytes) -> list[int]:
        """As many numerals. Raises `ValueError` where `takes` says no, or on a numeral or tweak out of bounds."""
        a, b, shape = self._halves(numerals, tweak)
        for i in range(_ROUNDS):
            modulus = self._modulus(shape, i)
            a, b = b, (a + self._round(shape, tweak, i, b)) % modulus
        return self._written(a, b, shape)

    def decrypt(self, numerals: Sequence[int], tweak: bytes) -> list[int]:
        """What `encrypt` made them of, under the same tweak; raises alike."""
        a, b, shape = self._halves(numerals, tweak)
        for i in reversed(range(_ROUNDS)):
            modulus = self._modulus(shape, i)
            a, b = (b - self._round(shape, tweak, i, a)) % modulus, a
        return self._written(a, b, shape)

    def _halves(self, numerals: Sequence[int], tweak: bytes) -> tuple[int, int, tuple[int, int]]:
        """Steps 1 and 2: both halves as numbers, and their lengths."""
        if not self.takes(len(numerals)) or len(tweak) > TWEAK_MOST:
            raise ValueError("not a length that FF1 is used for here")
        if any(not 0 <= numeral < self.radix for numeral in numerals):
            raise ValueError("a numeral isn't below the radix")
        u = len(numerals) // 2
        return self._number(numerals[:u]), self._number(numerals[u:]), (u, len(numerals) - u)

    def _modulus(self, shape: tuple[int, int], i: int) -> int:
        return int(self.radix ** (shape[0] if i % 2 == 0 else shape[1]))

    def _round(self, shape: tuple[int, int], tweak: bytes, i: int, number: int) -> int:
        """Steps 6.i to 6.iv, with steps 3 to 5: the round's y."""
        u, v = shape
        b = ((self.radix**v - 1).bit_length() + 7) // 8  # ceil(ceil(v * log2(radix)) / 8)
        d = 4 * ((b + 3) // 4) + 4
        p = bytes((1, 2, 1)) + self.radix.to_bytes(3, "big") + bytes((_ROUNDS, u % 256))
        p += (u + v).to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
        q = tweak + bytes(-(len(tweak) + b + 1) % _BLOCK) + bytes((i,)) + number.to_bytes(b, "big")
        r = self._prf(p + q)
        blocks = [r]
        for j in range(1, -(-d // _BLOCK)):
            blocks.append(self._prf((int.from_bytes(r, "big") ^ j).to_bytes(_BLOCK, "big")))
        return int.from_bytes(b"".join(blocks)[:d], "big")

    def _prf(self, data: bytes) -> bytes:
        """Algorithm 6: the last block of AES-CBC with a zero vector; of one block it is AES itself."""
        encryptor = Cipher(self._cipher, modes.CBC(bytes(_BLOCK))).encryptor()
        return (encryptor.update(data) + encryptor.finalize())[-_BLOCK:]

    def _number(self, numerals: Sequence[int]) -> int:
        number = 0
        for numeral in numerals:
            number = number * self.radix + numeral
        return number

    def _written(self, a: int, b: int, shape: tuple[int, int]) -> list[int]:
        return self._numerals(a, shape[0]) + self._numerals(b, shape[1])

    def _numerals(self, number: int, length: int) -> list[int]:
        numerals = []
        for _ in range(length):
            number, numeral = divmod(number, self.radix)
            numerals.append(numeral)
        return numerals[::-1]
