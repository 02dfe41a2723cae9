"""Many sessions at once: each pins a point about once a second, over Streamlit's own protocol.

`python -m tests.benchmarks.sessions [SESSIONS] [SECONDS]` prints the figures of 1 and of many.
"""

import asyncio
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlsplit

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.words.explore import POINT_LABEL
from tests import server
from tests.benchmarks.figure import Figure

SESSIONS, SECONDS = 20, 20.0
SLOWEST = 300  # milliseconds for 95 of 100 picks
DEAREST = 30  # milliseconds of the server's processor for a pick


@dataclass
class Picks:
    """What sessions measured: seconds from a pick to its end, and exceptions on the page."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        """Milliseconds in which 95 of 100 picks end."""
        return 1000 * sorted(self.seconds)[int(0.95 * len(self.seconds))]


class Session:
    """One browser's socket without the browser.

    As a browser does, it tells with each request which large messages it has, unless `forgetful`:
    Streamlit then sends their hashes only.
    """

    def __init__(
        self, socket: websockets.ClientConnection, picks: Picks, forgetful: bool = False
    ) -> None:
        self.socket, self.picks, self.forgetful = socket, picks, forgetful
        self.box = self.fragment = ""
        self.held: set[str] = set()

    async def run(self, message: BackMsg) -> None:
        """Send a message and wait until the script has run."""
        message.rerun_script.cached_message_hashes.extend(self.held)
        await self.socket.send(message.SerializeToString())
        while True:
            received = ForwardMsg.FromString(await asyncio.wait_for(self.socket.recv(), 60))
            if received.metadata.cacheable and not self.forgetful:
                self.held.add(received.hash)
            element = received.delta.new_element
            if element.text_input.label == POINT_LABEL:
                self.box, self.fragment = element.text_input.id, received.delta.fragment_id
            if element.HasField("exception"):
                self.picks.errors.append(element.exception.message)
            if received.HasField("script_finished"):
                return

    async def pick(self, x: float, y: float) -> None:
        """Pin a point."""
        message = BackMsg()
        message.rerun_script.fragment_id = self.fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = self.box, f"{x:.3f}, {y:.3f}"
        start = time.perf_counter()
        await self.run(message)
        self.picks.seconds.append(time.perf_counter() - start)


async def visitor(url: str, seed: int, seconds: float, picks: Picks) -> None:
    """Open the page, then pin a point about once a second."""
    rng = random.Random(seed)
    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    async with websockets.connect(
        address, subprotocols=["streamlit"], max_size=None, origin=url
    ) as socket:
        session = Session(socket, picks)
        first = BackMsg()
        first.rerun_script.query_string = ""
        await session.run(first)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await session.pick(rng.uniform(-2, 2), rng.uniform(-2, 2))
            await asyncio.sleep(rng.uniform(0.5, 1.5))


def measure(url: str, sessions: int, seconds: float) -> Picks:
    """Let many sessions pick at once."""
    picks = Picks()

    async def together() -> None:
        await asyncio.gather(*(visitor(url, seed, seconds, picks) for seed in range(sessions)))

    # In a thread of its own: the browser's driver has an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(together())).result()
    return picks


def processor_time(url: str) -> float:
    """Seconds of processor time that the server of a URL has used."""
    port = str(urlsplit(url).port)
    (process,) = (one for one in psutil.Process().children() if port in one.cmdline())
    times = process.cpu_times()
    return times.user + times.system


def figures(sessions: int = SESSIONS, seconds: float = SECONDS) -> list[Figure]:
    """A lone session, then many; raises `RuntimeError` if a page shows an exception."""
    with server.serve() as url:
        measure(url, 1, 2.0)
        alone = measure(url, 1, seconds / 2)
        before = processor_time(url)
        picks = measure(url, sessions, seconds)
        used = 1000 * (processor_time(url) - before) / len(picks.seconds)
    if picks.errors:
        raise RuntimeError(f"a page shows an exception: {picks.errors[0]}")
    typical = 1000 * median(alone.seconds)
    return [
        Figure("a pick on the server, one session: median", typical, "ms"),
        Figure(
            f"the same, {sessions} sessions, a pick a second each: 95th percentile",
            picks.slowest,
            "ms",
            target=f"at most {SLOWEST} ms",
            met=picks.slowest <= SLOWEST,
        ),
        Figure(
            "processor time of a pick, first runs included",
            used,
            "ms",
            target=f"at most {DEAREST} ms",
            met=used <= DEAREST,
        ),
    ]


if __name__ == "__main__":
    numbers = [float(text) for text in sys.argv[1:3]] or [SESSIONS, SECONDS]
    for figure in figures(int(numbers[0]), *numbers[1:]):
        print(f"{figure.name}: {figure.value:.1f} {figure.unit} ({figure.target})")
