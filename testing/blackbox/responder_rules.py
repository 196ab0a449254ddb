# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon answers: rules of RFC 7296 for the responder, each a claim."""

import os
import struct

import ike
from ike import N
from tester import OUR_NET, THEIR_NET, Wire, adopt, auth_payloads, authenticate, begin, claim, establish


def told(payloads, kind):
    found = ike.notifies(payloads)
    assert N[kind] in found, f"no {kind} but {found} in {[p[0] for p in payloads]}"
    return found[N[kind]]


def alive(wire, side, message_id):
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [], message_id))
    assert answer and side.open(answer) == [], "the SA does not answer a liveness check"


@claim
def an_ike_sa_with_its_child_is_set_up(wire, daemon):
    side, payloads = establish(wire)
    assert ike.find(payloads, ike.SA) and ike.find(payloads, ike.TSI) and ike.find(payloads, ike.TSR)
    assert "ESTABLISHED" in daemon.sas() and "INSTALLED" in daemon.sas()
    alive(wire, side, 2)


@claim
def s2_1_a_repeated_IKE_SA_INIT_gets_the_same_bytes(wire, daemon):
    side = begin(wire)
    assert wire.ask(side.sent_first).data == side.received_first


@claim
def s2_1_a_repeated_IKE_AUTH_gets_the_same_bytes(wire, daemon):
    side = begin(wire)
    request = side.sealed(ike.IKE_AUTH, auth_payloads(side), 1)
    first = wire.ask(request)
    assert first and wire.ask(request).data == first.data
    assert daemon.sas().count("INSTALLED") == 1


@claim
def s2_1_a_repeated_INFORMATIONAL_gets_the_same_bytes(wire, daemon):
    side, _ = establish(wire)
    request = side.sealed(ike.INFORMATIONAL, [], 2)
    first = wire.ask(request)
    assert first and wire.ask(request).data == first.data


@claim
def s2_2_message_ids_outside_the_window_are_ignored(wire, daemon):
    side, _ = establish(wire)
    wire.silent(side.sealed(ike.INFORMATIONAL, [], 3))
    wire.silent(side.sealed(ike.INFORMATIONAL, [], 0))
    alive(wire, side, 2)


@claim
def s2_5_another_major_version_is_refused_with_INVALID_MAJOR_VERSION(wire, daemon):
    side = ike.Side(True)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(), version=0x30))
    assert answer and answer.version == 0x20 and answer.flags & ike.RESPONSE and answer.spi_i == side.spi_i
    told(answer.payloads, "INVALID_MAJOR_VERSION")
    assert daemon.sas() == ""


@claim
def s2_5_a_higher_minor_version_is_accepted(wire, daemon):
    side = ike.Side(True)
    side.sent_first = side.clear(ike.IKE_SA_INIT, side.init_payloads(), version=0x27)
    adopt(side, wire.ask(side.sent_first))
    assert ike.find(authenticate(wire, side), ike.AUTH)


@claim
def s2_5_an_unknown_critical_payload_in_IKE_SA_INIT_is_refused_by_its_type(wire, daemon):
    side = ike.Side(True)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(extra=[(200, b"x", 0x80)])))
    assert answer and told(answer.payloads, "UNSUPPORTED_CRITICAL_PAYLOAD") == bytes([200])


@claim
def s2_5_an_unknown_payload_that_is_not_critical_is_skipped(wire, daemon):
    side = begin(wire, extra=[(200, b"whatever")], before=[(201, b"")])
    assert ike.find(authenticate(wire, side, extra=[(202, b"x")]), ike.AUTH)


@claim
def s2_5_an_unknown_critical_payload_in_an_SA_is_refused_and_the_SA_lives(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(200, b"x", 0x80)], 2))
    assert answer and told(side.open(answer), "UNSUPPORTED_CRITICAL_PAYLOAD") == bytes([200])
    alive(wire, side, 3)


@claim
def s2_5_the_critical_bit_of_a_known_payload_is_ignored(wire, daemon):
    side = ike.Side(True)
    payloads = [(p[0], p[1], 0x80) for p in side.init_payloads()]
    assert ike.find(wire.ask(side.clear(ike.IKE_SA_INIT, payloads)).payloads, ike.KE)


