/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/schema-connection.c - the keys of one connection: all that swanctl sends in load-conn, and our own.
 *
 * What Obol does not do yet is accepted as long as it is set to what Obol does, and refused with the reason otherwise: a
 * setting that is silently without effect is worse than none. */
#include "settings/schema.h"

#define WORDS(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define NO_VALUE ((const char *const[]) { NULL })
#define IKEV1 "that is IKEv1's, and Obol speaks IKEv2 alone."
#define NO_CERTIFICATES "certificates are not there; auth = \"psk\" is."
#define NO_EAP "no EAP method is there."
#define FRAGMENT_SIZE_MIN 256 /* headers, IV and ICV may be 150 of them (RFC 7383 section 2.2) */

#define AUTHENTICATION_KEYS                                                                                             \
    { .name = "round", .type = OBOL_TYPE_INTEGER, .fallback = "0", .max = 255,                                          \
      .doc = "Order among several rounds; there is one." },                                                             \
    { .name = "auth", .type = OBOL_TYPE_TEXT, .required = TRUE, .only = WORDS("psk"),                                   \
      .why = "pubkey, rsa, ecdsa and ed25519 need certificates, eap an EAP method, xauth IKEv1; none of these is there.", \
      .doc = "How this side proves who it is: psk." },                                                                  \
    { .name = "eap_id", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = NO_EAP },                                      \
    { .name = "aaa_id", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = NO_EAP },                                      \
    { .name = "xauth_id", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = IKEV1 },                                     \
    { .name = "ca_id", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = NO_CERTIFICATES },                              \
    { .name = "certs", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = NO_CERTIFICATES },                              \
    { .name = "cacerts", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = NO_CERTIFICATES },                            \
    { .name = "pubkeys", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = NO_CERTIFICATES },                            \
    { .name = "groups", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = NO_CERTIFICATES },                             \
    { .name = "cert_policy", .type = OBOL_TYPE_LIST, .only = NO_VALUE, .why = NO_CERTIFICATES },                        \
    { .name = "revocation", .type = OBOL_TYPE_ENUM, .choices = WORDS("strict", "ifuri", "relaxed"),                     \
      .only = WORDS("relaxed"), .why = NO_CERTIFICATES },                                                               \
    { .name = "cert*", .type = OBOL_TYPE_SECTION, .only = NO_VALUE, .why = NO_CERTIFICATES },                           \
    { .name = "cacert*", .type = OBOL_TYPE_SECTION, .only = NO_VALUE, .why = NO_CERTIFICATES },                         \
    { NULL }

const ObolSettingSpec obol_schema_local[] = {
    { .name = "id", .type = OBOL_TYPE_TEXT, .doc = "Who we say to be; unset: the address that we speak from." },
    AUTHENTICATION_KEYS,
};

const ObolSettingSpec obol_schema_remote[] = {
    { .name = "id", .type = OBOL_TYPE_TEXT, .fallback = "%any",
      .doc = "Who the peer must be: an identity, a pattern such as *.example.org, or %any." },
    AUTHENTICATION_KEYS,
};

const ObolSettingSpec obol_schema_retransmit[] = {
    { .name = "base", .type = OBOL_TYPE_DURATION, .fallback = "2s", .min = 10 * G_TIME_SPAN_MILLISECOND,
      .max = G_TIME_SPAN_MINUTE, .doc = "Wait for an answer before a request is sent again." },
    { .name = "factor", .type = OBOL_TYPE_TEXT, .fallback = "1.8",
      .doc = "By which each further wait is longer than the last, 1.0 to 10.0." },
    { .name = "tries", .type = OBOL_TYPE_INTEGER, .fallback = "5", .max = 30,
      .doc = "How often a request is sent again before the peer counts as gone." },
    { NULL },
};

