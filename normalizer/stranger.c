/* SPDX-License-Identifier: MIT */
#include "normalizer/stranger.h"

#include <linux/tcp.h> /* glibc's has not all; both together don't compile */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define SAYS_MAX 8192 /* bytes: a greeting, HELLO and INITIATE have less than 2,000 */
#define ADMITTED_AT                                                                                          \
	256 /* bytes that were sent to it by then: greeting 64, WELCOME 170, READY more than 30              \
	     */

enum stranger stranger_look(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof info;

	memset(&info, 0, sizeof info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
		return STRANGER_GONE;
	}
	if (info.tcpi_bytes_sent >= ADMITTED_AT) {
		return STRANGER_ADMITTED;
	}
	return info.tcpi_bytes_received > SAYS_MAX ? STRANGER_NOISY : STRANGER;
}
