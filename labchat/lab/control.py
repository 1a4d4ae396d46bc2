"""The tap's handles for a notebook: hold, step, edit, break. Each is what a button does.

What takes time is a :class:`~labchat.lab.background.Job`: ``await`` it or ask its ``result()``;
the lab lives on another thread, so neither can deadlock a cell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Unpack

from labchat.errors import LabError, SettingsError
from labchat.lab.background import until
from labchat.tap.faults.actions import Cut
from labchat.tap.faults.bandwidth import Bandwidth
from labchat.tap.faults.rule import Units
from labchat.tap.held import Breakpoint
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from labchat.lab.background import Background, Job
    from labchat.tap.edit import Header
    from labchat.tap.faults.control import Faults
    from labchat.tap.gate import Gate
    from labchat.tap.held import Held
    from labchat.tap.relay import Relay


class Control(ABC):
    """What a person can do to the traffic of one lab."""

    relay: Relay

    @property
    @abstractmethod
    def background(self) -> Background:
        """The thread the tap lives on."""

    @property
    def faults(self) -> Faults:
        """The switchboard of faults: ``lab.faults.latency(100, 20)``, ``lab.faults.clear()``."""
        return self.relay.faults

    @property
    def gate(self) -> Gate:
        """What holds units: ``lab.gate.view`` tells all that waits."""
        return self.relay.gate

    def cut(self, how: str | Cut = Cut.FIN, connections: Collection[int] | None = None) -> None:
        """End connections now.

        Args:
            how: "fin", "rst" or "silence".
            connections: their numbers; all when None.

        Raises:
            SettingsError: there is no such way.
        """
        if how not in set(Cut):
            raise SettingsError(f"a connection ends by {', '.join(Cut)}, not by {how!r}")
        self.relay.cut(Cut(how), connections)

    def narrow(self, kbit_per_s: float) -> int:
        """Let each direction carry so many kilobits a second; the fault's number, to remove it."""
        return self.faults.add(Bandwidth(bytes_per_s=kbit_per_s * 1000 / 8))

    def hold(
        self,
        *,
        direction: str | Direction | None = None,
        connections: tuple[int, ...] | None = None,
        apart: bool | None = None,
        **units: Any,
    ) -> None:
        """Stop units at the tap from now on: all of them, or those that are named.

        Args:
            direction: "c2s" or "s2c".
            connections: their numbers.
            apart: whether the head and the body of an HTTP message wait one after the other.
            units: ``kind`` ("request", "response", "frame"), ``opcode``, ``path``, ``where`` (an
                expression, such as ``'json.type == "message"'``), ``nth``, ``first``, ``every``.

        Raises:
            SettingsError: there is no such setting, or the expression cannot be read.
        """
        if direction is None and connections is None and not units:
            self.gate.hold(apart=apart)
            return
        if unknown := set(units) - set(Units.__struct_fields__):
            raise SettingsError(f"a unit has no {', '.join(sorted(unknown))} to stop it by")
        way = Direction(direction) if direction is not None else None
        meant = Breakpoint(direction=way, connections=connections, units=Units(**units))
        self.gate.hold(meant, apart=apart)

    def held(self, number: int | None = None) -> Job[Held]:
        """The job ends when a unit waits at the gate (or waits already): the next to go."""
        return self.background.submit(self._waiting(number))

    def step(self, number: int | None = None, *, until_other: bool = False) -> Job[Held]:
        """Let one unit pass, as soon as one waits; the job's result is that unit.

        Args:
            number: its id at the gate; the oldest when None.
            until_other: and what follows it, until the other side says something.
        """

        def step(held: Held) -> Held:
            self.gate.step(held.id, until_other=until_other)
            return held

        return self._act(number, step)

    def drop(self, number: int | None = None) -> Job[Held]:
        """Let a unit never go on, as soon as one waits."""

        def drop(held: Held) -> Held:
            self.gate.drop(held.id)
            return held

        return self._act(number, drop)

    def edit(
        self,
        number: int | None = None,
        *,
        payload: bytes | str | None = None,
        data: bytes | None = None,
        **header: Unpack[Header],
    ) -> Job[Held]:
        """Change what a unit will be when it goes on; it still waits.

        Args:
            number: its id at the gate; the oldest when None.
            payload: other content; lengths and mask are made right again.
            data: other bytes, right or wrong.
            header: of a frame: ``fin``, ``rsv``, ``opcode``, ``mask``, ``declared_length``,
                ``length_form``; left wrong on purpose.
        """

        def change(held: Held) -> Held:
            return self.gate.edit(held.id, payload=payload, data=data, **header)

        return self._act(number, change)

    def cont(self) -> None:
        """Let all that waits go on, and hold no longer."""
        self.gate.clear()

    def _act(self, number: int | None, act: Callable[[Held], Held]) -> Job[Held]:
        async def go() -> Held:
            return act(await self._waiting(number))

        return self.background.submit(go())

    async def _waiting(self, number: int | None) -> Held:
        """The unit of that id, or the next to go, once it waits."""
        return await until(self.gate.subscribe, lambda: self._find(number))

    def _find(self, number: int | None) -> Held | None:
        view = self.gate.view
        if number is None:
            return view.next
        found = next((each for each in view.held if each.id == number), None)
        if found is None and not view.paused and not view.breakpoints:
            raise LabError(f"no unit {number} waits at the gate")
        return found
