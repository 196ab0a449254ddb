/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ethtool.c - can a device encrypt ESP?  Its feature "esp-hw-offload", by ethtool's ioctls. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

#define FEATURES_MAX 256 /* as of Linux 6.12 there are 64 */

/* Each question's head, and room for the answer behind it. */
typedef union {
    guint64 alignment;
    struct {
        struct ethtool_sset_info head;
        guint32 n;
    } count;
    struct {
        struct ethtool_gstrings head;
        char names[FEATURES_MAX][ETH_GSTRING_LEN];
    } strings;
    struct {
        struct ethtool_gfeatures head;
        struct ethtool_get_features_block blocks[FEATURES_MAX / 32];
    } features;
} Question;

static gboolean
ask(int fd, const char *name, Question *question)
{
    struct ifreq request = { .ifr_data = (char *) question };

    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

/* The feature's number; FEATURES_MAX: this kernel knows no such. */
static guint
find_feature(int fd, const char *name, Question *question)
{
    guint n;

    question->count.head = (struct ethtool_sset_info) { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES };
    if (!ask(fd, name, question) || question->count.head.sset_mask == 0 || question->count.n > FEATURES_MAX)
        return FEATURES_MAX;
    n = question->count.n;
    question->strings.head = (struct ethtool_gstrings) { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = n };
    if (!ask(fd, name, question))
        return FEATURES_MAX;
    for (guint i = 0; i < n; i++)
        if (strncmp(question->strings.names[i], "esp-hw-offload", ETH_GSTRING_LEN) == 0)
            return i;
    return FEATURES_MAX;
}

gboolean
device_encrypts(guint32 index)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_autofree Question *question = g_new0(Question, 1);
    char name[IF_NAMESIZE];
    guint bit = fd >= 0 && if_indextoname(index, name) != NULL ? find_feature(fd, name, question) : FEATURES_MAX;
    gboolean on = FALSE;

    if (bit < FEATURES_MAX) {
        memset(question, 0, sizeof *question);
        question->features.head = (struct ethtool_gfeatures) { .cmd = ETHTOOL_GFEATURES, .size = FEATURES_MAX / 32 };
        on = ask(fd, name, question) && (question->features.blocks[bit / 32].active >> bit % 32 & 1) != 0;
    }
    if (fd >= 0)
        close(fd);
    return on;
}

gboolean
any_device_encrypts(void)
{
    struct if_nameindex *all = if_nameindex();
    gboolean any = FALSE;

    for (const struct if_nameindex *at = all; at != NULL && at->if_index != 0 && !any; at++)
        any = device_encrypts(at->if_index);
    if (all != NULL)
        if_freenameindex(all);
    return any;
}
