/* testing/kernel/sockets.h - role `socket` for an end: UDP ports 500 and 4500, as little as ESP in UDP and its bypass need. */
#ifndef OBOL_TESTING_KERNEL_SOCKETS_H
#define OBOL_TESTING_KERNEL_SOCKETS_H

#include <obol/plugin.h>

extern const ObolPlugin end_sockets_plugin;

#endif