@claim
def s3_2_reserved_bits_are_ignored(wire, daemon):
    side = ike.Side(True)
    payloads = [(p[0], p[1], 0x7F) for p in side.init_payloads()]
    side.sent_first = side.clear(ike.IKE_SA_INIT, payloads, flags=ike.INITIATOR | 0xC7)
    adopt(side, wire.ask(side.sent_first))
    assert ike.find(authenticate(wire, side), ike.AUTH)


@claim
def s1_3_a_group_that_was_not_chosen_is_answered_with_INVALID_KE_PAYLOAD(wire, daemon):
    side = ike.Side(True)
    transforms = [(1, 20, 128), (2, 5), (4, ike.MODP_2048), (4, ike.X25519)]
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(group=ike.MODP_2048, transforms=transforms, public=b"\x77" * 256)))
    assert answer and told(answer.payloads, "INVALID_KE_PAYLOAD") == struct.pack(">H", ike.X25519)
    assert answer.spi_r == bytes(8), "nothing is set up, so there is no SPI of the responder"
    begin(wire, side=side)


@claim
def s2_7_no_common_proposal_is_answered_with_NO_PROPOSAL_CHOSEN(wire, daemon):
    side = ike.Side(True)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(transforms=[(1, 12, 256), (2, 2), (3, 2), (4, ike.X25519)])))
    assert answer
    told(answer.payloads, "NO_PROPOSAL_CHOSEN")
    assert daemon.sas() == ""


@claim
def s3_3_6_a_transform_with_an_unknown_attribute_is_not_chosen(wire, daemon):
    side = ike.Side(True)
    strange = struct.pack(">BBHBBH", 3, 0, 12, 1, 0, 20) + struct.pack(">HH", 0x8011, 5)
    good = b"".join(ike.transform(*t, last=i == 2) for i, t in enumerate(ike.IKE_TRANSFORMS))
    body = struct.pack(">BBHBBBB", 0, 0, 8 + len(strange) + len(good), 1, 1, 0, 4) + strange + good
    payloads = side.init_payloads()
    payloads[0] = (ike.SA, body)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, payloads))
    assert answer and ike.find(answer.payloads, ike.KE)


@claim
def s3_9_nonces_of_15_and_257_bytes_are_refused(wire, daemon):
    for n in (0, 15, 257):
        side = ike.Side(True)
        answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(nonce=os.urandom(n))), 0.5)
        assert answer is None or ike.find(answer.payloads, ike.KE) is None
    assert daemon.sas() == ""


@claim
def rfc7748_the_public_value_zero_is_refused(wire, daemon):
    side = ike.Side(True)
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(public=bytes(32))), 0.5)
    assert answer is None or ike.find(answer.payloads, ike.KE) is None
    answer = wire.ask(side.clear(ike.IKE_SA_INIT, side.init_payloads(public=bytes(31))), 0.5)
    assert answer is None or ike.find(answer.payloads, ike.KE) is None


@claim
def s1_2_IKE_SA_INIT_without_one_of_its_payloads_makes_no_SA(wire, daemon):
    for missing in (ike.SA, ike.KE, ike.NONCE):
        side = ike.Side(True)
        payloads = [p for p in side.init_payloads() if p[0] != missing]
        answer = wire.ask(side.clear(ike.IKE_SA_INIT, payloads), 0.5)
        assert answer is None or ike.find(answer.payloads, ike.KE) is None, missing
    assert daemon.sas() == ""


@claim
def s2_15_a_wrong_key_is_answered_with_AUTHENTICATION_FAILED_alone(wire, daemon):
    side = begin(wire)
    payloads = authenticate(wire, side, psk=b"not it")
    told(payloads, "AUTHENTICATION_FAILED")
    assert len(payloads) == 1 and "ESTABLISHED" not in daemon.sas()
    again = wire.ask(side.sealed(ike.IKE_AUTH, auth_payloads(side), 2), 0.4)
    assert again is None or N["INVALID_IKE_SPI"] in ike.notifies(again.payloads)


@claim
def an_unknown_identity_is_answered_with_AUTHENTICATION_FAILED(wire, daemon):
    side = begin(wire)
    told(authenticate(wire, side, name="stranger.test"), "AUTHENTICATION_FAILED")


@claim
def s2_21_a_forged_IKE_AUTH_is_ignored_and_the_right_one_still_works(wire, daemon):
    side = begin(wire)
    wire.silent(side.sealed(ike.IKE_AUTH, auth_payloads(side), 1, spoil=True))
    assert ike.find(authenticate(wire, side), ike.AUTH)


