# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon asks: rules of RFC 7296 for the initiator, each a claim."""

import struct

import ike
from ike import N
from tester import OUR_NET, PSK, THEIR_NET, claim


def asked(wire, daemon, connection="out"):
    """The daemon is told to initiate; gives the command and its first message."""
    command = daemon.start("--timeout", "12", "initiate", connection)
    request = wire.receive(5)
    assert request and request.exchange == ike.IKE_SA_INIT and request.flags == ike.INITIATOR and request.spi_r == bytes(8)
    assert request.message_id == 0
    return command, request


def ended(command):
    command.communicate(timeout=30)
    return command.returncode


def answer_init(side, request, **changes):
    """A good IKE_SA_INIT response, with keys derived."""
    side.spi_i, side.received_first = request.spi_i, request.data
    side.sent_first = side.clear(ike.IKE_SA_INIT, side.init_payloads(**changes))
    side.derive(ike.find(request.payloads, ike.KE)[4:], ike.find(request.payloads, ike.NONCE))
    return side.sent_first


def auth_request(wire, side):
    """The daemon's IKE_AUTH request, opened and its proof checked.  It may have repeated the request before, if we were slow."""
    request = wire.receive(5)
    while request and request.exchange == ike.IKE_SA_INIT and request.spi_i == side.spi_i:
        request = wire.receive(5)
    assert request and request.exchange == ike.IKE_AUTH and request.message_id == 1 and request.flags == ike.INITIATOR
    inner = side.open(request)
    assert ike.find(inner, ike.AUTH)[4:] == side.peer_auth(PSK, ike.find(inner, ike.IDI)), "the daemon's AUTH is wrong"
    return inner


def auth_response(side, psk=PSK, tsi=(THEIR_NET,), tsr=(OUR_NET,), transforms=None, extra=(), name="tester.test"):
    who = ike.identity(ike.IDR, name)
    transforms = ike.ESP_TRANSFORMS if transforms is None else transforms
    return side.sealed(ike.IKE_AUTH, [
        who, (ike.AUTH, struct.pack(">B3x", 2) + side.auth(psk, who[1])),
        (ike.SA, ike.proposal(1, ike.ESP, side.child_spi, transforms)),
        ike.selectors(ike.TSI, *tsi), ike.selectors(ike.TSR, *tsr), *extra], 1, flags=ike.RESPONSE)


def established(wire, daemon):
    """The whole way; gives the side."""
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side))
    assert ended(command) == 0
    return side


@claim
def as_initiator_an_SA_with_its_child_is_set_up(wire, daemon):
    established(wire, daemon)
    assert "ESTABLISHED" in daemon.sas() and "INSTALLED" in daemon.sas()


@claim
def s2_1_a_request_without_answer_is_repeated_bit_for_bit(wire, daemon):
    command, request = asked(wire, daemon)
    again = wire.receive(10)
    assert again and again.data == request.data
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    first = wire.receive(5)
    assert first and first.exchange == ike.IKE_AUTH and wire.receive(10).data == first.data
    wire.send(auth_response(side))
    assert ended(command) == 0


@claim
def s2_6_a_cookie_is_returned_first_and_all_else_stays(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    side.spi_i, own, side.spi_r = request.spi_i, side.spi_r, bytes(8)
    again = wire.ask(side.clear(ike.IKE_SA_INIT, [ike.notify("COOKIE", b"biscuit")]))
    assert again and again.spi_i == request.spi_i and again.message_id == 0
    assert again.payloads[0][0] == ike.NOTIFY and ike.notifies(again.payloads)[N["COOKIE"]] == b"biscuit"
    assert [p for p in again.payloads[1:]] == request.payloads
    side.spi_r = own
    wire.send(answer_init(side, again))
    auth_request(wire, side)
    wire.send(auth_response(side))
    assert ended(command) == 0


@claim
def s1_3_INVALID_KE_PAYLOAD_is_followed_to_an_offered_group(wire, daemon):
    command, request = asked(wire, daemon, "two-groups")
    assert struct.unpack_from(">H", ike.find(request.payloads, ike.KE))[0] == ike.MODP_2048
    side = ike.Side(initiator=False)
    side.spi_i, own, side.spi_r = request.spi_i, side.spi_r, bytes(8)
    again = wire.ask(side.clear(ike.IKE_SA_INIT, [ike.notify("INVALID_KE_PAYLOAD", struct.pack(">H", ike.X25519))]))
    assert again and struct.unpack_from(">H", ike.find(again.payloads, ike.KE))[0] == ike.X25519
    assert ike.find(again.payloads, ike.SA) == ike.find(request.payloads, ike.SA), "the offer stays whole"
    side.spi_r = own
    wire.send(answer_init(side, again))
    auth_request(wire, side)
    wire.send(auth_response(side))
    assert ended(command) == 0


@claim
def s1_3_INVALID_KE_PAYLOAD_with_a_group_not_offered_is_not_followed(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    side.spi_i, side.spi_r = request.spi_i, bytes(8)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, [ike.notify("INVALID_KE_PAYLOAD", struct.pack(">H", 2))]), 4)
    assert answer is None or answer.data == request.data
    daemon.clear()
    assert ended(command) != 0


@claim
def s2_21_1_a_forged_refusal_does_not_end_the_attempt(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    forged = ike.Side(initiator=False)
    forged.spi_i, forged.spi_r = request.spi_i, bytes(8)
    wire.send(forged.clear(ike.IKE_SA_INIT, [ike.notify("NO_PROPOSAL_CHOSEN")]))
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side))
    assert ended(command) == 0


