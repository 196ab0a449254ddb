# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the black-box tests stand on: a socket, a daemon to talk to, and the list of claims."""

import select
import socket
import struct
import subprocess
import traceback

import ike

PSK = b"black box"
OBOLD, TESTER = ("192.0.2.1", 500), "192.0.2.2"
OUR_NET, THEIR_NET = ("10.1.0.0", "10.1.0.255"), ("10.2.0.0", "10.2.0.255")  # the tester's, the daemon's
claims = []


def claim(function):
    claims.append(function)
    return function


class Wire:
    """The tester's port 500."""

    def __init__(self, port=500, address=TESTER):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.peer = (OBOLD[0], port)
        self.marker = bytes(4) if port == 4500 else b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendto(self.marker + data, self.peer)

    def receive(self, seconds=3.0):
        """The next IKE datagram, or None when there is none within that time."""
        while select.select([self.socket], [], [], seconds)[0]:
            data, self.peer = self.socket.recvfrom(65535)
            if self.marker:
                if data[:4] != self.marker:
                    continue
                data = data[4:]
            return ike.Message(data)
        return None

    def receive_fragments(self, seconds=3.0):
        """All datagrams of a message that comes in fragments."""
        out = [self.receive(seconds)]
        assert out[0] and out[0].payloads[-1][0] == ike.SKF, "no fragment has come"
        while len(out) < struct.unpack_from(">HH", out[0].payloads[-1][1])[1]:
            out.append(self.receive(seconds))
            assert out[-1], "not all fragments have come"
        return out

    def ask(self, data, seconds=3.0):
        self.send(data)
        return self.receive(seconds)

    def silent(self, data, seconds=0.4):
        answer = self.ask(data, seconds)
        assert answer is None, f"answered, though it should not: {answer.data.hex()}"

    def drain(self):
        while self.receive(0.05):
            pass


class Daemon:
    """The obold under test, as its admin reaches it."""

    def __init__(self, obolctl, path):
        self.command = [obolctl, "--socket", path]

    def ctl(self, *words, ok=True):
        result = subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=60, check=False)
        assert not ok or result.returncode == 0, f"obolctl {words}: {result.stdout}{result.stderr}"
        return result.stdout

    def start(self, *words):
        return subprocess.Popen([*self.command, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def sas(self):
        return self.ctl("--no-legend", "list-sas")

    def clear(self):
        for connection in ("in", "out", "two-groups"):
            self.ctl("terminate", "--force", connection, ok=False)


def begin(wire, side=None, **changes):
    """IKE_SA_INIT as the initiator; gives the side with its keys."""
    side = side or ike.Side(initiator=True)
    side.sent_first = side.clear(ike.IKE_SA_INIT, side.init_payloads(**changes))
    answer = wire.ask(side.sent_first)
    assert answer, "no answer to IKE_SA_INIT"
    adopt(side, answer)
    return side


def adopt(side, answer):
    assert answer.exchange == ike.IKE_SA_INIT and answer.flags & ike.RESPONSE, "not a response of IKE_SA_INIT"
    ke = ike.find(answer.payloads, ike.KE)
    assert ke, f"refused: {ike.notifies(answer.payloads)}"
    side.spi_r, side.received_first = answer.spi_r, answer.data
    side.derive(ke[4:], ike.find(answer.payloads, ike.NONCE))


def auth_payloads(side, psk=PSK, name="tester.test", extra=(), before=(), transforms=None, tsi=(OUR_NET,), tsr=(THEIR_NET,)):
    who = ike.identity(ike.IDI, name)
    transforms = ike.ESP_TRANSFORMS if transforms is None else transforms
    return [who, ike.identity(ike.IDR, "obol.test"), *before, (ike.AUTH, struct.pack(">B3x", 2) + side.auth(psk, who[1])),
            (ike.SA, ike.proposal(1, ike.ESP, side.child_spi, transforms)),
            ike.selectors(ike.TSI, *tsi), ike.selectors(ike.TSR, *tsr), *extra]


def authenticate(wire, side, **changes):
    """IKE_AUTH; gives the response's inner payloads."""
    answer = wire.ask(side.sealed(ike.IKE_AUTH, auth_payloads(side, **changes), 1))
    assert answer, "no answer to IKE_AUTH"
    return side.open(answer)


def establish(wire, **changes):
    """A whole IKE SA with its Child SA; gives the side, and the response's payloads."""
    side = begin(wire)
    payloads = authenticate(wire, side, **changes)
    idr, proof = ike.find(payloads, ike.IDR), ike.find(payloads, ike.AUTH)
    assert idr and proof, f"refused: {ike.notifies(payloads)}"
    assert proof[4:] == side.peer_auth(PSK, idr), "the daemon's AUTH is wrong"
    return side, payloads


def run(wire, daemon, only=()):
    """Runs the claims, one after the other, each on a daemon without SAs; prints TAP."""
    bad = 0
    chosen = [c for c in claims if not only or c.__name__ in only]
    for number, function in enumerate(chosen, 1):
        name = function.__name__.replace("_", " ")
        daemon.clear()
        wire.drain()
        try:
            function(wire, daemon)
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, OSError, IndexError, struct.error, subprocess.SubprocessError) as error:
            bad = 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"not ok {number} - {name}\n# {type(error).__name__}: {error} ({where.name}: {where.line})", flush=True)
    print(f"1..{len(chosen)}")
    return bad
