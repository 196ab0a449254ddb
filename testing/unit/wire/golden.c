/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/golden.c - messages written by hand after the figures of RFC 7296 section 3, RFC 7383 and RFC 5685.
 *
 * Those "as decrypted" stand in the clear, as wire does not care where payloads came from. */
#include "unit/wire/golden.h"

const ObolGolden obol_goldens[] = {
    /* IKE_SA_INIT, the usual request of an initiator behind a NAT */
    { "init-request",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "212022080000000000000114" /* next payload, version, exchange, flags, message ID, length */
      "2200005c" /* SA */
      "0200002c01010004" /* proposal 1: IKE, no SPI */
      "0300000c01000014800e0100" /*   ENCR_AES_GCM_16, 256 bits */
      "0300000802000006" /*   PRF_HMAC_SHA2_384 */
      "030000080400001f" /*   Curve25519 */
      "0000000804000014" /*   ECP-384 */
      "0000002c02010004" /* proposal 2: IKE, no SPI */
      "0300000c0100000c800e0080" /*   ENCR_AES_CBC, 128 bits */
      "030000080300000c" /*   AUTH_HMAC_SHA2_256_128 */
      "0300000802000005" /*   PRF_HMAC_SHA2_256 */
      "000000080400000e" /*   MODP-2048 */
      "28000028" /* KE */
      "001f0000" /* Curve25519 */
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f" /*   public value */
      "29000024" /* No */
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f" /* Ni */
      "2900001c" /* N */
      "00004004" /* NAT_DETECTION_SOURCE_IP */
      "101112131415161718191a1b1c1d1e1f20212223" /*   data */
      "2900001c" /* N */
      "00004005" /* NAT_DETECTION_DESTINATION_IP */
      "303132333435363738393a3b3c3d3e3f40414243" /*   data */
      "29000008" /* N */
      "0000402e" /* IKEV2_FRAGMENTATION_SUPPORTED */
      "00000010" /* N */
      "0000402f" /* SIGNATURE_HASH_ALGORITHMS */
      "0002000300040005" }, /*   data */
    /* IKE_SA_INIT, an answer that took the second proposal, with a certificate request */
    { "init-response",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "212022200000000000000181" /* next payload, version, exchange, flags, message ID, length */
      "22000030" /* SA */
      "0000002c02010004" /* proposal 2: IKE, no SPI */
      "0300000c0100000c800e0080" /*   ENCR_AES_CBC, 128 bits */
      "030000080300000c" /*   AUTH_HMAC_SHA2_256_128 */
      "0300000802000005" /*   PRF_HMAC_SHA2_256 */
      "000000080400000e" /*   MODP-2048 */
      "28000108" /* KE */
      "000e0000" /* MODP-2048 */
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" /*   public value */
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
      "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
      "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
      "26000014" /* No */
      "808182838485868788898a8b8c8d8e8f" /* Nr, of the least length */
      "00000019" /* CERTREQ */
      "04" /* X.509 Certificate - Signature */
      "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3" }, /*   SHA-1 of a public key */
    /* IKE_SA_INIT, an answer that asks for a cookie (RFC 7296 section 2.6) */
    { "cookie",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "29202220000000000000003c" /* next payload, version, exchange, flags, message ID, length */
      "00000020" /* N */
      "00004006" /* COOKIE */
      "55565758595a5b5c5d5e5f606162636465666768696a6b6c" }, /*   data */
    /* IKE_SA_INIT, an answer that wants another group */
    { "invalid-ke",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "292022200000000000000026" /* next payload, version, exchange, flags, message ID, length */
      "0000000a" /* N */
      "00000011" /* INVALID_KE_PAYLOAD: ECP-384 */
      "0014" }, /*   data */
    /* IKE_AUTH as decrypted: an initiator with a certificate */
    { "auth-request",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "23202308000000010000013f" /* next payload, version, exchange, flags, message ID, length */
      "25000019" /* IDi */
      "02000000" /* ID_FQDN */
      "696e69746961746f722e6578616d706c65" /*   'initiator.example' */
      "26000013" /* CERT */
      "04" /* X.509 Certificate - Signature */
      "3082000ad0d1d2d3d4d5d6d7d8d9" /*   the certificate, or what stands for it */
      "2400002d" /* CERTREQ */
      "04" /* X.509 Certificate - Signature */
      "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf" /*   two authorities */
      "e0e1e2e3e4e5e6e7"
      "2700001e" /* IDr */
      "03000000" /* ID_RFC822_ADDR */
      "726573706f6e64657240736974652e6578616d706c65" /*   'responder@site.example' */
      "21000020" /* AUTH */
      "0e000000" /* Digital Signature */
      "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7" /*   data */
      "2c000024" /* SA */
      "0000002001030402c0ffee01" /* proposal 1: ESP */
      "0300000c01000014800e0080" /*   ENCR_AES_GCM_16, 128 bits */
      "0000000805000000" /*   no Extended Sequence Numbers */
      "2d000018" /* TSi */
      "01000000" /* 1 selector */
      "070000100000ffff0a0100000a01ffff" /* 10.1.0.0/16, all */
      "29000040" /* TSr */
      "02000000" /* 2 selectors */
      "0706001001bb01bb0a0200010a020001" /* 10.2.0.1, tcp/443 */
      "080000280000ffff20010db800000000000000000000000020010db800000000" /* 2001:db8:: to 2001:db8::ffff:ffff:ffff */
      "0000ffffffffffff"
      "29000008" /* N */
      "00004000" /* INITIAL_CONTACT */
      "00000008" /* N */
      "00004007" }, /* USE_TRANSPORT_MODE */
    /* IKE_AUTH as decrypted: an answer with an address for the client */
    { "auth-response-config",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2420232000000001000000e1" /* next payload, version, exchange, flags, message ID, length */
      "27000018" /* IDr */
      "05000000" /* ID_IPV6_ADDR */
      "20010db8000000000000000000000001" /*   data */
      "2f000028" /* AUTH */
      "02000000" /* Shared Key Message Integrity Code */
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f" /*   data */
      "21000031" /* CP */
      "02000000" /* CFG_REPLY */
      "000100040a090007" /* INTERNAL_IP4_ADDRESS */
      "0008001120010db800090000000000000000000740" /* INTERNAL_IP6_ADDRESS */
      "000300040a090001" /* INTERNAL_IP4_DNS */
      "00070000" /* APPLICATION_VERSION, empty */
      "2c000024" /* SA */
      "00000020010304020badcafe" /* proposal 1: ESP */
      "0300000c01000014800e0080" /*   ENCR_AES_GCM_16, 128 bits */
      "0000000805000000" /*   no Extended Sequence Numbers */
      "2d000018" /* TSi */
      "01000000" /* 1 selector */
      "070000100000ffff0a0900070a090007" /* 10.9.0.7 */
      "00000018" /* TSr */
      "01000000" /* 1 selector */
      "070000100000ffff00000000ffffffff" }, /* everything */
    /* IKE_AUTH as decrypted: a configuration request of empty attributes, one with its reserved bit set */
    { "config-request",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2f2023080000000100000033" /* next payload, version, exchange, flags, message ID, length */
      "00000017" /* CP */
      "01000000" /* CFG_REQUEST */
      "00010000" /* INTERNAL_IP4_ADDRESS */
      "800a0000" /* INTERNAL_IP6_DNS, reserved bit set */
      "7fff0003616263" }, /* private use */
    /* IKE_AUTH as decrypted: EAP-Identity from the responder */
    { "eap-request",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "302023200000000200000025" /* next payload, version, exchange, flags, message ID, length */
      "00000009" /* EAP */
      "0101000501" }, /* EAP-Request, identifier 1, length 5, type Identity */
    /* IKE_AUTH as decrypted: the end of EAP */
    { "eap-success",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "302023200000000400000024" /* next payload, version, exchange, flags, message ID, length */
      "00000008" /* EAP */
      "03020004" }, /* EAP-Success, identifier 2, length 4 */
    /* CREATE_CHILD_SA as decrypted: a rekey, with ICMP and OPAQUE selectors */
    { "rekey-child",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2920240800000002000001f0" /* next payload, version, exchange, flags, message ID, length */
      "2100000c" /* N */
      "03044009c0ffee01" /* REKEY_SA of an ESP SA */
      "28000044" /* SA */
      "020000240103040311223344" /* proposal 1: ESP */
      "030000080100001c" /*   ENCR_CHACHA20_POLY1305 */
      "030000080400001f" /*   Curve25519 */
      "0000000805000001" /*   Extended Sequence Numbers */
      "0000001c0202040211223345" /* proposal 2: AH */
      "030000080300000c" /*   AUTH_HMAC_SHA2_256_128 */
      "0000000805000000" /*   no Extended Sequence Numbers */
      "22000104" /* No */
      "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20" /* Ni, of the greatest length */
      "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40"
      "4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60"
      "6162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80"
      "8182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0"
      "a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0"
      "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0"
      "e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00"
      "2c000028" /* KE */
      "001f0000" /* Curve25519 */
      "707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f" /*   public value */
      "2d000028" /* TSi */
      "02000000" /* 2 selectors */
      "07010010080008ffc0000201c0000201" /* 192.0.2.1, ICMP type 8, every code */
      "07110010ffff0000c0000201c0000201" /* 192.0.2.1, udp, OPAQUE ports */
      "00000030" /* TSr */
      "01000000" /* 1 selector */
      "083a002880008000fe800000000000000000000000000001fe80000000000000" /* fe80::1, ICMPv6 type 128, code 0 */
      "0000000000000001" },
    /* CREATE_CHILD_SA as decrypted: an IKE SA gets a successor, so the SPI has eight octets */
    { "rekey-ike",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "212024280000000500000118" /* next payload, version, exchange, flags, message ID, length */
      "28000040" /* SA */
      "0000003c01010805b1b2b3b4b5b6b7b8" /* proposal 1: IKE */
      "0300000c01000010800e00c0" /*   ENCR_AES_CCM_16, 192 bits */
      "0300000802000007" /*   PRF_HMAC_SHA2_512 */
      "0300000804000015" /*   ECP-521 */
      "0300000806000024" /*   ADDKE1: ML-KEM-768 */
      "000000080c000000" /*   ADDKE7: NONE */
      "22000024" /* No */
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf" /* Nr */
      "2900008c" /* KE */
      "00150000" /* ECP-521 */
      "030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122" /*   public value */
      "232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142"
      "434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162"
      "636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182"
      "83848586"
      "0000000c" /* N */
      "00004039" /* ADDITIONAL_KEY_EXCHANGE */
      "eeeff0f1" }, /*   data */
    /* INFORMATIONAL as decrypted: the IKE SA is deleted */
    { "delete-ike",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2a2025080000000600000024" /* next payload, version, exchange, flags, message ID, length */
      "00000008" /* D */
      "01000000" }, /* IKE, no SPI */
    /* INFORMATIONAL as decrypted: ESP and AH SAs are deleted */
    { "delete-children",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2a202520000000070000003c" /* next payload, version, exchange, flags, message ID, length */
      "2a000014" /* D */
      "03040003" /* ESP, three SPIs of four octets */
      "c0ffee01c0ffee02c0ffee03" /*   SPIs */
      "0000000c" /* D */
      "02040001" /* AH, one SPI */
      "0badcafe" }, /*   SPI */
    /* INFORMATIONAL as decrypted: a liveness check */
    { "empty",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "00202508000000080000001c" }, /* next payload, version, exchange, flags, message ID, length */
    /* IKE_AUTH as sent: all of it in an Encrypted payload whose Next Payload is IDi */
    { "encrypted",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2e2023080000000100000060" /* next payload, version, exchange, flags, message ID, length */
      "23000044" /* SK */
      "f0f1f2f3f4f5f6f7333435363738393a3b3c3d3e3f404142434445464748494a" /* IV, ciphertext, ICV */
      "4b4c4d4e4f505152535455565758595a999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8" },
    /* IKE_AUTH as sent: the second of three fragments (RFC 7383) */
    { "fragment",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "352023080000000100000064" /* next payload, version, exchange, flags, message ID, length */
      "00000048" /* SKF */
      "00020003" /* fragment 2 of 3 */
      "f0f1f2f3f4f5f6f7333435363738393a3b3c3d3e3f404142434445464748494a" /* IV, ciphertext, ICV */
      "4b4c4d4e4f505152535455565758595a999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8" },
    /* IKE_AUTH as sent: the first of 256 fragments, after a payload in clear (RFC 7383 section 2.5.3), names what is inside */
    { "first-fragment",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2b202308000000010000006e" /* next payload, version, exchange, flags, message ID, length */
      "3500000a" /* V */
      "6f626f6c2121" /* vendor ID */
      "23000048" /* SKF */
      "00010100" /* fragment 1 of 256 */
      "f0f1f2f3f4f5f6f7333435363738393a3b3c3d3e3f404142434445464748494a" /* IV, ciphertext, ICV */
      "4b4c4d4e4f505152535455565758595a999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8" },
    /* unknown payloads, not critical, around a known one that is: all are kept (section 2.5) */
    { "unknown-payloads",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "c82022080000000000000042" /* next payload, version, exchange, flags, message ID, length */
      "287f0009" /* unknown payload 200 */
      "0102030405" /* five bytes of the future */
      "31800014" /* No */
      "606162636465666768696a6b6c6d6e6f" /* Ni */
      "01000004" /* unknown payload 49 */
      "00000005" /* unknown payload 1 */
      "ff" }, /* an IKEv1 number */
    /* reserved bits and bytes set wherever there are some, minor version 7: ignored, but kept */
    { "reserved-bits",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "222722df00000000000000a6" /* next payload, version, exchange, flags, message ID, length */
      "23010028" /* KE */
      "001fbeef" /* Curve25519, reserved bytes set */
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f" /*   public value */
      "2700000e" /* IDi */
      "0b010203" /* ID_KEY_ID, reserved bytes set */
      "090a0b0c0d0e" /*   data */
      "21000018" /* AUTH */
      "01040506" /* RSA Digital Signature, reserved bytes set */
      "909192939495969798999a9b9c9d9e9f" /*   data */
      "2c000024" /* SA */
      "00cc00200103040201020304" /* proposal 1: ESP, reserved byte set */
      "03aa000c01bb000c800e0100" /*   ENCR_AES_CBC, reserved bytes set */
      "0000000803000002" /*   AUTH_HMAC_SHA1_96 */
      "00000018" /* TSi */
      "01070809" /* 1 selector */
      "070000100000ffff0a0000010a000009" }, /* 10.0.0.1 to 10.0.0.9 */
    /* transforms with attributes that we do not know: the bytes survive, the transform is never chosen (3.3.6) */
    { "foreign-attributes",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "212022080000000000000067" /* next payload, version, exchange, flags, message ID, length */
      "0000004b" /* SA */
      "0000004701010005" /* proposal 1: IKE, no SPI */
      "030000100100000c800e01008fff0007" /*   ENCR_AES_CBC, 256 bits and a short attribute of private use */
      "0300001101000014400100056675747572" /*   ENCR_AES_GCM_16, no Key Length, a long attribute */
      "0300000e02000005000e00020100" /*   PRF_HMAC_SHA2_256, Key Length in the wrong format */
      "0300000863000001" /*   a transform type that we do not know */
      "000000080400000e" }, /*   MODP-2048 */
    /* a proposal for a protocol that we do not know, with an SPI of twelve octets, before one that we do */
    { "foreign-protocol",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "212024080000000300000060" /* next payload, version, exchange, flags, message ID, length */
      "00000044" /* SA */
      "0200001c01090c012122232425262728292a2b2c" /* proposal 1: protocol 9 */
      "0000000801000001" /*   whatever that means */
      "00000024020304030a0b0c0d" /* proposal 2: ESP */
      "030000080100000b" /*   ENCR_NULL */
      "030000080300000e" /*   AUTH_HMAC_SHA2_512_256 */
      "0000000805000000" }, /*   no Extended Sequence Numbers */
    /* a security label (RFC 9478) beside an address range */
    { "unknown-selectors",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "2c2024080000000300000051" /* next payload, version, exchange, flags, message ID, length */
      "2d000025" /* TSi */
      "02000000" /* 2 selectors */
      "0a00000d6c6162656c5f743a73" /* TS_SECLABEL */
      "070000100000ffff0a0000000affffff" /* 10.0.0.0/8 */
      "00000010" /* TSr */
      "01000000" /* 1 selector */
      "0900000801020304" }, /* TS_FC_ADDR_RANGE */
    /* one identity of each type */
    { "identities",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "232023080000000100000095" /* next payload, version, exchange, flags, message ID, length */
      "2400000c" /* IDi */
      "01000000" /* ID_IPV4_ADDR */
      "c0000201" /*   data */
      "23000012" /* IDr */
      "02000000" /* ID_FQDN */
      "67772e6578616d706c65" /*   'gw.example' */
      "24000018" /* IDi */
      "05000000" /* ID_IPV6_ADDR */
      "20010db8000000000000000000000002" /*   data */
      "23000017" /* IDr */
      "09000000" /* ID_DER_ASN1_DN: C=CH */
      "300d310b3009060355040613024348" /*   data */
      "2400000b" /* IDi */
      "0a000000" /* ID_DER_ASN1_GN: dNSName a */
      "820161" /*   data */
      "23000010" /* IDr */
      "0c000000" /* ID_FC_NAME */
      "0102030405060708" /*   data */
      "24000008" /* IDi */
      "0d000000" /* ID_NULL */
      "00000009" /* IDr */
      "c9000000" /* private use */
      "01" }, /*   data */
    /* vendor IDs, an empty one among them */
    { "vendors",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "2b202208000000000000003c" /* next payload, version, exchange, flags, message ID, length */
      "2b000008" /* V */
      "6f626f6c" /* text */
      "2b000004" /* V */
      "00000014" /* V */
      "fafbfcfdfeff00010203040506070809" }, /* a digest */
    /* notifications that name a Child SA, and ones that carry data */
    { "child-errors",
      "0102030405060708a1a2a3a4a5a6a7a8" /* SPIi, SPIr */
      "292025200000000900000066" /* next payload, version, exchange, flags, message ID, length */
      "2900000c" /* N */
      "0304002cc0ffee01" /* CHILD_SA_NOT_FOUND */
      "29000020" /* N */
      "020400270badcafe" /* INVALID_SELECTORS */
      "45464748494a4b4c4d4e4f505152535455565758" /*   data */
      "29000009" /* N */
      "00000001" /* UNSUPPORTED_CRITICAL_PAYLOAD: 200 */
      "c8" /*   data */
      "2900000c" /* N */
      "0000400d" /* ADDITIONAL_IP4_ADDRESS */
      "c6336407" /*   data */
      "00000009" /* N */
      "0000fde8" /* private use */
      "3f" }, /*   data */
    /* IKE_SA_INIT, an answer that points elsewhere (RFC 5685) */
    { "redirect",
      "01020304050607080000000000000000" /* SPIi, SPIr */
      "292022200000000000000040" /* next payload, version, exchange, flags, message ID, length */
      "00000024" /* N */
      "00004017" /* REDIRECT: FQDN, then the nonce */
      "030a6777322e646f6d61696e606162636465666768696a6b6c6d6e6f" }, /*   data */
};

const guint obol_n_goldens = G_N_ELEMENTS(obol_goldens);
