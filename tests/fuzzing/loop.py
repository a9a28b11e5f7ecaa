"""The loop: a seed, changed; a target, asked; what is new, kept as a seed; what shouldn't be, told with its bytes."""

from __future__ import annotations

import signal
import time
import traceback
import tracemalloc
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType

from tests.fuzzing.judging import Target
from tests.fuzzing.mutation import MAX_INPUT, mutated
from tests.fuzzing.streams import Streams

CPU_SECONDS = 40.0  # of this process's own time for one input; COPY of 128 KiB of tiny rows, many ways, took up to 13
WEIGH_EACH = 250  # inputs between two whose memory is measured: measuring makes them several times slower
MEMORY_FACTOR, MEMORY_FLOOR = (
    400,
    4 * 2**20,
)  # bytes for a byte of input (a Frame for five; several readers), and at all
MAX_KEPT = 3_000  # seeds found on the way, by target
MAX_KEPT_SIZE = 16 * 1024
MAX_FINDINGS = 20
DIFFERENT = 3  # findings told of one kind


class Hangs(BaseException):
    """An input took longer than it may. No `Exception`, so that nothing on the way takes it for one of its own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What shouldn't be: enough to see it again."""

    target: str
    case: int
    data: bytes = field(repr=False)
    because: str

    def repro(self) -> str:
        """How to see it again."""
        return f"python -m tests.fuzzing --target {self.target} --case {self.case} --hex {self.data.hex()}"


@dataclass(slots=True)
class Tally:
    """What was done so far."""

    inputs: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    longest: float = 0.0  # CPU seconds
    heaviest: float = 0.0  # bytes of memory for a byte of input, where it was over the floor
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """For the log."""
        total = self.inputs.total()
        yield (
            f"{total} inputs in {self.seconds:.0f} s ({total / max(self.seconds, 0.001):.0f} a second),"
            f" {len(self.findings)} findings; longest input {self.longest:.2f} s of CPU,"
            f" most memory {self.heaviest:.0f} bytes a byte"
        )
        for name in sorted(self.inputs):
            yield f"  {name:<16} {self.inputs[name]:>9} inputs {self.kept[name]:>6} new ways kept"


class Loop:
    """Fuzzes targets over recorded streams. `seed` decides on everything but the recordings."""

    def __init__(self, targets: Sequence[Target], streams: Streams, seed: int) -> None:
        self.tally = Tally()
        self._random = Random(seed)
        self._targets = targets
        self._seeds = {target.name: target.seeds(streams) for target in targets}
        self._seen: dict[str, set[Hashable]] = {target.name: set() for target in targets}
        self._reasons: Counter[tuple[str, str]] = Counter()
        for target in targets:
            assert self._seeds[target.name], f"nothing was recorded for {target.name}"

    def untouched(self) -> None:
        """Every seed as it is: real streams must be no finding either."""
        for target in self._targets:
            for data in tuple(self._seeds[target.name]):
                self.one(target, data)

    def rounds(self, inputs: int) -> None:
        """So many inputs, over all targets by their weight."""
        weights = [target.weight for target in self._targets]
        for target in self._random.choices(self._targets, weights, k=inputs):
            if len(self.tally.findings) >= MAX_FINDINGS:
                return
            seeds = self._seeds[target.name]
            other = self._seeds[self._random.choice(self._targets).name] if self._random.random() < 0.1 else seeds
            self.one(target, mutated(self._random.choice(seeds), self._random, other))

    def until(self, seconds: float, told: Callable[[Tally], None], each: float = 60.0) -> None:
        """For so long; tells how it stands about every `each` seconds."""
        begun = said = time.monotonic()
        while (now := time.monotonic()) - begun < seconds and len(self.tally.findings) < MAX_FINDINGS:
            self.rounds(200)
            self.tally.seconds = time.monotonic() - begun
            if now - said >= each:
                said = now
                told(self.tally)

    def one(self, target: Target, data: bytes) -> None:
        """One input."""
        case = self._random.getrandbits(32)
        self.tally.inputs[target.name] += 1
        weigh = self.tally.inputs.total() % (4 if len(data) > MAX_INPUT else WEIGH_EACH) == 0
        begun = time.process_time()
        try:
            with _bounded(CPU_SECONDS):
                found = self._weighed(target, data, case) if weigh else target.check(data, Random(case))
        except Hangs:
            self._report(target, case, data, f"took more than {CPU_SECONDS:.0f} s of CPU")
        except Exception as error:
            self._report(target, case, data, "".join(traceback.format_exception(error)[-4:]).strip())
        else:
            self._keep(target, data, found)
        if not weigh:
            self.tally.longest = max(self.tally.longest, time.process_time() - begun)

    def _weighed(self, target: Target, data: bytes, case: int) -> Hashable:
        tracemalloc.start()
        try:
            found = target.check(data, Random(case))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if peak > MEMORY_FLOOR:
            self.tally.heaviest = max(self.tally.heaviest, peak / len(data))
        if peak > MEMORY_FLOOR + MEMORY_FACTOR * len(data):
            raise MemoryError(f"{peak} bytes for an input of {len(data)}")
        return found

    def _keep(self, target: Target, data: bytes, found: Hashable) -> None:
        """What came out as never before is a seed from now on: the loop's only guide, and a cheap one."""
        seen = self._seen[target.name]
        if found in seen or len(seen) >= MAX_KEPT:
            return
        seen.add(found)
        self.tally.kept[target.name] += 1
        if data and len(data) <= MAX_KEPT_SIZE:
            self._seeds[target.name].append(data)

    def _report(self, target: Target, case: int, data: bytes, because: str) -> None:
        """The same thing is told a few times, no more."""
        kind = (target.name, because.splitlines()[-1][:200])
        self._reasons[kind] += 1
        if self._reasons[kind] <= DIFFERENT:
            self.tally.findings.append(Finding(target.name, case, data, because))


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raises `Hangs` once so much of this process's own time is over; for the main thread alone."""

    def over(number: int, frame: FrameType | None) -> None:
        raise Hangs

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