@claim
def s2_2_IKE_AUTH_with_another_message_id_than_1_is_ignored(wire, daemon):
    side = begin(wire)
    for message_id in (0, 2, 0xFFFFFFFF):
        wire.silent(side.sealed(ike.IKE_AUTH, auth_payloads(side), message_id))
    assert ike.find(authenticate(wire, side), ike.AUTH)


@claim
def nothing_but_IKE_AUTH_is_heard_before_authentication(wire, daemon):
    side = begin(wire)
    wire.silent(side.sealed(ike.INFORMATIONAL, [], 1))
    wire.silent(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 1, 0, 0))], 1))
    wire.silent(side.sealed(ike.CREATE_CHILD_SA, [], 1))
    assert ike.find(authenticate(wire, side), ike.AUTH)


@claim
def unprotected_messages_are_not_heard_in_an_SA(wire, daemon):
    side, _ = establish(wire)
    delete = [(ike.DELETE, struct.pack(">BBH", 1, 0, 0))]
    wire.silent(side.clear(ike.INFORMATIONAL, delete, 2, flags=ike.INITIATOR))
    wire.silent(side.clear(ike.INFORMATIONAL, [ike.notify("INVALID_IKE_SPI")], 2, flags=ike.INITIATOR | ike.RESPONSE))
    alive(wire, side, 2)


@claim
def s3_1_the_initiator_flag_must_be_right(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [], 2, flags=0), 0.4)
    assert answer is None or N["INVALID_IKE_SPI"] in ike.notifies(answer.payloads), "to the other role the SPIs name nothing"
    alive(wire, side, 2)


@claim
def s2_9_wider_selectors_are_narrowed(wire, daemon):
    _, payloads = establish(wire, tsi=(("0.0.0.0", "255.255.255.255"),), tsr=(("10.0.0.0", "10.255.255.255"),))
    assert ike.find(payloads, ike.TSI) == ike.selectors(ike.TSI, OUR_NET)[1]
    assert ike.find(payloads, ike.TSR) == ike.selectors(ike.TSR, THEIR_NET)[1]


@claim
def s2_9_foreign_selectors_get_TS_UNACCEPTABLE_and_the_IKE_SA_stays(wire, daemon):
    side, payloads = establish(wire, tsi=(("192.168.0.0", "192.168.0.255"),))
    told(payloads, "TS_UNACCEPTABLE")
    assert ike.find(payloads, ike.SA) is None
    alive(wire, side, 2)


@claim
def s1_2_no_common_ESP_proposal_is_told_and_the_IKE_SA_stays(wire, daemon):
    side, payloads = establish(wire, transforms=[(1, 3), (3, 2), (5, 0)])
    told(payloads, "NO_PROPOSAL_CHOSEN")
    alive(wire, side, 2)


@claim
def s1_3_1_transport_mode_is_not_granted_by_a_tunnel(wire, daemon):
    _, payloads = establish(wire, extra=[ike.notify("USE_TRANSPORT_MODE")])
    assert N["USE_TRANSPORT_MODE"] not in ike.notifies(payloads)


def create_child(spi, extra=(), transforms=None, nonce=None, tsi=OUR_NET, tsr=THEIR_NET):
    transforms = ike.ESP_TRANSFORMS if transforms is None else transforms
    return [*extra, (ike.SA, ike.proposal(1, ike.ESP, spi, transforms)), (ike.NONCE, nonce or os.urandom(32)),
            ike.selectors(ike.TSI, tsi), ike.selectors(ike.TSR, tsr)]


def ask_child(wire, side, message_id, spi=None, **changes):
    answer = wire.ask(side.sealed(ike.CREATE_CHILD_SA, create_child(spi or os.urandom(4), **changes), message_id))
    assert answer and answer.exchange == ike.CREATE_CHILD_SA and answer.message_id == message_id
    return side.open(answer)


def rekey_of(spi):
    return ike.notify("REKEY_SA", protocol=ike.ESP, spi=spi)


@claim
def s1_3_1_a_further_child_is_set_up(wire, daemon):
    side, _ = establish(wire)
    payloads = ask_child(wire, side, 2)
    assert ike.find(payloads, ike.SA) and len(ike.find(payloads, ike.NONCE)) >= 16 and ike.find(payloads, ike.TSI)
    assert ike.find(payloads, ike.KE) is None
    assert daemon.sas().count("INSTALLED") == 2
    alive(wire, side, 3)


