/* testing/kernel/net.h - hosts as network namespaces, joined and addressed by rtnetlink: no process is started. */
#ifndef OBOL_TESTING_KERNEL_NET_H
#define OBOL_TESTING_KERNEL_NET_H

#include <obol/address.h>

/* A namespace, and a socket into it for rtnetlink. */
typedef struct {
    int ns, route;
} Host;

/* One end of a link: of which host, its name, the last byte of its MAC. */
typedef struct {
    const Host *host;
    const char *device;
    guint8 mac;
} Plug;

/* These end the program when the system refuses: without its network there is nothing to test. */
void host_init(Host *host);
void host_clear(Host *host);
void host_enter(const Host *host); /* this thread, until it enters another */
void host_setting(const Host *host, const char *path, const char *value); /* below /proc/sys/net */
void net_link(const Plug *a, const Plug *b); /* both up, without segmentation offload */
void net_address(const Host *host, const char *device, const ObolAddress *address, guint prefix);
void net_route(const Host *host, const ObolAddress *to, guint prefix, const ObolAddress *via);
void net_neighbour(const Plug *at, const ObolAddress *address, guint8 mac);

#endif
