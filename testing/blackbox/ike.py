# SPDX-License-Identifier: LGPL-2.1-or-later
"""An IKEv2 of its own, written from RFC 7296 and RFC 7383 alone: it shares no line and no author's habit with the daemon that it tests.

One suite is enough to speak with: AES-GCM-16 with 128 bits, PRF-HMAC-SHA2-256, X25519.  Nothing here checks what it sends, since
most of it is meant to be wrong."""

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL = 34, 35, 36, 37
SA, KE, IDI, IDR, CERT, CERTREQ, AUTH, NONCE, NOTIFY, DELETE, VENDOR, TSI, TSR, SK = range(33, 47)
SKF = 53
INITIATOR, RESPONSE = 0x08, 0x20
IKE, AH, ESP = 1, 2, 3
X25519, MODP_2048 = 31, 14
N = {
    "UNSUPPORTED_CRITICAL_PAYLOAD": 1, "INVALID_IKE_SPI": 4, "INVALID_MAJOR_VERSION": 5, "INVALID_SYNTAX": 7,
    "INVALID_MESSAGE_ID": 9, "NO_PROPOSAL_CHOSEN": 14, "INVALID_KE_PAYLOAD": 17, "AUTHENTICATION_FAILED": 24,
    "NO_ADDITIONAL_SAS": 35, "TS_UNACCEPTABLE": 38, "TEMPORARY_FAILURE": 43, "CHILD_SA_NOT_FOUND": 44, "INITIAL_CONTACT": 16384, "NAT_DETECTION_SOURCE_IP": 16388,
    "NAT_DETECTION_DESTINATION_IP": 16389, "COOKIE": 16390, "USE_TRANSPORT_MODE": 16391,
    "REKEY_SA": 16393, "ESP_TFC_PADDING_NOT_SUPPORTED": 16394, "NON_FIRST_FRAGMENTS_ALSO": 16395,
    "IKEV2_FRAGMENTATION_SUPPORTED": 16430,
}