@claim
def s2_1_a_repeated_CREATE_CHILD_SA_gets_the_same_bytes(wire, daemon):
    side, _ = establish(wire)
    request = side.sealed(ike.CREATE_CHILD_SA, create_child(os.urandom(4)), 2)
    first = wire.ask(request)
    assert first and wire.ask(request).data == first.data
    assert daemon.sas().count("INSTALLED") == 2


@claim
def s1_3_there_is_a_bound_on_children_and_it_is_told(wire, daemon):
    side, _ = establish(wire)
    for message_id in range(2, 40):
        payloads = ask_child(wire, side, message_id)
        if ike.find(payloads, ike.SA) is None:
            break
    told(payloads, "NO_ADDITIONAL_SAS")
    assert 8 < message_id < 40
    alive(wire, side, message_id + 1)


@claim
def s1_3_1_a_further_child_that_does_not_fit_is_refused_and_the_SA_lives(wire, daemon):
    side, _ = establish(wire)
    told(ask_child(wire, side, 2, transforms=[(1, 3), (3, 2), (5, 0)]), "NO_PROPOSAL_CHOSEN")
    told(ask_child(wire, side, 3, tsi=("192.168.0.0", "192.168.0.255")), "TS_UNACCEPTABLE")
    assert daemon.sas().count("INSTALLED") == 1
    alive(wire, side, 4)


@claim
def s1_3_1_fragments_are_not_promised(wire, daemon):
    side, _ = establish(wire)
    payloads = ask_child(wire, side, 2, extra=[ike.notify("NON_FIRST_FRAGMENTS_ALSO")])
    assert N["NON_FIRST_FRAGMENTS_ALSO"] not in ike.notifies(payloads) and ike.find(payloads, ike.SA)


@claim
def s1_3_3_a_child_is_rekeyed_and_the_old_one_deleted_by_who_asked(wire, daemon):
    side, payloads = establish(wire)
    old, ours = ike.find(payloads, ike.SA)[8:12], side.child_spi
    for i in range(5):
        fresh = os.urandom(4)
        payloads = ask_child(wire, side, 2 + 2 * i, spi=fresh, extra=[rekey_of(ours)])
        new = ike.find(payloads, ike.SA)[8:12]
        assert new != old
        answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 3, 4, 1) + ours)], 3 + 2 * i))
        assert ike.find(side.open(answer), ike.DELETE) == struct.pack(">BBH", 3, 4, 1) + old
        assert daemon.sas().count("INSTALLED") == 1
        old, ours = new, fresh


@claim
def s2_25_a_rekeying_of_an_unknown_child_gets_CHILD_SA_NOT_FOUND_with_its_SPI(wire, daemon):
    side, _ = establish(wire)
    spi = os.urandom(4)
    payloads = ask_child(wire, side, 2, extra=[rekey_of(spi)])
    told(payloads, "CHILD_SA_NOT_FOUND")
    assert any(p[0] == ike.NOTIFY and p[1][1] == 4 and p[1][4:8] == spi for p in payloads)
    alive(wire, side, 3)


@claim
def s2_9_2_a_rekeying_with_less_than_is_in_use_is_refused(wire, daemon):
    side, _ = establish(wire)
    told(ask_child(wire, side, 2, tsr=("10.2.0.7", "10.2.0.8"), extra=[rekey_of(side.child_spi)]), "TS_UNACCEPTABLE")
    assert daemon.sas().count("INSTALLED") == 1
    alive(wire, side, 3)


DELETE_IKE = [(ike.DELETE, struct.pack(">BBH", 1, 0, 0))]


def rekey_ike(wire, old, message_id):
    """New keys for the IKE SA, begun by the tester; gives the new side."""
    side = ike.Side(initiator=True)
    answer = wire.ask(old.sealed(ike.CREATE_CHILD_SA, side.rekey_payloads(), message_id))
    assert answer and answer.exchange == ike.CREATE_CHILD_SA and answer.message_id == message_id
    side.succeed(old, old.open(answer))
    return side


