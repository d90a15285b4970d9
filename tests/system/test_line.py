"""More calls at once than connections: each waits in the line of its host for
as long as the line moves, and a process without a free descriptor waits for
one.  The service is nginx before a peer that thinks for 120 ms."""
import asyncio
import contextlib
import resource
import subprocess
import threading

import pytest
import servers
from conftest import TOP

THINKS = 0.120
ANSWER = b'{"services":[],"failures":[],"filler":"' + b"x" * 1000 + b'"}'


class Slow(contextlib.AbstractContextManager):
    """Answers each request after THINKS, all of them at once.  The first
    `silent` connections are dead after their first answer: what comes there is
    read, and nothing is said."""

    def __init__(self, silent=0):
        self.loop = asyncio.new_event_loop()
        self.server = None
        self.silent, self.connections, self.answered = silent, 0, 0
        self.thread = threading.Thread(target=self.loop.run_forever)

    async def answer(self, reader, writer):
        self.connections += 1
        dies = self.connections <= self.silent
        with contextlib.suppress(asyncio.IncompleteReadError, OSError,
                                 asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [int(line.split(b":")[1])
                          for line in head.lower().split(b"\r\n")
                          if line.startswith(b"content-length")]
                await reader.readexactly(length[0])
                await asyncio.sleep(THINKS)
                writer.write(b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: r\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(ANSWER) +
                             ANSWER)
                await writer.drain()
                self.answered += 1
                while dies and await reader.read(1000):
                    pass
        writer.close()

    def __enter__(self):
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self.answer, "127.0.0.1", 0),
            self.loop).result()
        return self

    async def end(self):
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __exit__(self, *exc):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    @property
    def port(self):
        return self.server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The program of the bench that begins many calls at once."""
    program = tmp_path_factory.mktemp("many") / "many"
    build = TOP / "build"
    subprocess.run([*(build / "flags").read_text().split(), "-o", program,
                    "tests/bench/many.c", build / "libheadcount.a",
                    (build / "bearssl.lib").read_text().strip()], cwd=TOP,
                   check=True)

    def run(port, ops, **more):
        return subprocess.run([program, str(port), str(ops), str(ops), ""],
                              capture_output=True, text=True, check=False,
                              env={"AWS_EC2_METADATA_DISABLED": "true"},
                              **more)
    return run


@pytest.fixture
def slow():
    with Slow() as slow:
        yield slow


def test_a_thousand_at_once_are_all_answered(many, slow, tmp_path):
    with servers.Nginx(tmp_path / "nginx", slow.port) as nginx:
        done = many(nginx.port, 1000)
        assert (done.returncode, done.stderr) == (0, "")
        assert nginx.connections() == 10
    assert slow.answered >= 1000


def test_without_a_free_descriptor_they_wait(many, slow):
    few = 8                             # and ten connections are allowed
    done = many(slow.port, 100, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (few, few)))
    assert (done.returncode, done.stderr) == (0, "")
    assert slow.answered >= 100


# A NAT gateway was replaced: each kept connection is dead, each new one works.
SILENT = """
local headcount = require "headcount"
local client <close> = assert(headcount.client { read_timeout = 1 })
headcount.loop(function(spawn)
  for _ = 1, 4 do
    spawn(function() assert(client:call("ecs", "ListClusters", {})) end)
  end
end)
assert(client:call("ecs", "ListClusters", {}))
local stats = client:stats()
print(stats.connections_opened, stats.retries, stats.connections_purged)
"""


def test_kept_connections_that_died_silently_cost_one_attempt(headcount):
    (headcount.home / "silent.lua").write_text(SILENT)
    with Slow(silent=4) as slow:
        headcount.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{slow.port}"
        run = headcount("run", "silent.lua")
        assert (run.code, run.err) == (0, "")
        assert run.out.split() == ["5", "1", "3"]