def prf(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def prf_plus(key, seed, n):
    out, block, i = b"", b"", 1
    while len(out) < n:
        block = prf(key, block + seed + bytes([i]))
        out += block
        i += 1
    return out[:n]


# ---- payloads: (type, body) or (type, body, flags)

def chain(payloads, last=0):
    """Payloads with their generic headers; gives (type of the first, bytes)."""
    out = b""
    for i, payload in enumerate(payloads):
        following = payloads[i + 1][0] if i + 1 < len(payloads) else last
        flags = payload[2] if len(payload) > 2 else 0
        out += struct.pack(">BBH", following, flags, 4 + len(payload[1])) + payload[1]
    return (payloads[0][0] if payloads else last), out


def split(first, data):
    """The reverse; gives [(type, body, flags)] and insists on whole payloads."""
    out = []
    while first:
        following, flags, n = struct.unpack_from(">BBH", data)
        assert 4 <= n <= len(data), "a payload's length runs over"
        out.append((first, data[4:n], flags))
        if first in (SK, SKF):
            return out
        first, data = following, data[n:]
    assert not data, "bytes after the last payload"
    return out


def transform(kind, ident, bits=0, last=False):
    attribute = struct.pack(">HH", 0x800E, bits) if bits else b""
    return struct.pack(">BBHBBH", 0 if last else 3, 0, 8 + len(attribute), kind, 0, ident) + attribute


def proposal(number, protocol, spi, transforms, last=True):
    body = b"".join(transform(*t, last=i == len(transforms) - 1) for i, t in enumerate(transforms))
    return struct.pack(">BBHBBBB", 0 if last else 2, 0, 8 + len(spi) + len(body), number, protocol, len(spi), len(transforms)) + spi + body


IKE_TRANSFORMS = [(1, 20, 128), (2, 5), (4, X25519)]
ESP_TRANSFORMS = [(1, 20, 128), (5, 0)]


def notify(kind, data=b"", protocol=0, spi=b""):
    kind = N.get(kind, kind)
    return (NOTIFY, struct.pack(">BBH", protocol, len(spi), kind) + spi + data)


def identity(payload, name):
    return (payload, struct.pack(">B3x", 2) + name.encode())


def selectors(payload, *ranges):
    body = struct.pack(">B3x", len(ranges))
    for first, last in ranges:
        body += struct.pack(">BBHHH", 7, 0, 16, 0, 65535) + bytes(map(int, first.split("."))) + bytes(map(int, last.split(".")))
    return (payload, body)


def find(payloads, kind):
    return next((p[1] for p in payloads if p[0] == kind), None)


def notifies(payloads):
    """{type: data} of all notifications."""
    out = {}
    for kind, body, _ in payloads:
        if kind == NOTIFY:
            n_spi, ident = body[1], struct.unpack_from(">H", body, 2)[0]
            out[ident] = body[4 + n_spi:]
    return out


def header(spi_i, spi_r, first, exchange, flags, message_id, n, version=0x20):
    return spi_i + spi_r + struct.pack(">BBBBII", first, version, exchange, flags, message_id, 28 + n)


class Message:
    """A datagram taken apart as far as it is in clear."""

    def __init__(self, data):
        self.data = data
        self.spi_i, self.spi_r = data[:8], data[8:16]
        self.first, self.version, self.exchange, self.flags, self.message_id, n = struct.unpack_from(">BBBBII", data, 16)
        assert n == len(data), "the length field of the header is wrong"
        self.payloads = split(self.first, data[28:])


class Side:
    """What one end of an IKE SA knows.  @initiator: it is the original initiator."""

    def __init__(self, initiator):
        self.initiator = initiator
        self.spi_i, self.spi_r = os.urandom(8), bytes(8)
        if not initiator:
            self.spi_r = os.urandom(8)
        self.nonce = os.urandom(32)
        self.private = X25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.sent_first = self.received_first = b""
        self.peer_nonce = b""
        self.child_spi = os.urandom(4)
        self.counter = 0

    def clear(self, exchange, payloads, message_id=0, flags=None, version=0x20):
        flags = (INITIATOR if self.initiator else RESPONSE) if flags is None else flags
        first, body = chain(payloads)
        return header(self.spi_i, self.spi_r, first, exchange, flags, message_id, len(body), version) + body

    def init_payloads(self, extra=(), before=(), group=X25519, transforms=None, nonce=None, public=None):
        transforms = IKE_TRANSFORMS if transforms is None else transforms
        return [*before, (SA, proposal(1, IKE, b"", transforms)),
                (KE, struct.pack(">HH", group, 0) + (self.public if public is None else public)),
                (NONCE, self.nonce if nonce is None else nonce), *extra]

    def derive(self, peer_public, peer_nonce, old=None):
        """@old: the Side in whose place this one is (section 2.18); else as after IKE_SA_INIT (section 2.14)."""
        self.peer_nonce = peer_nonce
        secret = self.private.exchange(X25519PublicKey.from_public_bytes(peer_public))
        ni, nr = (self.nonce, peer_nonce) if self.initiator else (peer_nonce, self.nonce)
        seed = prf(ni + nr, secret) if old is None else prf(old.sk_d, secret + ni + nr)
        keys = prf_plus(seed, ni + nr + self.spi_i + self.spi_r, 3 * 32 + 2 * 20)
        self.sk_d, keys = keys[:32], keys[32:]
        sk_ei, sk_er, sk_pi, sk_pr = keys[:20], keys[20:40], keys[40:72], keys[72:104]
        self.seal_key, self.open_key = (sk_ei, sk_er) if self.initiator else (sk_er, sk_ei)
        self.sk_p, self.peer_sk_p = (sk_pi, sk_pr) if self.initiator else (sk_pr, sk_pi)

    def rekey_payloads(self, spi=None, group=X25519):
        """Our half of a CREATE_CHILD_SA that makes this Side in another one's place (section 1.3.2)."""
        spi = (self.spi_i if self.initiator else self.spi_r) if spi is None else spi
        return [(SA, proposal(1, IKE, spi, IKE_TRANSFORMS)), (NONCE, self.nonce), (KE, struct.pack(">HH", group, 0) + self.public)]

    def succeed(self, old, payloads):
        """The peer's half."""
        offer = find(payloads, SA)
        assert offer[5] == IKE and offer[6] == 8, "the proposal has no IKE SPI of eight octets"
        if self.initiator:
            self.spi_r = offer[8:16]
        else:
            self.spi_i = offer[8:16]
        self.derive(find(payloads, KE)[4:], find(payloads, NONCE), old)

    def auth(self, psk, id_body):
        signed = self.sent_first + self.peer_nonce + prf(self.sk_p, id_body)
        return prf(prf(psk, b"Key Pad for IKEv2"), signed)

    def peer_auth(self, psk, id_body):
        signed = self.received_first + self.nonce + prf(self.peer_sk_p, id_body)
        return prf(prf(psk, b"Key Pad for IKEv2"), signed)

    def sealed(self, exchange, payloads, message_id, flags=None, raw=None, version=0x20, spoil=False):
        """@raw: (first payload, bytes) in place of well-formed payloads."""
        flags = (INITIATOR if self.initiator else 0) if flags is None else flags
        first, body = raw if raw is not None else chain(payloads)
        return self.seal(exchange, first, body, message_id, flags, version=version, spoil=spoil)

    def seal(self, exchange, first, body, message_id, flags, place=None, version=0x20, spoil=False):
        """@place: (number, total) of a fragment (RFC 7383 section 2.5); None: the whole message, in SK."""
        fields = struct.pack(">HH", *place) if place else b""
        self.counter += 1
        iv = struct.pack(">Q", self.counter)
        text = body + b"\0"  # no padding, pad length 0
        n = 4 + len(fields) + len(iv) + len(text) + 16
        head = header(self.spi_i, self.spi_r, SKF if place else SK, exchange, flags, message_id, n, version)
        head += struct.pack(">BBH", first, 0, n) + fields
        sealed = AESGCM(self.seal_key[:16]).encrypt(self.seal_key[16:] + iv, text, head)
        if spoil:
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        return head + iv + sealed

    def fragments(self, exchange, payloads, message_id, total, flags=None):
        """The same message in @total datagrams."""
        flags = (INITIATOR if self.initiator else 0) if flags is None else flags
        first, body = chain(payloads)
        size = -(-len(body) // total)
        return [self.seal(exchange, 0 if i else first, body[i * size:(i + 1) * size], message_id, flags, place=(i + 1, total))
                for i in range(total)]

    def decrypt(self, message, n_fields=0):
        """(Next Payload, text) of the SK or SKF payload; an AssertionError when it is not authentic."""
        body = message.payloads[-1][1][n_fields:]
        head = message.data[:len(message.data) - len(body)]
        try:
            text = AESGCM(self.open_key[:16]).decrypt(self.open_key[16:] + body[:8], body[8:], head)
        except InvalidTag as error:
            raise AssertionError("the message is not authentic") from error
        return head[-4 - n_fields], text[:len(text) - 1 - text[-1]]

    def open(self, message):
        """The inner payloads of a Message that came whole."""
        assert message.payloads and message.payloads[-1][0] == SK, "the message is not encrypted"
        return split(*self.decrypt(message))

    def join(self, messages):
        """The inner payloads of a message that came in fragments, all of them and in order."""
        first, body = 0, b""
        for i, message in enumerate(messages):
            assert [p[0] for p in message.payloads] == [SKF], "it is not a fragment and nothing else"
            assert struct.unpack_from(">HH", message.payloads[0][1]) == (i + 1, len(messages)), "another fragment was expected"
            following, text = self.decrypt(message, 4)
            assert (following == 0) == (i > 0), "the first fragment, and no other, names the first payload"
            first, body = first or following, body + text
        return split(first, body)