const ObolSettingSpec obol_schema_connection[] = {
    { .name = "version", .type = OBOL_TYPE_INTEGER, .fallback = "2", .max = 2, .only = WORDS("2", "0"),
      .why = "Obol speaks IKEv2 alone.", .doc = "IKE version; 0: whatever there is, which is 2." },
    { .name = "local_addrs", .type = OBOL_TYPE_LIST, .fallback = "%any",
      .doc = "Our addresses; the first is the one we initiate from, %any lets the system choose." },
    { .name = "remote_addrs", .type = OBOL_TYPE_LIST, .fallback = "%any",
      .doc = "The peer's addresses, host names, networks or ranges; the first that is a single address or a name is called." },
    { .name = "local_port", .type = OBOL_TYPE_INTEGER, .fallback = "500", .max = 65535, .doc = "Our UDP port." },
    { .name = "remote_port", .type = OBOL_TYPE_INTEGER, .fallback = "500", .max = 65535, .doc = "The peer's UDP port." },
    { .name = "proposals", .type = OBOL_TYPE_LIST, .fallback = "default",
      .doc = "Algorithms for IKE, best first, such as aes128gcm16-prfsha256-x25519; default: those that RFC 8247 approves." },
    { .name = "local*", .type = OBOL_TYPE_SECTION, .members = obol_schema_local,
      .doc = "How we prove who we are; exactly one section whose name begins so, or none where all children pass or drop." },
    { .name = "remote*", .type = OBOL_TYPE_SECTION, .members = obol_schema_remote,
      .doc = "How the peer proves who it is; exactly one section whose name begins so." },
    { .name = "children", .type = OBOL_TYPE_SECTIONS, .members = obol_schema_child,
      .doc = "What travels through the tunnel: a section for each Child SA." },
    { .name = "rekey_time", .type = OBOL_TYPE_DURATION, .max = OBOL_LIFETIME_MAX,
      .doc = "Age at which the IKE SA is due for new keys, 4h unless reauth_time is set; 0: never." },
    { .name = "reauth_time", .type = OBOL_TYPE_DURATION, .fallback = "0s", .max = OBOL_LIFETIME_MAX,
      .doc = "Age at which the peers are to prove again who they are, by an IKE SA that is new from the beginning; new keys in "
             "between do not change it.  The initiator does it; the responder, if nothing has come of that halfway to over_time.  0: never." },
    { .name = "over_time", .type = OBOL_TYPE_DURATION, .max = OBOL_LIFETIME_MAX,
      .doc = "So long after that, when nothing has come of it, the IKE SA ends; unset: a tenth of the longer of the two; 0: it does "
             "not." },
    { .name = "rand_time", .type = OBOL_TYPE_DURATION, .max = OBOL_LIFETIME_MAX,
      .doc = "At most so much earlier than rekey_time and reauth_time, by chance; unset: over_time." },
    { .name = "make_before_break", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Reauthentication sets up the new IKE SA before it deletes the old one, and no packet is lost; no: after that." },
    { .name = "dpd_delay", .type = OBOL_TYPE_DURATION, .fallback = "0s", .max = G_TIME_SPAN_DAY,
      .doc = "Silence after which the peer is asked whether it is there; 0: never." },
    { .name = "keep_alive", .type = OBOL_TYPE_DURATION, .fallback = "20s", .max = G_TIME_SPAN_HOUR,
      .doc = "How often a NAT before us is reminded of the mapping (RFC 3948 section 4); 0: never." },
    { .name = "half_open_timeout", .type = OBOL_TYPE_DURATION, .fallback = "30s", .min = G_TIME_SPAN_SECOND,
      .max = G_TIME_SPAN_HOUR, .doc = "Time that an initiator has to prove who it is." },
    { .name = "retransmit", .type = OBOL_TYPE_SECTION, .members = obol_schema_retransmit,
      .doc = "When a request is sent again." },
    { .name = "unique", .type = OBOL_TYPE_ENUM, .fallback = "no", .choices = WORDS("no", "never", "keep", "replace"),
      .doc = "Several IKE SAs with one identity: no allows them but obeys INITIAL_CONTACT, never ignores that too, replace "
             "drops the older ones, keep refuses the new one, unless it comes by the very path of an older one, as for a "
             "reauthentication." },
    { .name = "encap", .type = OBOL_TYPE_BOOL, .fallback = "no",
      .doc = "Put ESP in UDP even without a NAT, by pretending that there is one." },
    { .name = "initial_contact", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Tell a peer with our first IKE SA to it that older ones are gone (RFC 7296 section 2.4)." },
    { .name = "follow_redirects", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "As initiator: go where a gateway sends us (RFC 5685), five times within five minutes at most. Whoever serves there has to "
             "prove the same identity; without an id in remote, that is the address we called first." },
    { .name = "redirect_to", .type = OBOL_TYPE_TEXT,
      .doc = "As responder: send clients that can be redirected to this address or name (RFC 5685); others are served." },
    { .name = "redirect_at", .type = OBOL_TYPE_ENUM, .fallback = "auth", .choices = WORDS("auth", "init"),
      .doc = "When: auth, once a client has shown who it is; init, at its first message, which costs us nothing, but then it is known "
             "by its address alone, and strangers learn where redirect_to leads." },
    { .name = "redirect_wait", .type = OBOL_TYPE_DURATION, .fallback = "30s", .min = G_TIME_SPAN_SECOND, .max = G_TIME_SPAN_HOUR,
      .doc = "So long a client that was sent away has to delete the IKE SA itself; then we do it." },
    { .name = "crash_detection", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Quick crash detection (RFC 6290): the peer gets a token, which is told to it in clear when we have lost the SA by a "
             "crash, so that it need not wait; and its token is believed likewise. See daemon.state_dir. Not for gateways that share "
             "one secret behind a load balancer." },
    { .name = "window", .type = OBOL_TYPE_INTEGER, .fallback = "1", .min = 1, .max = OBOL_WINDOW_MAX,
      .doc = "Requests of a peer's that are taken before the first of them is answered (RFC 7296 section 2.3); each response is kept "
             "for as long. More than one spares a peer with many Child SAs a round trip for each. Ours are sent as the peer allows "
             "it, 16 at most." },
    { .name = "mobike", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Addresses of the SA may change while it lives (MOBIKE, RFC 4555), with a peer who knows that too: an initiator whose "
             "address goes moves to another one of local_addrs, or tries the peer's others when it is silent; a responder lets it, "
             "where local_addrs and remote_addrs allow the new addresses, and asks a silent initiator for five minutes at least." },
    { .name = "mobike_check", .type = OBOL_TYPE_ENUM, .fallback = "before", .choices = WORDS("before", "after", "no"),
      .doc = "A peer at a new address has to show that it receives there (RFC 4555 section 3.7): before traffic is sent to it, "
             "after, or not at all." },
    { .name = "fragmentation", .type = OBOL_TYPE_ENUM, .fallback = "yes", .choices = WORDS("yes", "accept", "force", "no"),
      .doc = "IKE messages in fragments (RFC 7383), with a peer who knows them too: yes sends and takes them, accept takes "
             "them alone, no does neither. force is as yes: IKEv2 can not cut what has no keys yet, and may not cut what the "
             "peer did not ask for." },
    { .name = "fragment_size", .type = OBOL_TYPE_INTEGER, .fallback = "1280", .min = FRAGMENT_SIZE_MIN, .max = 65535,
      .doc = "Bytes of an IP datagram above which our messages are cut. 1280 passes wherever IPv6 does, and on nearly every "
             "IPv4 path. A request without answer is cut smaller, down to 576 for IPv4, where this is not less already "
             "(RFC 7383 section 2.5)." },
    { .name = "childless", .type = OBOL_TYPE_ENUM, .fallback = "never", .choices = WORDS("allow", "prefer", "force", "never"),
      .only = WORDS("never"), .why = "childless IKE SAs (RFC 6023) are not there." },
    { .name = "vips", .type = OBOL_TYPE_LIST,
      .doc = "Virtual addresses that we ask the peer for when we initiate: 0.0.0.0 and :: for whatever it gives, or addresses that we "
             "would like. local_ts = dynamic stands for what we get. Without one of them there is no Child SA." },
    { .name = "pools", .type = OBOL_TYPE_LIST,
      .doc = "Pools that peers who initiate get virtual addresses from, the first that has one; remote_ts = dynamic stands for what a "
             "peer got. Who asks for none gets no Child SA." },
    { .name = "keyingtries", .type = OBOL_TYPE_INTEGER, .fallback = "1", .only = WORDS("1"),
      .why = "one round of retransmissions is made; see retransmit." },
    { .name = "send_certreq", .type = OBOL_TYPE_BOOL, .fallback = "no", .only = WORDS("no"), .why = NO_CERTIFICATES },
    { .name = "send_cert", .type = OBOL_TYPE_ENUM, .fallback = "never",
      .choices = WORDS("always", "yes", "ifasked", "never", "no"), .only = WORDS("never", "no", "ifasked"),
      .why = NO_CERTIFICATES },
    { .name = "ocsp", .type = OBOL_TYPE_ENUM, .fallback = "never", .choices = WORDS("reply", "request", "both", "never"),
      .only = WORDS("never"), .why = NO_CERTIFICATES },
    { .name = "dscp", .type = OBOL_TYPE_TEXT, .fallback = "000000", .only = WORDS("000000"),
      .why = "IKE packets are not marked." },
    { .name = "ppk_id", .type = OBOL_TYPE_TEXT, .only = NO_VALUE,
      .why = "post-quantum pre-shared keys (RFC 8784) are not there." },
    { .name = "ppk_required", .type = OBOL_TYPE_BOOL, .fallback = "no", .only = WORDS("no"),
      .why = "post-quantum pre-shared keys (RFC 8784) are not there." },
    { .name = "if_id_in", .type = OBOL_TYPE_TEXT, .fallback = "0",
      .doc = "ID of the XFRM interface that inbound policies and SAs of all children belong to; 0: none." },
    { .name = "if_id_out", .type = OBOL_TYPE_TEXT, .fallback = "0",
      .doc = "ID of the XFRM interface that outbound policies and SAs of all children belong to; 0: none." },
    { .name = "mediation", .type = OBOL_TYPE_BOOL, .fallback = "no", .only = WORDS("no"), .why = "mediation is not there." },
    { .name = "mediated_by", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = "mediation is not there." },
    { .name = "mediation_peer", .type = OBOL_TYPE_TEXT, .only = NO_VALUE, .why = "mediation is not there." },
    { .name = "aggressive", .type = OBOL_TYPE_BOOL, .fallback = "no", .only = WORDS("no"), .why = IKEV1 },
    { .name = "pull", .type = OBOL_TYPE_BOOL, .fallback = "yes", .only = WORDS("yes"), .why = IKEV1 },
    { .name = "dpd_timeout", .type = OBOL_TYPE_DURATION, .fallback = "0s", .only = WORDS("0s"), .why = IKEV1 },
    { NULL },
};
