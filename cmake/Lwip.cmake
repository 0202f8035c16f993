# SPDX-License-Identifier: Apache-2.0
# lwIP, built from Debian's source package (tools/setup fetches it) with our options.
set(lwip_source ${TRANSOM_CACHE}/lwip/src)
if(NOT EXISTS ${lwip_source}/core/tcp.c)
    message(FATAL_ERROR "${lwip_source} is missing: run tools/setup")
endif()

# Its objects become part of the core: it calls our port, our port calls it.
add_library(lwip OBJECT
    ${lwip_source}/core/def.c
    ${lwip_source}/core/inet_chksum.c
    ${lwip_source}/core/init.c
    ${lwip_source}/core/ip.c
    ${lwip_source}/core/ipv4/etharp.c
    ${lwip_source}/core/ipv4/icmp.c
    ${lwip_source}/core/ipv4/ip4.c
    ${lwip_source}/core/ipv4/ip4_addr.c
    ${lwip_source}/core/mem.c
    ${lwip_source}/core/memp.c
    ${lwip_source}/core/netif.c
    ${lwip_source}/core/pbuf.c
    ${lwip_source}/core/tcp.c
    ${lwip_source}/core/tcp_in.c
    ${lwip_source}/core/tcp_out.c
    ${lwip_source}/core/timeouts.c
    ${lwip_source}/netif/ethernet.c)
target_include_directories(lwip SYSTEM PUBLIC ${lwip_source}/include ${CMAKE_SOURCE_DIR}/include/transom/net/lwip)
if(TRANSOM_TARGET STREQUAL "power")
    target_link_libraries(lwip PRIVATE transom_machine_flags)
    target_compile_options(lwip PRIVATE -fstack-protector-strong)
endif()
