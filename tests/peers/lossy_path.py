"""A path between two networks: packets that cross it come late, get lost, or
find it dead.

    with LossyPath(delay=0.06, loss=0.05, seed=19) as path:
        subprocess.run([*path.near, program, ...])    # 10.77.0.1
        subprocess.run([*path.far, server, ...])      # 10.77.0.2, path.there
        path.silent = True          # from now on each packet is dropped
        path.fail_over()            # each flow that was there is dead

Two network namespaces with a tun device each; a thread carries the packets
between them.  The kernels of this project's machines have no netem, and this
needs nothing of them but /dev/net/tun and a root that may make namespaces.
It contacts no other network: neither namespace has another device.

Used by: system/test_paths.py, system/test_crossing.py, bench/put_item.py and
bench/pictures.py.
Instead of moto: moto is as near as its process.
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time

HERE, THERE = "10.77.0.1", "10.77.0.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
MTU = 1400


class NoPath(Exception):
    """What this machine does not let us have."""


class Network:
    """One namespace: a process that sleeps in it, and its tun device."""

    def __init__(self, own, other):
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo up; exec sleep 100000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise NoPath("no network namespace can be made here (unshare -n): "
                         + self.holder.stderr.read().decode())
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-n"]
        self.tun = self.open_tun()
        for words in (["link", "set", "lo", "up"],
                      ["link", "set", "hc0", "up", "mtu", str(MTU)],
                      ["addr", "add", own, "peer", other, "dev", "hc0"]):
            subprocess.run([*self.enter, "ip", *words], check=True)

    def open_tun(self):
        """In a thread of its own, which alone changes its namespace."""
        found = []

        def run():
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                at = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY)
                if libc.setns(at, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
                os.close(at)
                tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
                fcntl.ioctl(tun, TUNSETIFF, struct.pack(
                    "16sH22x", b"hc0", IFF_TUN | IFF_NO_PI))
                found.append(tun)
            except OSError as error:
                found.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if isinstance(found[0], OSError):
            self.close()
            raise NoPath(f"no tun device can be made here: {found[0]}")
        return found[0]

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()


def flow_of(packet):
    """The ports of a TCP packet, smaller first; None: another one."""
    if len(packet) < 24 or packet[0] >> 4 != 4 or packet[9] != 6:
        return None
    at = (packet[0] & 15) * 4
    return tuple(sorted(struct.unpack("!HH", packet[at:at + 4])))


class LossyPath:
    there = THERE

    def __init__(self, delay=0.0, loss=0.0, seed=19):
        self.delay, self.loss = delay, loss
        self.random = random.Random(seed)
        self.silent = False
        self.flows, self.dead = set(), set()
        self.carried = self.lost = 0
        self.ended = False
        self.networks = []

    def __enter__(self):
        if os.getuid() != 0:
            raise NoPath("only root may make network namespaces here")
        try:
            self.networks.append(Network(HERE, THERE))
            self.networks.append(Network(THERE, HERE))
        except NoPath:
            self.close()
            raise
        self.near, self.far = (n.enter for n in self.networks)
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.close()

    def close(self):
        for network in self.networks:
            os.close(network.tun)
            network.close()

    def fail_over(self):
        """As a NAT gateway's: it forgets the flows that it had, in silence."""
        self.dead |= self.flows

    def drops(self, packet):
        flow = flow_of(packet)
        if flow is not None:
            self.flows.add(flow)
        return self.silent or flow in self.dead or \
            self.random.random() < self.loss

    def carry(self):
        ends = {self.networks[0].tun: self.networks[1].tun,
                self.networks[1].tun: self.networks[0].tun}
        poll = select.poll()
        for end in ends:
            poll.register(end, select.POLLIN)
        waiting, number = [], 0
        while not self.ended:
            left = waiting[0][0] - time.monotonic() if waiting else 0.05
            for end, _ in poll.poll(max(0, min(left, 0.05)) * 1000):
                for _ in range(64):
                    try:
                        packet = os.read(end, 65536)
                    except BlockingIOError:
                        break
                    if self.drops(packet):
                        self.lost += 1
                        continue
                    number += 1
                    heapq.heappush(waiting, (time.monotonic() + self.delay,
                                             number, ends[end], packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(waiting)
                try:
                    os.write(end, packet)
                    self.carried += 1
                except OSError:
                    self.lost += 1