@claim
def s1_3_2_the_IKE_SA_is_rekeyed_and_its_children_are_the_new_one_s(wire, daemon):
    old, payloads = establish(wire)
    theirs, ours = ike.find(payloads, ike.SA)[8:12], old.child_spi
    side = rekey_ike(wire, old, 2)
    alive(wire, side, 0)
    answer = wire.ask(old.sealed(ike.INFORMATIONAL, DELETE_IKE, 3))
    assert answer and old.open(answer) == []
    sas = daemon.sas()
    assert sas.count("ESTABLISHED") == 1 and sas.count("INSTALLED") == 1 and side.spi_i.hex() in sas and "REKEYED" not in sas
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 3, 4, 1) + ours)], 1))
    assert ike.find(side.open(answer), ike.DELETE) == struct.pack(">BBH", 3, 4, 1) + theirs
    alive(wire, side, 2)


@claim
def s2_18_keys_come_of_the_old_SK_d_again_and_again(wire, daemon):
    side, _ = establish(wire)
    for i in range(4):
        old, side = side, rekey_ike(wire, side, 2 if i == 0 else 1)
        alive(wire, side, 0)
        assert old.open(wire.ask(old.sealed(ike.INFORMATIONAL, DELETE_IKE, 3 if i == 0 else 2))) == []
    assert daemon.sas().count("INSTALLED") == 1


@claim
def s2_1_a_repeated_rekeying_of_the_IKE_SA_gets_the_same_bytes(wire, daemon):
    old, _ = establish(wire)
    request = old.sealed(ike.CREATE_CHILD_SA, ike.Side(initiator=True).rekey_payloads(), 2)
    first = wire.ask(request)
    assert first and wire.ask(request).data == first.data
    assert daemon.sas().count("ESTABLISHED") == 1


@claim
def s2_25_2_a_rekeyed_IKE_SA_makes_no_more_children(wire, daemon):
    old, _ = establish(wire)
    side = rekey_ike(wire, old, 2)
    told(ask_child(wire, old, 3), "TEMPORARY_FAILURE")
    alive(wire, old, 4)
    alive(wire, side, 0)
    assert daemon.sas().count("INSTALLED") == 1


@claim
def s1_3_another_group_for_the_IKE_SA_is_told(wire, daemon):
    old, _ = establish(wire)
    answer = wire.ask(old.sealed(ike.CREATE_CHILD_SA, ike.Side(initiator=True).rekey_payloads(group=ike.MODP_2048), 2))
    assert told(old.open(answer), "INVALID_KE_PAYLOAD") == struct.pack(">H", ike.X25519)
    rekey_ike(wire, old, 3)


@claim
def s1_3_2_an_IKE_SA_without_a_new_SPI_is_not_made(wire, daemon):
    old, _ = establish(wire)
    for i, spi in enumerate((b"", bytes(8))):
        answer = wire.ask(old.sealed(ike.CREATE_CHILD_SA, ike.Side(initiator=True).rekey_payloads(spi=spi), 2 + i))
        told(old.open(answer), "NO_PROPOSAL_CHOSEN")
    alive(wire, old, 4)


@claim
def s2_1_the_answer_to_a_Delete_is_repeated_when_the_SA_has_gone(wire, daemon):
    side, _ = establish(wire)
    request = side.sealed(ike.INFORMATIONAL, DELETE_IKE, 2)
    first = wire.ask(request)
    assert first and daemon.sas() == ""
    assert wire.ask(request).data == first.data
    spoilt = wire.ask(side.sealed(ike.INFORMATIONAL, DELETE_IKE, 2, spoil=True), 0.4)
    assert spoilt is None or spoilt.data != first.data


@claim
def s2_1_AUTHENTICATION_FAILED_is_repeated(wire, daemon):
    side = begin(wire)
    request = side.sealed(ike.IKE_AUTH, auth_payloads(side, psk=b"another key"), 1)
    first = wire.ask(request)
    assert first and wire.ask(request).data == first.data
    told(side.open(first), "AUTHENTICATION_FAILED")


@claim
def s2_21_3_a_CREATE_CHILD_SA_without_its_payloads_is_told_and_ends_the_SA(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.CREATE_CHILD_SA, [(ike.NONCE, os.urandom(32))], 2))
    assert answer
    told(side.open(answer), "INVALID_SYNTAX")
    assert daemon.sas() == ""


@claim
def s1_4_1_a_deleted_child_is_answered_with_its_other_half(wire, daemon):
    side, payloads = establish(wire)
    theirs = ike.find(payloads, ike.SA)[8:12]
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 3, 4, 1) + side.child_spi)], 2))
    assert ike.find(side.open(answer), ike.DELETE) == struct.pack(">BBH", 3, 4, 1) + theirs
    assert "ESTABLISHED" in daemon.sas() and "INSTALLED" not in daemon.sas()


