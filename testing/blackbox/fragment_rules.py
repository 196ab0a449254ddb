# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages in fragments: rules of RFC 7383 for both roles, each a claim.  The daemon's fragment_size is 256."""

import os
import struct

import ike
from ike import N
from initiator_rules import answer_init, asked, ended
from responder_rules import alive
from tester import OUR_NET, PSK, THEIR_NET, auth_payloads, begin, claim, establish

ANNOUNCED = [ike.notify("IKEV2_FRAGMENTATION_SUPPORTED")]
HEADERS = 20 + 8 + 4  # of IPv4 and UDP, and the non-ESP marker, which counts always
NETS = [(f"10.1.0.{16 * i}", f"10.1.0.{16 * i + 7}") for i in range(12)]


def begun(wire):
    """IKE_SA_INIT with fragmentation agreed on."""
    side = ike.Side(initiator=True)
    side.sent_first = side.clear(ike.IKE_SA_INIT, side.init_payloads(extra=ANNOUNCED))
    answer = wire.ask(side.sent_first)
    assert answer and ike.notifies(answer.payloads).get(N["IKEV2_FRAGMENTATION_SUPPORTED"]) == b"", "not announced"
    side.spi_r, side.received_first = answer.spi_r, answer.data
    side.derive(ike.find(answer.payloads, ike.KE)[4:], ike.find(answer.payloads, ike.NONCE))
    return side


def established(wire):
    """The whole way, with a request in four fragments; gives the side and these."""
    side = begun(wire)
    request = side.fragments(ike.IKE_AUTH, auth_payloads(side), 1, 4)
    for datagram in request:
        wire.send(datagram)
    answer = wire.receive()
    assert answer and ike.find(side.open(answer), ike.AUTH), "the response is short: it comes whole"
    return side, request


@claim
def s7383_2_3_fragmentation_is_announced_to_who_announces_it_alone(wire, daemon):
    begun(wire)
    side = ike.Side(initiator=True)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads()))
    assert N["IKEV2_FRAGMENTATION_SUPPORTED"] not in ike.notifies(answer.payloads)


@claim
def s7383_2_4_fragments_that_were_not_agreed_on_are_ignored(wire, daemon):
    side = begin(wire)
    for datagram in side.fragments(ike.IKE_AUTH, auth_payloads(side), 1, 2):
        wire.silent(datagram)
    answer = wire.ask(side.sealed(ike.IKE_AUTH, auth_payloads(side), 1))
    assert answer and ike.find(side.open(answer), ike.AUTH)


@claim
def s7383_2_5_a_long_response_comes_in_fragments_of_the_size_that_was_set(wire, daemon):
    side = begun(wire)
    wire.send(side.sealed(ike.IKE_AUTH, auth_payloads(side, tsi=NETS), 1))
    messages = wire.receive_fragments()
    assert len(messages) >= 2 and max(len(m.data) for m in messages) + HEADERS <= 256
    for message in messages:
        assert (message.exchange, message.message_id, message.flags) == (ike.IKE_AUTH, 1, ike.RESPONSE)
    payloads = side.join(messages)
    assert ike.find(payloads, ike.AUTH)[4:] == side.peer_auth(PSK, ike.find(payloads, ike.IDR))
    assert ike.find(payloads, ike.TSI)[0] == len(NETS)
    assert "INSTALLED" in daemon.sas() and "fragmentation" in daemon.ctl("list-sas")


@claim
def s7383_2_6_fragments_come_in_any_order_and_forged_ones_change_nothing(wire, daemon):
    side = begun(wire)
    request = side.fragments(ike.IKE_AUTH, auth_payloads(side), 1, 5)
    for number in (3, 5, 1, 2):
        forged = bytearray(request[number - 1])
        forged[-1] ^= 1
        wire.send(bytes(forged))
        wire.send(request[number - 1])
        wire.send(request[number - 1])
        wire.send(side.seal(ike.IKE_AUTH, 0, b"x" * 20, 1, ike.INITIATOR, place=(1, 200), spoil=True))
        wire.send(side.seal(ike.IKE_AUTH, 0, b"", 1, ike.INITIATOR, place=(6, 5)))
        wire.send(side.seal(ike.IKE_AUTH, 0, b"", 1, ike.INITIATOR, place=(0, 5)))
        wire.send(side.seal(ike.IKE_AUTH, 0, b"", 1, ike.INITIATOR, place=(4, 4)))
    assert wire.receive(0.4) is None
    answer = wire.ask(request[3])
    assert answer and ike.find(side.open(answer), ike.AUTH)
    wire.drain()
    assert daemon.sas().count("INSTALLED") == 1


@claim
def s7383_2_6_more_and_smaller_fragments_start_over(wire, daemon):
    side = begun(wire)
    large = side.fragments(ike.IKE_AUTH, auth_payloads(side), 1, 2)
    small = side.fragments(ike.IKE_AUTH, auth_payloads(side), 1, 7)
    wire.silent(large[0], 0.2)
    wire.silent(small[0], 0.2)
    wire.silent(large[1], 0.2)
    for datagram in small[1:-1]:
        wire.send(datagram)
    answer = wire.ask(small[-1])
    assert answer and ike.find(side.open(answer), ike.AUTH)


