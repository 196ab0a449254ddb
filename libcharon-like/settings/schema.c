/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/schema.c - the keys of the files: what stands at the top, in `daemon`, `secrets` and `plugins`. */
#include "settings/schema.h"

static const char *const nothing[] = { NULL };

static const ObolSettingSpec daemon_members[] = {
    { .name = "log_level", .type = OBOL_TYPE_INTEGER, .fallback = "1", .max = 4,
      .doc = "What is logged: 0 outcomes, 1 steps as well, 2 and above debugging." },
    { .name = "cookie_threshold", .type = OBOL_TYPE_INTEGER, .fallback = "30", .max = 1000000,
      .doc = "Half-open IKE SAs above which an initiator must return a cookie (RFC 7296 section 2.6); 0: always." },
    { .name = "half_open_limit", .type = OBOL_TYPE_INTEGER, .fallback = "1000", .min = 1, .max = 1000000,
      .doc = "Half-open IKE SAs above which new ones are refused." },
    { .name = "half_open_per_address", .type = OBOL_TYPE_INTEGER, .fallback = "10", .min = 1, .max = 1000000,
      .doc = "Half-open IKE SAs with one peer address above which that address is refused more." },
    { .name = "ike_sa_limit", .type = OBOL_TYPE_INTEGER, .fallback = "0", .max = 10000000,
      .doc = "IKE SAs above which new ones are refused; 0: no limit." },
    { .name = "cookie_lifetime", .type = OBOL_TYPE_DURATION, .fallback = "30s", .min = G_TIME_SPAN_SECOND,
      .max = G_TIME_SPAN_HOUR, .doc = "How often the secret behind the cookies is renewed; the last one stays good as long again." },
    { .name = "lingering_limit", .type = OBOL_TYPE_INTEGER, .fallback = "1000", .max = 1000000,
      .doc = "IKE SAs that are gone and kept until their peers have ceased to ask for the last answer again; the oldest makes room." },
    { .name = "lingering_memory", .type = OBOL_TYPE_SIZE, .fallback = "4M", .max = G_MAXINT32,
      .doc = "Memory for them at most, likewise." },
    { .name = "stray_replies_per_second", .type = OBOL_TYPE_INTEGER, .fallback = "10", .max = 10000,
      .doc = "Answers a second at most to messages that belong to no IKE SA." },
    { .name = "state_dir", .type = OBOL_TYPE_TEXT, .restart = TRUE,
      .doc = "Where the daemon keeps what has to outlive it: the secret of crash_detection. Unset: lib/obol of the installation's var. "
             "Read at the start alone." },
    { .name = "install_routes", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Install routes to the far networks of tunnels, where the kernel plugin does not bring packets to them itself and a "
             "network plugin is there; no: the admin has routes. For tunnels that come up from then on." },
    { .name = "route_source", .type = OBOL_TYPE_BOOL, .fallback = "yes",
      .doc = "Such routes name an address of ours inside of local_ts as source for what this machine itself sends." },
    { .name = "routing_table", .type = OBOL_TYPE_INTEGER, .only = nothing,
      .why = "it is the network plugin's, plugins.network-netlink.table." },
    { .name = "routing_table_prio", .type = OBOL_TYPE_INTEGER, .only = nothing,
      .why = "it is the network plugin's, plugins.network-netlink.rule_priority." },
    { .name = "ike_port", .type = OBOL_TYPE_INTEGER, .only = nothing,
      .why = "it is the socket plugin's, plugins.socket-default.ike_port." },
    { .name = "nat_t_port", .type = OBOL_TYPE_INTEGER, .only = nothing,
      .why = "it is the socket plugin's, plugins.socket-default.nat_t_port." },
    { NULL },
};

static const ObolSettingSpec shared_key_members[] = {
    { .name = "secret", .type = OBOL_TYPE_TEXT, .secret = TRUE,
      .doc = "The shared key: text, 0x and hexadecimal digits, or 0s and base64." },
    { .name = "file", .type = OBOL_TYPE_TEXT,
      .doc = "A file with the shared key in the same notation, without its last line feed; relative to the file that names it." },
    { .name = "id*", .type = OBOL_TYPE_LIST,
      .doc = "Identities that the key belongs to, one text or a list, in any number of keys id, id1, id-peer; none: anybody." },
    { NULL },
};

#define NOT_YET(pattern, reason) { .name = pattern, .type = OBOL_TYPE_SECTION, .only = nothing, .why = reason }

static const ObolSettingSpec secrets_members[] = {
    { .name = "*", .type = OBOL_TYPE_SECTION, .members = shared_key_members,
      .doc = "A pre-shared key of IKE: any name but those that swanctl.conf gives to other kinds of secrets." },
    NOT_YET("eap*", "no EAP method is there."),
    NOT_YET("ntlm*", "no EAP method is there."),
    NOT_YET("xauth*", "XAuth is IKEv1's, and Obol speaks IKEv2 alone."),
    NOT_YET("ppk*", "post-quantum pre-shared keys (RFC 8784) are not there."),
    NOT_YET("private*", "certificates and private keys are not there."),
    NOT_YET("rsa*", "certificates and private keys are not there."),
    NOT_YET("ecdsa*", "certificates and private keys are not there."),
    NOT_YET("pkcs8*", "certificates and private keys are not there."),
    NOT_YET("pkcs12*", "certificates and private keys are not there."),
    NOT_YET("token*", "certificates and private keys are not there."),
    { NULL },
};

const ObolSettingSpec obol_schema[] = {
    { .name = "daemon", .type = OBOL_TYPE_SECTION, .members = daemon_members, .doc = "The daemon as a whole." },
    { .name = "connections", .type = OBOL_TYPE_SECTIONS, .members = obol_schema_connection,
      .doc = "Peers and how to talk to them, a section for each under a name of your choice." },
    { .name = "secrets", .type = OBOL_TYPE_SECTION, .members = secrets_members,
      .doc = "Shared keys. The file they stand in must be readable by its owner alone." },
    /* What a plugin knows is in its own schema, which the bus checks once the plugin is loaded. */
    { .name = "plugins", .type = OBOL_TYPE_SECTIONS, .doc = "A section for each plugin, named as the plugin." },
    { .name = "pools", .type = OBOL_TYPE_SECTIONS, .members = obol_schema_pool,
      .doc = "Virtual addresses for peers, a section for each pool under a name of your choice, for connections.NAME.pools." },
    NOT_YET("authorities", "certificates are not there."),
    { NULL },
};
