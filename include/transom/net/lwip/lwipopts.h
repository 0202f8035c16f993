/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* lwIP without an operating system: TCP over IPv4 and Ethernet by the raw API, polled, on one processor at a time. */

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ETHERNET 1
#define LWIP_ARP 1
#define LWIP_ICMP 1
#define LWIP_RAW 0
#define LWIP_UDP 0
#define LWIP_DHCP 0
#define LWIP_AUTOIP 0
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_STATS 0
/* Frames are as large as an IP packet may be: nothing is fragmented. */
#define IP_REASSEMBLY 0
#define IP_FRAG 0

/* Memory: one heap of fixed size that net::Stack is given, and fixed pools. What is sent lies in that heap, so that the
   network card reads it where it is. */
#define MEM_LIBC_MALLOC 0
#define MEMP_MEM_MALLOC 0
#define MEM_ALIGNMENT 16
#define MEM_SIZE (6 * 1024 * 1024)
#ifdef __cplusplus
extern "C" {
#endif
extern unsigned char* transom_lwip_heap;
unsigned short transom_lwip_checksum(const void* data, int length);
unsigned int transom_lwip_random(void);
#ifdef __cplusplus
}
#endif
#define LWIP_RAM_HEAP_POINTER transom_lwip_heap
/* Received frames stay in the card's buffers; the pool of packet buffers is for lwIP's own odd uses. */
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_SIZE 4
#define PBUF_POOL_BUFSIZE 1536

#define LWIP_TCP 1
/* All streams of net::Stack, callers who wait at its ports, and a few that have been closed: the oldest of these make room. */
#define MEMP_NUM_TCP_PCB 136
#define TCP_LISTEN_BACKLOG 1
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG 2048
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS 16
/* The largest segment; each connection takes the smaller of this and what its interface's MTU allows. */
#define TCP_MSS 65460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 5
#define TCP_WND (240 * 1024)
#define TCP_SND_BUF (240 * 1024)
#define TCP_SND_QUEUELEN 256
#define TCP_OVERSIZE 2048
/* The checks compute in 16 bits and do not hold for segments beyond 16 KiB. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
/* A peer that does not answer is given up after about 15 s (connecting) and 40 s (sending). */
#define TCP_SYNMAXRTX 3
#define TCP_MAXRTX 5
#define LWIP_TCP_KEEPALIVE 1

#define LWIP_CHKSUM transom_lwip_checksum
