# SPDX-License-Identifier: LGPL-2.1-or-later
"""convert.py FOLDER - Project Wycheproof's JSON files in FOLDER, as far as Obol's algorithms go, into `name = hex` files here.

Only cases with sizes that IKE and ESP use are taken: tags of 8, 12 and 16 octets, nonces of 12 (11 for CCM)."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {  # file: (kind, sizes that must hold)
    "x25519_test": ("dh", None), "x448_test": ("dh", None),
    "ecdh_secp256r1_ecpoint_test": ("dh", None), "ecdh_secp384r1_ecpoint_test": ("dh", None), "ecdh_secp521r1_ecpoint_test": ("dh", None),
    "aes_gcm_test": ("aead", 96), "aes_ccm_test": ("aead", 88), "chacha20_poly1305_test": ("aead", 96),
    "aes_cmac_test": ("mac", None), "hmac_sha1_test": ("mac", None), "hmac_sha256_test": ("mac", None),
    "hmac_sha384_test": ("mac", None), "hmac_sha512_test": ("mac", None),
    "aes_cbc_pkcs5_test": ("cbc", None), "camellia_cbc_pkcs5_test": ("cbc", None),
}


def wanted(kind, group, size):
    if kind == "aead":
        return group["ivSize"] == size and group["tagSize"] in (64, 96, 128)
    return True


for name, (kind, size) in FILES.items():
    with open(os.path.join(sys.argv[1], name + ".json"), encoding="utf-8") as source:
        groups = json.load(source)["testGroups"]
    with open(os.path.join(HERE, name + ".txt"), "w", encoding="utf-8") as out:
        out.write(f"# {name}.json of Project Wycheproof (testvectors_v1), Apache-2.0, brought into another form by convert.py\n")
        for group in groups:
            if not wanted(kind, group, size):
                continue
            for case in group["tests"]:
                out.write(f"\nCOUNT = {case['tcId']}\nresult = {case['result']}\n")
                for key in ("public", "private", "shared", "key", "iv", "aad", "msg", "ct", "tag"):
                    if key in case:
                        out.write(f"{key} = {case[key]}\n")