@claim
def a_refused_proposal_is_reported_with_its_exit_status(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    side.spi_i, side.spi_r = request.spi_i, bytes(8)
    wire.send(side.clear(ike.IKE_SA_INIT, [ike.notify("NO_PROPOSAL_CHOSEN")]))
    assert ended(command) == 21
    assert daemon.sas() == ""


@claim
def s2_7_an_answer_with_what_was_not_offered_is_refused(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request, transforms=[(1, 20, 256), (2, 5), (4, ike.X25519)]))
    answer = wire.receive(1)
    assert answer is None or answer.exchange == ike.IKE_SA_INIT
    daemon.clear()
    assert ended(command) != 0


@claim
def s2_15_a_responder_with_the_wrong_key_is_refused(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side, psk=b"not it"))
    assert ended(command) == 24
    assert "ESTABLISHED" not in daemon.sas()


@claim
def a_responder_with_another_identity_is_refused(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side, name="stranger.test"))
    assert ended(command) != 0 and "ESTABLISHED" not in daemon.sas()


@claim
def s2_21_2_AUTHENTICATION_FAILED_ends_the_SA(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(side.sealed(ike.IKE_AUTH, [ike.notify("AUTHENTICATION_FAILED")], 1, flags=ike.RESPONSE))
    assert ended(command) == 23
    assert daemon.sas() == ""


@claim
def s2_9_a_narrower_answer_is_accepted(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side, tsr=(("10.1.0.8", "10.1.0.15"),)))
    assert ended(command) == 0 and "10.1.0.8/29" in daemon.sas()


@claim
def s2_9_a_wider_answer_makes_no_child(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    wire.send(auth_response(side, tsr=(("10.0.0.0", "10.255.255.255"),)))
    assert ended(command) != 0 and "INSTALLED" not in daemon.sas()


@claim
def s1_2_a_refused_child_leaves_the_IKE_SA(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    auth_request(wire, side)
    who = ike.identity(ike.IDR, "tester.test")
    wire.send(side.sealed(ike.IKE_AUTH, [who, (ike.AUTH, struct.pack(">B3x", 2) + side.auth(PSK, who[1])), ike.notify("TS_UNACCEPTABLE")],
                          1, flags=ike.RESPONSE))
    assert ended(command) == 22
    assert "ESTABLISHED" in daemon.sas() and "INSTALLED" not in daemon.sas()


@claim
def malformed_and_forged_responses_are_ignored(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    good = answer_init(side, request)
    for n in range(28, len(good), 7):
        wire.send(good[:24] + struct.pack(">I", n) + good[28:n])
    wire.drain()
    wire.send(good)
    auth_request(wire, side)
    response = auth_response(side)
    wire.send(response[:-1] + bytes([response[-1] ^ 1]))
    wire.send(response)
    assert ended(command) == 0


@claim
def terminating_sends_a_Delete_and_waits_for_its_answer(wire, daemon):
    side = established(wire, daemon)
    command = daemon.start("--timeout", "10", "terminate", "out")
    request = wire.receive(5)
    assert request and request.exchange == ike.INFORMATIONAL and request.message_id == 2
    assert ike.find(side.open(request), ike.DELETE) == struct.pack(">BBH", 1, 0, 0)
    wire.send(side.sealed(ike.INFORMATIONAL, [], 2, flags=ike.RESPONSE))
    assert ended(command) == 0 and daemon.sas() == ""


def rekey_request(wire, old, message_id):
    """The daemon's CREATE_CHILD_SA for the IKE SA, opened."""
    request = wire.receive(5)
    assert request and request.exchange == ike.CREATE_CHILD_SA and request.message_id == message_id
    return old.open(request)


@claim
def s1_3_2_the_daemon_rekeys_the_IKE_SA_and_deletes_the_old_one(wire, daemon):
    old = established(wire, daemon)
    daemon.ctl("rekey", "--ike", "out")
    inner = rekey_request(wire, old, 2)
    assert ike.find(inner, ike.TSI) is None and ike.find(inner, ike.KE)[:2] == struct.pack(">H", ike.X25519)
    side = ike.Side(initiator=False)
    side.succeed(old, inner)
    wire.send(old.sealed(ike.CREATE_CHILD_SA, side.rekey_payloads(), 2, flags=ike.RESPONSE))
    request = wire.receive(5)
    assert request and request.message_id == 3 and request.spi_r == old.spi_r
    assert ike.find(old.open(request), ike.DELETE) == struct.pack(">BBH", 1, 0, 0)
    wire.send(old.sealed(ike.INFORMATIONAL, [], 3, flags=ike.RESPONSE))
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [], 0, flags=0))
    assert answer and side.open(answer) == [], "the new SA does not answer"
    sas = daemon.sas()
    assert sas.count("ESTABLISHED") == 1 and sas.count("INSTALLED") == 1 and side.spi_i.hex() in sas


@claim
def s2_25_a_rekeying_that_meets_TEMPORARY_FAILURE_leaves_the_SA(wire, daemon):
    old = established(wire, daemon)
    daemon.ctl("rekey", "--ike", "out")
    rekey_request(wire, old, 2)
    wire.send(old.sealed(ike.CREATE_CHILD_SA, [ike.notify("TEMPORARY_FAILURE")], 2, flags=ike.RESPONSE))
    answer = wire.ask(old.sealed(ike.INFORMATIONAL, [], 0, flags=0))
    assert answer and old.open(answer) == []
    assert daemon.sas().count("INSTALLED") == 1