@claim
def s7383_2_6_1_an_answered_request_is_answered_again_by_its_first_fragment_alone(wire, daemon):
    side, request = established(wire)
    for datagram in request[1:]:
        wire.silent(datagram, 0.2)
    first, again = wire.ask(request[0]), wire.ask(request[0])
    assert first and again and first.data == again.data
    wire.silent(request[0][:-1] + bytes([request[0][-1] ^ 1]), 0.2)
    assert daemon.sas().count("INSTALLED") == 1
    alive(wire, side, 2)


@claim
def s7383_2_6_a_request_that_comes_whole_meanwhile_is_taken(wire, daemon):
    side, _ = established(wire)
    wire.silent(side.fragments(ike.INFORMATIONAL, [(ike.VENDOR, b"x" * 100)], 2, 2)[0], 0.2)
    alive(wire, side, 2)
    alive(wire, side, 3)


@claim
def s7383_5_more_than_64_KB_of_one_message_end_the_SA(wire, daemon):
    side, _ = established(wire)
    for number in range(1, 66):
        wire.send(side.seal(ike.INFORMATIONAL, 0, os.urandom(1000), 2, ike.INITIATOR, place=(number, 256)))
    assert "ESTABLISHED" in daemon.sas()
    wire.send(side.seal(ike.INFORMATIONAL, 0, os.urandom(1000), 2, ike.INITIATOR, place=(66, 256)))
    assert daemon.sas() == ""
    establish(wire)


@claim
def s7383_5_what_strangers_leave_unfinished_is_in_nobody_s_way(wire, daemon):
    for _ in range(8):  # fewer than would bring cookies
        side = begun(wire)
        for number in range(2, 60):
            wire.send(side.seal(ike.IKE_AUTH, 0, os.urandom(1000), 1, ike.INITIATOR, place=(number, 60)))
    wire.drain()
    established(wire)


# ---- the daemon asks

def asked_in_fragments(wire, daemon):
    """The daemon's IKE_AUTH request in fragments; gives the command, the side, and the datagrams."""
    command, request = asked(wire, daemon)
    assert ike.notifies(request.payloads).get(N["IKEV2_FRAGMENTATION_SUPPORTED"]) == b"", "not announced"
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request, extra=ANNOUNCED))
    return command, side, wire.receive_fragments(5)


def auth_answer(side):
    who = ike.identity(ike.IDR, "tester.test")
    return [who, (ike.AUTH, struct.pack(">B3x", 2) + side.auth(PSK, who[1])),
            (ike.SA, ike.proposal(1, ike.ESP, side.child_spi, ike.ESP_TRANSFORMS)),
            ike.selectors(ike.TSI, THEIR_NET), ike.selectors(ike.TSR, OUR_NET)]


@claim
def s7383_as_initiator_both_messages_of_IKE_AUTH_are_in_fragments(wire, daemon):
    command, side, request = asked_in_fragments(wire, daemon)
    assert max(len(m.data) for m in request) + HEADERS <= 256
    inner = side.join(request)
    assert ike.find(inner, ike.AUTH)[4:] == side.peer_auth(PSK, ike.find(inner, ike.IDI)), "the daemon's AUTH is wrong"
    for datagram in reversed(side.fragments(ike.IKE_AUTH, auth_answer(side), 1, 5, flags=ike.RESPONSE)):
        wire.send(datagram)
    assert ended(command) == 0
    assert "ESTABLISHED" in daemon.sas() and "INSTALLED" in daemon.sas()


@claim
def s7383_as_initiator_the_same_fragments_are_sent_again(wire, daemon):
    command, side, first = asked_in_fragments(wire, daemon)
    again = wire.receive_fragments(5)
    assert [m.data for m in first] == [m.data for m in again], "a retransmission differs"
    response = side.fragments(ike.IKE_AUTH, auth_answer(side), 1, 3, flags=ike.RESPONSE)
    wire.send(response[2])  # the rest is lost, and asked for again
    third = wire.receive_fragments(5)
    assert [m.data for m in first] == [m.data for m in third]
    wire.send(response[0])
    wire.send(response[1])
    assert ended(command) == 0


@claim
def s7383_2_4_as_initiator_nothing_is_fragmented_that_the_responder_did_not_agree_to(wire, daemon):
    command, request = asked(wire, daemon)
    side = ike.Side(initiator=False)
    wire.send(answer_init(side, request))
    whole = wire.receive(5)
    assert whole and ike.find(side.open(whole), ike.AUTH)
    for datagram in side.fragments(ike.IKE_AUTH, auth_answer(side), 1, 2, flags=ike.RESPONSE):
        wire.send(datagram)
    assert wire.receive(5).data == whole.data, "fragments are no answer to it"
    wire.send(side.sealed(ike.IKE_AUTH, auth_answer(side), 1, flags=ike.RESPONSE))
    assert ended(command) == 0
