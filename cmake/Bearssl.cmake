# SPDX-License-Identifier: Apache-2.0
# BearSSL, built from Debian's source package (tools/setup fetches it): of its files those that TLS 1.2 with one suite needs.
set(bearssl_source ${TRANSOM_CACHE}/bearssl)
if(NOT EXISTS ${bearssl_source}/inc/bearssl.h)
    message(FATAL_ERROR "${bearssl_source} is missing: run tools/setup")
endif()

set(bearssl_files
    codec/ccopy codec/dec32be codec/enc32be
    ec/ec_all_m31 ec/ec_c25519_m31 ec/ec_keygen ec/ec_p256_m31 ec/ec_prime_i31 ec/ec_pubkey ec/ec_secp256r1 ec/ec_secp384r1
    ec/ec_secp521r1 ec/ecdsa_atr ec/ecdsa_i31_bits ec/ecdsa_i31_sign_asn1 ec/ecdsa_i31_sign_raw ec/ecdsa_i31_vrfy_asn1
    ec/ecdsa_i31_vrfy_raw ec/ecdsa_rta
    hash/multihash hash/sha2small
    int/i31_add int/i31_bitlen int/i31_decmod int/i31_decode int/i31_encode int/i31_fmont int/i31_iszero int/i31_modpow
    int/i31_montmul int/i31_muladd int/i31_ninv31 int/i31_rshift int/i31_sub int/i31_tmont int/i32_div32
    mac/hmac
    rand/hmac_drbg rand/sysrng
    ssl/prf ssl/prf_sha256 ssl/ssl_ccert_single_ec ssl/ssl_client ssl/ssl_engine ssl/ssl_hashes ssl/ssl_hs_client
    ssl/ssl_hs_server ssl/ssl_rec_chapol ssl/ssl_scert_single_ec ssl/ssl_server
    symcipher/chacha20_ct symcipher/poly1305_ctmulq)
list(TRANSFORM bearssl_files PREPEND ${bearssl_source}/src/)
list(TRANSFORM bearssl_files APPEND .c)

# Loads of whole words from any address: faster, and what UBSan is there to find.
set(unaligned 1)
if(TRANSOM_SANITIZE)
    set(unaligned 0)
endif()

# Its objects become part of the core, as lwIP's do. Neither clock nor random numbers of its own: we hand it what it needs, on the
# host too, so that what is tested is what runs. No instructions that only some processors have.
add_library(bearssl OBJECT ${bearssl_files})
target_include_directories(bearssl SYSTEM PUBLIC ${bearssl_source}/inc PRIVATE ${bearssl_source}/src)
target_compile_definitions(bearssl PRIVATE BR_USE_URANDOM=0 BR_USE_UNIX_TIME=0 BR_USE_GETENTROPY=0 BR_RDRAND=0 BR_AES_X86NI=0
    BR_SSE2=0 BR_POWER8=0 BR_LE_UNALIGNED=${unaligned})
target_compile_options(bearssl PRIVATE -O2)
if(TRANSOM_TARGET STREQUAL "power")
    target_link_libraries(bearssl PRIVATE transom_machine_flags)
    target_compile_options(bearssl PRIVATE -fstack-protector-strong)
endif()