@claim
def s1_4_1_the_delete_of_an_unknown_child_changes_nothing(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 3, 4, 1) + os.urandom(4))], 2))
    assert ike.find(side.open(answer), ike.DELETE) is None and "INSTALLED" in daemon.sas()


@claim
def s1_4_1_a_deleted_IKE_SA_is_answered_and_gone(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [(ike.DELETE, struct.pack(">BBH", 1, 0, 0))], 2))
    assert answer and side.open(answer) == []
    assert daemon.sas() == ""


@claim
def s2_21_3_broken_syntax_in_an_SA_is_told_and_ends_it(wire, daemon):
    side, _ = establish(wire)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, None, 2, raw=(ike.NOTIFY, b"\0\0\0\3")))
    assert answer
    told(side.open(answer), "INVALID_SYNTAX")
    assert daemon.sas() == ""


@claim
def s2_21_4_a_message_to_an_unknown_SPI_gets_INVALID_IKE_SPI_or_nothing(wire, daemon):
    side, _ = establish(wire)
    side.spi_r = os.urandom(8)
    answer = wire.ask(side.sealed(ike.INFORMATIONAL, [], 2), 0.5)
    if answer:
        assert answer.flags & ike.RESPONSE and answer.message_id == 2
        told(answer.payloads, "INVALID_IKE_SPI")


@claim
def responses_to_nothing_are_ignored(wire, daemon):
    side, _ = establish(wire)
    wire.silent(side.sealed(ike.INFORMATIONAL, [], 0, flags=ike.INITIATOR | ike.RESPONSE))
    wire.silent(side.clear(ike.IKE_SA_INIT, side.init_payloads(), flags=ike.INITIATOR | ike.RESPONSE))
    alive(wire, side, 2)


@claim
def s2_4_INITIAL_CONTACT_ends_the_earlier_SA_of_that_identity(wire, daemon):
    establish(wire)
    second, _ = establish(wire, before=[ike.notify("INITIAL_CONTACT")])
    assert daemon.sas().count("ESTABLISHED") == 1
    alive(wire, second, 2)


@claim
def s2_23_a_NAT_is_noticed_and_4500_is_followed(wire, daemon):
    side = begin(wire, extra=[ike.notify("NAT_DETECTION_SOURCE_IP", os.urandom(20)), ike.notify("NAT_DETECTION_DESTINATION_IP", os.urandom(20))])
    floated = Wire(4500)
    try:
        assert ike.find(authenticate(floated, side), ike.AUTH)
        alive(floated, side, 2)
        assert "4500" in daemon.sas()
    finally:
        floated.close()


@claim
def every_truncation_of_IKE_SA_INIT_is_survived(wire, daemon):
    side = ike.Side(True)
    whole = side.clear(ike.IKE_SA_INIT, side.init_payloads(extra=[ike.notify("COOKIE", b"x" * 20), ike.notify(16430)]))
    for n in range(len(whole)):
        wire.send(whole[:n])
        wire.send(whole[:24] + struct.pack(">I", n) + whole[28:n])
    wire.drain()
    establish(wire)


@claim
def every_flipped_bit_of_IKE_SA_INIT_is_survived(wire, daemon):
    side = ike.Side(True)
    whole = side.clear(ike.IKE_SA_INIT, side.init_payloads(extra=[ike.notify(16430)]))
    for bit in range(len(whole) * 8):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        wire.send(bytes(spoiled))
        if bit % 32 == 31:
            wire.drain()
    wire.drain()
    daemon.clear()
    establish(wire)


@claim
def broken_payloads_under_the_SA_s_own_keys_are_survived(wire, daemon):
    for broken in (b"", b"\0", b"\0\0\0\0", b"\0\0\0\5", b"\xff" * 64, b"\x29\0\0\4" * 300, b"\0\0\xff\xff" + b"x" * 60):
        for first in (ike.SA, ike.KE, ike.IDI, ike.AUTH, ike.NONCE, ike.NOTIFY, ike.DELETE, ike.TSI, 47, 48, ike.SK, 53, 99):
            side = begin(wire)
            wire.ask(side.sealed(ike.IKE_AUTH, None, 1, raw=(first, broken)), 0.02)
    wire.drain()
    daemon.clear()
    establish(wire)
